"""The spool of a run as the process that writes it holds it. Lives inside the Locust process."""

import os
import sys
from pathlib import Path

CANNOT_WRITE = 74
"""Exit code when the spool cannot be written (EX_IOERR of sysexits.h)."""


class SpoolFile:
    """An open spool: whole lines are added to its end."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    def write(self, lines: str) -> None:
        """Add whole lines. Ends the process when they cannot be written."""
        text = lines.encode()
        try:
            while text:
                text = text[os.write(self._file, text) :]
        except OSError as error:
            # a load whose results are lost must not go on
            print(f"cannot write {self._path}: {error.strerror}", file=sys.stderr)  # noqa: T201 - its log
            sys.stderr.flush()
            os._exit(CANNOT_WRITE)
