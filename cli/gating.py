"""The two sides of a gate, started side by side, and the rounds in which they are measured."""

import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from capacity import figures
from cli.load import load_stack, run_load
from cli.stacking import Scale, say

if TYPE_CHECKING:
    from scenarios.runner import RunRequest

DROPPED = "dropped"
"""Where the first round's runs go: caches, disk and processor are cold in it."""
_RUN_EXTRA_S = 5.0
"""Starting and ending a generator, beside the load itself; assumed."""
_PATIENCE = 2.0
"""The budget is overdrawn at most this many times; then the rounds end."""


@dataclass(frozen=True, slots=True)
class Checkout:
    """Where a side's files are: in the folder `source` as they lie, or `within` a commit of it."""

    source: Path
    ref: str | None = None
    commit: str | None = None
    within: Path = Path()


@dataclass(frozen=True, slots=True)
class Side:
    """One version. `run` loads it once, and gives the folder of the record in the one named."""

    name: str
    run: "Callable[[RunRequest, Path], Path]"


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured, and how long that takes. Times in seconds."""

    rounds: int
    sides: int
    warmup_s: float
    duration_s: float
    start_s: float
    seed: int

    @property
    def budget_s(self) -> float:
        """What it takes when all goes well."""
        each = self.warmup_s + self.duration_s + _RUN_EXTRA_S
        return self.start_s + (self.rounds + 1) * self.sides * each

    @property
    def most_s(self) -> float:
        """When no further round is begun."""
        return _PATIENCE * self.budget_s

    def words(self) -> str:
        """The plan, as it is told before anything starts."""
        what = {1: "run", 2: "pair"}.get(self.sides, "round")
        each = f"{figures.seconds(self.warmup_s)} + {figures.seconds(self.duration_s)}"
        about, most = (figures.seconds(round(one)) for one in (self.budget_s, self.most_s))
        return (
            f"1 {what} to warm up and {figures.plural(self.rounds, what)} of {each}: "
            f"about {about}, at most {most}"
        )


def measure(sides: Sequence[Side], plan: Plan, request: "RunRequest", folder: Path) -> int:
    """Load the sides by turns, their order drawn anew in each round.

    Their records go to `folder/<name>`, those of the first round to `folder/dropped`. Both
    sides of a round get the same seed. Returns how many rounds count: fewer than planned when
    the time is up.
    """
    chance = Random(plan.seed)  # noqa: S311 - an order to be repeated, not a secret
    began, elapsed = time.monotonic(), 0.0
    for number in range(plan.rounds + 1):
        what = "warm-up round"
        if number:
            left = elapsed / number * (plan.rounds + 1 - number)
            what = f"round {number} of {plan.rounds}, about {figures.seconds(round(left))} left"
        for side in chance.sample(sides, len(sides)):
            say(f"{what}: {side.name}")
            into = folder / (side.name if number else DROPPED)
            side.run(replace(request, seed=plan.seed + number), into)
        elapsed = time.monotonic() - began
        if elapsed > plan.most_s and number < plan.rounds:
            say(f"the time is up after {figures.plural(number, 'round')}")
            return number
    return plan.rounds


@contextmanager
def checked_out(name: str, checkout: Checkout, scratch: Path) -> Iterator[Path]:
    """The folder of a side: a worktree of its commit, or the folder it was asked for in."""
    from stack.worktrees import worktree

    if checkout.commit is None:
        yield checkout.source
        return
    with worktree(checkout.source, checkout.commit, scratch / name) as folder:
        yield folder / checkout.within


@contextmanager
def own_stack_at(
    name: str, checkout: Checkout, scratch: Path, pods: int, scale: Scale
) -> Iterator[Side]:
    """Our own stack as it is at a commit, started in a worktree; nothing of it stays."""
    from stack import data, engine

    with checked_out(name, checkout, scratch) as home:
        try:
            say(f"{name}: starting the stack of {checkout.ref}")
            running = engine.up(home, pods=pods, bound=True, progress=say)
            data.ensure_seeded(running, scale.value, 1, say)
            yield Side(name, lambda request, into: load_stack(request, running, into=into))
        finally:
            engine.wipe(home)


@contextmanager
def service(
    name: str, line: str, folder: Path, port: int | None, logs: Path, *, keep_running: bool = False
) -> Iterator[Side]:
    """A person's own service, started anew for each run unless it is to be kept running.

    Two starts of the same code differ: where its memory lies, how its hashes are seeded. Over
    many starts that is noise; between two services that stay up it would look like a change.
    It is started once before anything is measured, so that one that does not start is told of.
    """
    from scenarios.fingerprint import where
    from stack.command import Command, Service, free_port, started

    command = Command(name, line, folder)
    log = logs / f"{name}.log"
    place = where(folder)

    @contextmanager
    def running() -> Iterator[Service]:
        with started(command, port or free_port(logs, name), log) as one:
            yield one

    def load(one: Service, request: "RunRequest", into: Path) -> Path:
        return run_load(replace(request, host=one.url, where=place), one.probes(), into=into)

    def start_and_load(request: "RunRequest", into: Path) -> Path:
        with running() as one:
            return load(one, request, into)

    with running() as one:
        if keep_running:
            yield Side(name, partial(load, one))
            return
    yield Side(name, start_and_load)


@contextmanager
def kept() -> Iterator[ExitStack]:
    """What is entered here is left again, and no second Ctrl-C keeps it from that."""
    stack = ExitStack()
    try:
        yield stack
    finally:
        before = {
            number: signal.signal(number, signal.SIG_IGN)
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        }
        try:
            stack.close()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
