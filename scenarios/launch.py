"""The generator process as the runner sees it: started, watched, always ended."""

import os
import signal
import subprocess
import sys
import threading
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import IO

from scenarios.orders import Orders, in_environment

_SCRIPT = Path(__file__).with_name("generator.py")
_LINES_KEPT = 40


class Generator:
    """A running generator process, in a process group of its own.

    A Ctrl-C in the terminal therefore reaches only the runner, which decides.
    """

    def __init__(self, orders: Orders) -> None:
        self._tail: deque[str] = deque(maxlen=_LINES_KEPT)
        # -P: nothing in the directory we happen to be in may shadow what Locust needs
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(_SCRIPT), str(os.getpid())],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, **in_environment(orders), "PYTHONUNBUFFERED": "1"},
            text=True,
            errors="replace",
            process_group=0,
        )
        assert self._process.stdout is not None  # noqa: S101  # asked for above
        self._reader = threading.Thread(
            target=self._read, args=(self._process.stdout,), daemon=True
        )
        self._reader.start()

    def _read(self, output: IO[str]) -> None:
        with output:
            for line in output:
                self._tail.append(line.rstrip())

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    @property
    def ended(self) -> bool:
        """Whether the process is gone."""
        return self._process.poll() is not None

    @property
    def exit_code(self) -> int | None:
        """How it ended, as `subprocess` counts; None while it runs."""
        return self._process.poll()

    def last_words(self) -> str:
        """The last lines it printed."""
        if self.ended:
            self._reader.join(timeout=1)
        return "\n".join(self._tail)

    def finish(self) -> None:
        """Have the load end before its time, in order."""
        if not self.ended:
            self._signal(signal.SIGUSR1)

    def stop(self, within_s: float) -> None:
        """Ask it to stop and wait; what still runs after `within_s` seconds is killed."""
        if not self.ended:
            self._signal(signal.SIGTERM)
            self.wait(within_s)
        self.kill()

    def wait(self, within_s: float) -> bool:
        """Wait for its end for at most `within_s` seconds; whether it came."""
        try:
            self._process.wait(within_s)
        except subprocess.TimeoutExpired:
            return False
        return True

    def kill(self) -> None:
        """End the process and whatever it started, at once."""
        self._signal(signal.SIGKILL)
        self._process.wait()
        self._reader.join(timeout=1)

    def _signal(self, number: signal.Signals) -> None:
        # the error means that the whole group is gone
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)
