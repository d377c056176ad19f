"""Reads a spool while it is being written."""

from pathlib import Path

from capacity.spool import Entry, from_line


class Follower:
    """Gives the entries that have become whole since it was last asked."""

    def __init__(self, spool: Path) -> None:
        self._spool = spool
        self._offset = 0
        self._partial = b""

    def read(self) -> list[Entry]:
        """New entries, in order. Raises `SpoolError` on a line that is none."""
        if not self._spool.exists():
            return []
        with self._spool.open("rb") as file:
            file.seek(self._offset)
            fresh = file.read()
        self._offset += len(fresh)
        *lines, self._partial = (self._partial + fresh).split(b"\n")
        return [from_line(line.decode()) for line in lines if line.strip()]
