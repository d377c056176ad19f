"""How often hmb gate cries wolf, and how often it finds code that is 15 % slower.

Three tiny services, two of the same code and one whose work is 15 % more, are loaded by
turns for many rounds, as a gate loads two. Gates are then made of that bank by resampling
blocks of neighbouring rounds: of the two equal services (an alarm is false), and of one of
them against the slower one (an alarm is a find). Prints the table of docs/guides/gate.md.

    python -m tests.bench gate_calibration

takes some fifteen minutes. A folder named by HMB_BANK keeps the bank, and is made where it is not
there: what it holds is not measured again.
"""

import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from capacity import figures
from capacity.compare.judge import Sample, compare
from capacity.compare.readings import ALL
from capacity.compare.statistic import statistics
from capacity.intervals import clopper_pearson
from capacity.verdicts import ExitCode
from cli import gating
from cli.comparing import runs_of, sample
from scenarios.fingerprint import where
from scenarios.runner import RunRequest
from tests.compare.sets import noise, run_set

ROUNDS, PAIRS, BLOCK = 24, 16, 4
WORK = 100_000
SLOWED = 1.15
WORKS = {"one": WORK, "same": WORK, "slower": round(WORK * SLOWED)}
WARMUP_S, DURATION_S, USERS = 1.0, 10.0, 2
SMALL_GATES = {"same": 20, "slower": 10}
MANY = 200
MADE = 100
SPREADS = (0.02, 0.05, 0.10)
ENDPOINTS = (ALL, *(f"GET /{number}" for number in range(5)))
KEPT = "HMB_BANK"
_START = datetime(2026, 1, 1, tzinfo=UTC)
_SERVICE = Path(__file__).with_name("tiny_service.py")
JOURNEYS = """
from locust import FastHttpUser, constant, task

class Caller(FastHttpUser):
    wait_time = constant(0.01)

    @task(2)
    def heavy(self):
        self.client.get("/heavy")

    @task
    def light(self):
        self.client.get("/light")
"""
Bank = Mapping[str, Sequence[Sample]]


def place_of_bank(scratch: str) -> Path:
    """The folder that HMB_BANK names, made where it is not there; without it, `scratch`.

    Exits with one line where no folder can be made of that name.
    """
    folder = Path(os.environ.get(KEPT) or scratch).resolve()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        sys.exit(f"error: {KEPT}: {folder}: {error.strerror}: name a folder that can be made")
    return folder


def measure(rounds: int, folder: Path) -> None:
    """Load the three services by turns; the records lie in `folder`."""
    journeys = folder / "calls.py"
    journeys.write_text(JOURNEYS)
    request = RunRequest(journeys, "", where(Path.cwd()), USERS, WARMUP_S, DURATION_S)
    plan = gating.Plan(rounds, len(WORKS), WARMUP_S, DURATION_S, 3.0, seed=1)
    print(plan.words(), flush=True)
    with gating.kept() as kept:
        sides = [
            kept.enter_context(gating.service(name, _command(work), folder, None, folder))
            for name, work in WORKS.items()
        ]
        gating.measure(sides, plan, request, folder)


def _command(work: int) -> str:
    return f"{sys.executable} {_SERVICE} {work}"


def alarms(bank: Bank, head: str, gates: int, seed: int) -> int:
    """How many of so many resampled gates of `head` against `one` regress.

    Of equal code either may be called the head: that is drawn for each block, so that what
    a bank holds by chance is no difference between its sides.
    """
    chance = np.random.default_rng(seed)
    found = 0
    for _ in range(gates):
        base: list[Sample] = []
        other: list[Sample] = []
        for block in _blocks(len(bank[head]), chance):
            sides = [bank["one"], bank[head]]
            if head == "same" and chance.random() < 0.5:
                sides.reverse()
            for round_ in block:
                base.append(_at(sides[0][round_], len(base), 0))
                other.append(_at(sides[1][round_], len(other), 1))
        found += compare(base, other, statistics()).exit_code == ExitCode.REGRESSED
    return found


def _blocks(rounds: int, chance: np.random.Generator) -> list[range]:
    """Blocks of neighbouring rounds, so that what drifts together stays together.

    No block twice: a round that counts as two would make a gate surer than it is.
    """
    chosen = chance.choice(rounds // BLOCK, PAIRS // BLOCK, replace=False)
    return [range(BLOCK * int(block), BLOCK * int(block) + BLOCK) for block in chosen]


def _at(one: Sample, place: int, second: int) -> Sample:
    """The run as if it had been run at this place of the gate."""
    started = _START + timedelta(minutes=place, seconds=second)
    return Sample(one.run.model_copy(update={"started_at": started}), one.readings)


def table(bank: Bank) -> str:
    """The calibration as Markdown."""
    lines = [
        "| gates of | gates | regressed | share | 95 % bound |",
        "|---|---:|---:|---:|---|",
    ]
    for head, words in (("same", "the same code"), ("slower", "15 % more work")):
        for gates in (SMALL_GATES[head], MANY):
            found = alarms(bank, head, gates, seed=gates)
            bounds = clopper_pearson(found, gates).scaled(100)
            lines.append(
                f"| {words} | {gates} | {found} | {100 * found / gates:.1f} % "
                f"| {figures.interval(bounds, '%')} |"
            )
    return "\n".join(lines)


def made_table() -> str:
    """How noise decides what is found: gates of made runs, every figure alike. Modelled."""
    lines = [
        "| spread of a run | the same code regressed | 15 % slower regressed |",
        "|---|---:|---:|",
    ]
    for spread in SPREADS:
        counts = [
            sum(
                compare(
                    run_set("base", noise(PAIRS, spread, 2 * seed), endpoints=ENDPOINTS),
                    run_set(
                        "head",
                        [factor * one for one in noise(PAIRS, spread, 2 * seed + 1)],
                        endpoints=ENDPOINTS,
                    ),
                    statistics(),
                ).exit_code
                == ExitCode.REGRESSED
                for seed in range(MADE)
            )
            for factor in (1.0, SLOWED)
        ]
        lines.append(f"| {spread:.0%} | {counts[0]} of {MADE} | {counts[1]} of {MADE} |")
    return "\n".join(lines)


def main(rounds: int, folder: Path) -> None:
    """Measure what the bank lacks, then print the table."""
    there = [len(list((folder / name).glob("*/run.json"))) for name in WORKS]
    if min(there) < rounds:
        measure(rounds - min(there), folder)
    bank = {
        name: [sample(path, single=False) for path in runs_of(str(folder / name))] for name in WORKS
    }
    print(f"{len(bank['one'])} rounds of {figures.seconds(DURATION_S)}, gates of {PAIRS} pairs\n")
    print(table(bank), flush=True)
    print(f"\nmade runs, gates of {PAIRS} pairs and {len(ENDPOINTS) - 1} endpoints\n")
    print(made_table(), flush=True)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="hmb-bank-") as scratch:
        main(ROUNDS, place_of_bank(scratch))
