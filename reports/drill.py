"""What a drill came to, for every form of report."""

from collections.abc import Iterator
from dataclasses import dataclass

from capacity import drill as plans
from capacity import figures
from capacity.drill_metrics import last_failure
from capacity.errors import UsageError
from capacity.measured import Unavailable
from capacity.run import Drilled
from capacity.spool import sort_of
from reports.digest import Digest, Fact


@dataclass(frozen=True, slots=True)
class Summary:
    """One drill in a line. Times in seconds, None where there is none to tell.

    `outage_s` runs from the break, `healing_s` from the repair, both to the end of the last
    second in which a request failed.
    """

    name: str
    state: str
    gets: int
    gets_failed: int
    writes: int
    writes_failed: int
    acknowledged: int | None
    lost: int | None
    doubled: int | None
    outage_s: float | None
    healing_s: float | None
    run: str
    headline: str


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened, at `at_s` seconds since the start; `mark` is its short name."""

    at_s: float
    mark: str
    text: str


@dataclass(frozen=True, slots=True)
class Failures:
    """Requests of one sort that failed in one way within one second."""

    second: int
    sort: str
    kind: str
    count: int


def summary(digest: Digest) -> Summary:
    """The drill in a line. The run must be one of a drill."""
    run = digest.run
    ledger = run.drill.ledger if run.drill else None
    sums = {"get": [0, 0], "write": [0, 0]}
    for stats in digest.seen.endpoints():
        counted = sums[sort_of(stats.method)]
        counted[0] += stats.requests
        counted[1] += stats.failures
    return Summary(
        name=run.drill.name if run.drill else "",
        state=digest.state,
        gets=sums["get"][0],
        gets_failed=sums["get"][1],
        writes=sums["write"][0],
        writes_failed=sums["write"][1],
        acknowledged=ledger.acknowledged if ledger else None,
        lost=len(ledger.lost) if ledger else None,
        doubled=len(ledger.doubled) if ledger else None,
        outage_s=_seconds(digest, "after_break"),
        healing_s=_seconds(digest, "after_repair"),
        run=run.id,
        headline=digest.headline(),
    )


def _seconds(digest: Digest, statistic: str) -> float | None:
    found = digest.figure("recovery", statistic)
    return None if isinstance(found, Unavailable) else found.value


def moments(drilled: Drilled) -> list[Moment]:
    """What was done, and when the last failure was over, in order."""
    found = [Moment(event.at_s, _MARKS[event.kind], event.text) for event in drilled.events]
    last = last_failure(drilled)
    if last is not None:
        found.append(Moment(last + 1.0, "healed", f"the last failed request was in second {last}"))
    return sorted(found, key=lambda moment: moment.at_s)


_MARKS = {"break": "broken", "repair": "mended", "note": "note"}


def words(drilled: Drilled) -> tuple[str, str]:
    """What the drill does, and what a reader must know of it; empty for one now unknown."""
    try:
        plan = plans.drill(drilled.name)
    except UsageError:
        return "", ""
    return plan.text, plan.note


def facts(digest: Digest, drilled: Drilled) -> list[Fact]:
    """The ledger and the times, each with what it is made of."""
    told = [
        digest.fact("last failure after the break", "recovery", "after_break"),
        digest.fact("last failure after the repair", "recovery", "after_repair"),
        digest.fact("failed GETs", "failed_requests", "gets"),
        digest.fact("failed writes", "failed_requests", "writes"),
    ]
    return [*told, *_ledger(drilled)]


def _ledger(drilled: Drilled) -> Iterator[Fact]:
    found = drilled.ledger
    if found is None:
        yield Fact("ledger", figures.MISSING, "the database was not asked for the writes")
        return
    yield Fact("acknowledged writes", figures.count(found.acknowledged), "looked up one by one")
    yield Fact("lost", figures.count(len(found.lost)), "acknowledged, and not there")
    yield Fact("doubled", figures.count(len(found.doubled)), "there more than once")
    unsure = found.refused + found.unanswered
    yield Fact(
        "uncertain writes",
        figures.count(unsure),
        f"{figures.count(found.refused)} answered with an error, "
        f"{figures.count(found.unanswered)} not at all; {figures.count(found.kept)} are there",
    )


def failures(drilled: Drilled) -> list[Failures]:
    """Failed requests by second, sort and kind."""
    sorts = {"get": "GET", "write": "write"}
    return [Failures(one.second, sorts[one.sort], one.kind, one.count) for one in drilled.trouble]
