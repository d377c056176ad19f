"""Whether two runs may be held against each other at all."""

from collections.abc import Iterator, Mapping, Sequence

from capacity import figures, load_words
from capacity.errors import UsageError
from capacity.run import Run, Status, Where

_SHARES_APART = 0.02


class UnlikeError(UsageError):
    """Runs that measured different things: which, in one line."""


def check(runs: Sequence[Run], *, same_machine: bool) -> None:
    """Raise `UnlikeError` unless all of them ran the same load (and on the same machine)."""
    first = runs[0]
    for other in runs[1:]:
        if (first.what.scenario, first.what.load) != (other.what.scenario, other.what.load):
            raise UnlikeError(
                f"{first.id} and {other.id} ran different loads, {_load(first)} and "
                f"{_load(other)}: a difference would say nothing of the code"
            )
        if same_machine:
            check_machine(first, other.where)


def check_machine(run: Run, here: Where) -> None:
    """Raise `UnlikeError` unless the record was made on the machine `here`."""
    if machine_key(run.where) != machine_key(here):
        raise UnlikeError(
            f"{run.id} is from another machine, {machine(run.where)}; this one is "
            f"{machine(here)}: make the baseline here"
        )


def notes(base: Sequence[Run], head: Sequence[Run]) -> list[str]:
    """What differs between the sides and may be why their figures do, each in one line."""
    cut_short = [
        f"{run.id} was cut short: its figures are what was measured until then"
        for run in [*base, *head]
        if run.status is not Status.COMPLETE
    ]
    imported = dict.fromkeys(run.what.imported for run in [*base, *head] if run.what.imported)
    return [*_unlike(base[0], head[0]), *cut_short, *imported]


def _unlike(one: Run, other: Run) -> Iterator[str]:
    if machine_key(one.where) != machine_key(other.where):
        yield (
            f"different machines, {machine(one.where)} and {machine(other.where)}: "
            "a change may be the machine's"
        )
    if one.where.topology != other.where.topology:
        yield "the two ran with different topologies (pods, replicas, pools)"
    mine, theirs = one.what.population, other.what.population
    if mine is not None and theirs is not None and _far_apart(mine.shares, theirs.shares):
        yield (
            f"different people, {load_words.people(mine.shares)} and "
            f"{load_words.people(theirs.shares)}: a change may be theirs"
        )
    for what in ("warmup_s", "duration_s"):
        first, second = getattr(one.what, what), getattr(other.what, what)
        if abs(first - second) > 0.5:
            yield (
                f"different {'warm-ups' if what == 'warmup_s' else 'durations'}, "
                f"{figures.seconds(first)} and {figures.seconds(second)}"
            )


def _far_apart(one: Mapping[str, float], other: Mapping[str, float]) -> bool:
    """Whether shares differ by more than accounts picked at random would."""
    return any(abs(share - other.get(name, 0.0)) > _SHARES_APART for name, share in one.items())


def machine_key(where: Where) -> tuple[str, int, int]:
    """What makes a machine another one for a stored figure: processor, cores, memory."""
    return (where.machine.cpu_model, where.machine.cores, round(where.machine.memory_bytes / 1e9))


def machine(where: Where) -> str:
    """A machine in a few words; an imported record does not know it."""
    found = where.machine
    if found.cores == 0:
        return "a machine that was not recorded"
    return (
        f"{found.cpu_model} with {figures.plural(found.cores, 'core')} and "
        f"{figures.figure(float(found.memory_bytes), 'bytes')}"
    )


def _load(run: Run) -> str:
    return f"{run.what.scenario} with {load_words.brief(run.what.load)}"
