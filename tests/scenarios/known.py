"""The known server as a process, a load test against it, and what it has seen."""

import http.client
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from capacity.probes import Probe
from capacity.run import Run
from scenarios.live import Tick
from scenarios.runner import RunRequest, run
from tests.scenarios.one_run import HERE

SCRIPT = Path(__file__).with_name("known_server.py")


@dataclass(frozen=True, slots=True)
class Server:
    """Where a known server listens."""

    port: int

    @property
    def host(self) -> str:
        """Its address as a load test is given it."""
        return f"http://127.0.0.1:{self.port}"

    def report(self) -> dict[str, Any]:
        """Peers, arrivals and calls; see `known_server`."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", "/report")
            found: dict[str, Any] = json.load(connection.getresponse())
        finally:
            connection.close()
        return found


@contextmanager
def known_server(*, quick: bool = False) -> Iterator[Server]:
    """A known server of one's own.

    A `quick` one answers more requests a second, but notes an answer a little before it hands
    it to the kernel: uvloop sends what is written in one turn of its loop when that ends.
    """
    command = [sys.executable, str(SCRIPT), *(["--uvloop"] if quick else [])]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            yield Server(int(process.stdout.readline()))
        finally:
            process.kill()


def drive(
    server: Server,
    journeys: Path,
    runs_dir: Path,
    *,
    probes: Sequence[Probe] = (),
    required: Sequence[str] = (),
    on_second: Callable[[Tick], None] = lambda _tick: None,
    **asked: Any,
) -> Run:
    """A load test of a locustfile against `server`; what is `asked` goes into its request."""
    request = RunRequest(journeys, where=HERE, **{"host": server.host, **asked})
    return run(request, probes=probes, required=required, runs_dir=runs_dir, on_second=on_second)


def durations(report: dict[str, Any], path: str, *, counted: int, late: int) -> list[float]:
    """The seconds that the calls of `path` took, sorted, for a run that counts `counted` of them.

    A run does not count what its users sent after its end, at most one call each: `late`
    in all. Those came last.
    """
    calls = sorted(report["calls"][path])
    assert counted <= len(calls) <= counted + late, (counted, len(calls))
    return sorted(taken for _came, taken in calls[:counted])
