"""The command as a person runs it: in a folder, with its output and its exit code."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from typer.main import get_command

from cli.main import app

COMMAND = [str(Path(sys.executable).with_name("hmb"))]


@dataclass(frozen=True, slots=True)
class Said:
    """How a command ended."""

    code: int
    out: str
    err: str


@pytest.fixture(scope="session")
def hmb() -> Callable[..., Said]:
    """Runs hmb with these words in this folder."""

    def run(folder: Path, *words: str, seconds: float = 600) -> Said:
        done = subprocess.run(
            [*COMMAND, *words],
            check=False,
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=seconds,
        )
        return Said(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def here(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Said]:
    """As `hmb`, in this very process, which has its imports already."""

    def run(folder: Path, *words: str) -> Said:
        monkeypatch.chdir(folder)
        code = get_command(app).main(list(words), standalone_mode=False)
        told = capsys.readouterr()
        return Said(code or 0, told.out, told.err)

    return run


@dataclass(slots=True)
class Going:
    """A command that still runs."""

    process: "subprocess.Popen[str]"
    log: Path

    def wait_for(self, text: str, seconds: float = 300) -> None:
        """Until it has said `text`."""
        deadline = time.monotonic() + seconds
        while text not in self.log.read_text():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"never said {text!r}:\n{self.log.read_text()}")
            time.sleep(0.05)

    def interrupt(self, seconds: float = 300) -> Said:
        """Ctrl-C, as a terminal gives it: to the whole foreground group."""
        os.killpg(self.process.pid, signal.SIGINT)
        return self._end(seconds)

    def terminate(self) -> Said:
        """As `timeout` or a CI job's end does it: to the command alone."""
        self.process.terminate()
        return self._end()

    def _end(self, seconds: float = 300) -> Said:
        code = self.process.wait(timeout=seconds)
        return Said(code, "", self.log.read_text())


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Callable[..., Going]]:
    """Starts hmb in the background, as the foreground group of a terminal would run."""
    started: list[Going] = []

    def start(folder: Path, *words: str) -> Going:
        log = tmp_path / f"said-{len(started)}"
        with log.open("w") as output:
            process = subprocess.Popen(
                [*COMMAND, *words],
                cwd=folder,
                stdout=output,
                stderr=output,
                text=True,
                start_new_session=True,
            )
        started.append(Going(process, log))
        return started[-1]

    yield start
    for going in started:
        if going.process.poll() is None:
            os.killpg(going.process.pid, signal.SIGKILL)
            going.process.wait()


def processes_of(home: Path) -> list[str]:
    """Every living process that was started for the stack or a run in `home`."""
    mine = str(home)
    found = []
    for process in psutil.process_iter():
        try:
            words = process.cmdline()
            told = " ".join(words) + " " + process.environ().get("PROMETHEUS_MULTIPROC_DIR", "")
            if process.cwd().startswith(mine) or mine in told:
                found.append(f"{process.pid} {' '.join(words)[:120]}")
        except psutil.Error:
            continue
    return found
