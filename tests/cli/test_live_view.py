"""What a person sees while a load runs: everything on a terminal, whole lines elsewhere."""

import io
from dataclasses import replace

import pytest
from rich.console import Console

from capacity.run import Phase
from capacity.slo_watch import SloWatch, Standing
from capacity.verdicts import Outcome
from cli.progress import LiveView, view
from scenarios.live import Percentiles, Tick
from tests.capacity.cases import run_of, target

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
    standing=[Standing(target(id="soon"), "past it for 4 s of 3 s", Outcome.NOT_MET)],
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


@pytest.mark.parametrize(
    ("outcome", "warn", "symbol", "colour"),
    [
        (Outcome.MET, False, "✓", "32"),
        (Outcome.NOT_MET, False, "✗", "1;31"),
        (Outcome.NOT_MET, True, "!", "33"),
        (Outcome.INCONCLUSIVE, False, "?", "33"),
    ],
)
def test_each_slo_has_the_sign_and_the_colour_of_how_it_stands(
    outcome: Outcome, warn: bool, symbol: str, colour: str
) -> None:
    standing = Standing(target(warn=warn, gate=not warn), "as it stands", outcome)
    console = Console(
        file=io.StringIO(), width=120, force_terminal=True, color_system="standard", no_color=False
    )
    with console.capture() as told:
        console.print(view(replace(TICK, standing=[standing])))
    assert f"\x1b[{colour}m{symbol} as it stands" in told.get()


@pytest.mark.parametrize(
    ("latencies", "outcome"),
    [
        ({10: 5_000}, Outcome.MET),
        ({300: 5_000}, Outcome.NOT_MET),
        ({10: 10}, Outcome.INCONCLUSIVE),
    ],
)
def test_an_slo_stands_as_its_verdict_would_be(
    latencies: dict[float, int], outcome: Outcome
) -> None:
    (one,) = SloWatch([target()]).standing(run_of(latencies))
    assert one.outcome is outcome
    assert one.words.startswith(outcome.words)


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
