"""What a load is doing, told on stderr: one living line on a terminal, plain lines elsewhere."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

_EVERY_S = {True: 0.2, False: 5.0}


class Progress:
    """Stages with their seconds, and rows as they arrive from any thread."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._live = sys.stderr.isatty()
        self._lock = Lock()
        self._shown = 0.0
        self._rows = 0

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time one stage and say when it begins and ends."""
        began = time.monotonic()
        self._write(f"seed: {name} ...", end="" if self._live else "\n")
        yield
        self.seconds[name] = round(time.monotonic() - began, 2)
        self.say(f"{name} took {self.seconds[name]:.1f} s")

    def arrived(self, rows: int, of: int) -> None:
        """`rows` more have arrived of `of` in all; shown at most every so often."""
        with self._lock:
            self._rows += rows
            if time.monotonic() - self._shown >= _EVERY_S[self._live]:
                self._shown = time.monotonic()
                share = 100 * self._rows / of
                self._write(
                    f"seed: {self._rows:,} of {of:,} rows ({share:.0f} %)",
                    end="" if self._live else "\n",
                )

    def say(self, line: str) -> None:
        """Say one thing that stays."""
        self._write(f"seed: {line}", end="\n")

    def _write(self, line: str, end: str) -> None:
        sys.stderr.write(f"\r\x1b[K{line}{end}" if self._live else f"{line}{end}")
        sys.stderr.flush()
