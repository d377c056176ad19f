"""What a person sees while a load runs: everything on a terminal, whole lines elsewhere."""

import io

import pytest
from rich.console import Console

from capacity.run import Phase
from capacity.slo_watch import Standing
from cli.progress import LiveView, view
from scenarios.live import Percentiles, Tick
from tests.capacity.cases import target

TICK = Tick(
    elapsed_s=5,
    total_s=30,
    phase=Phase.MEASURED,
    users=40,
    offered_rate=120,
    achieved_rate=118,
    last_second=Percentiles(11, 22, 33),
    so_far=Percentiles(10, 20, 30),
    requests=500,
    failures=3,
    refusals=0,
    generator_cpu=0.25,
    readings={
        "service.backend-1.cpu": 0.5,
        "service.backend-2.cpu": 0.25,
        "service.primary.cpu": 0.125,
        "service.primary.memory": 9.0,
    },
    standing=[Standing(target(id="soon"), "past it for 4 s of 3 s", missed=True)],
)


class _Terminal(io.StringIO):
    def __init__(self, *, terminal: bool) -> None:
        super().__init__()
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal


def test_the_block_shows_load_latencies_resources_and_slos() -> None:
    console = Console(file=io.StringIO(), width=120)
    with console.capture() as told:
        console.print(view(TICK))
    text = told.get()
    for wanted in (
        "118 req/s of 120 offered",
        "p50 / p95 / p99 11.0 / 22.0 / 33.0 ms",
        "3 failed",
        "pods 0.75, primary 0.12",
        "past it for 4 s of 3 s",
    ):
        assert wanted in text


@pytest.mark.parametrize("terminal", [True, False])
def test_it_is_redrawn_in_place_on_a_terminal_only(
    monkeypatch: pytest.MonkeyPatch, terminal: bool
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    out = _Terminal(terminal=terminal)
    monkeypatch.setattr("sys.stderr", out)
    live = LiveView()
    for _ in range(10):
        live(TICK)
    live.end()
    assert ("\x1b[" in out.getvalue()) == terminal
    if not terminal:
        lines = out.getvalue().splitlines()
        assert len(lines) == 2  # every fifth second
        assert "missed until now: soon" in lines[0]
