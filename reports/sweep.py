"""A sweep told: the answer in words, a table of its levels, a page with one chart."""

from typing import Any

from capacity import figures
from capacity.model.scaling import CONCURRENCY, diagnosis
from capacity.sweep import Level, State, Sweep
from capacity.verdicts import ExitCode
from reports.charts import against_load
from reports.page import templates

_HEAD = ("arrivals/s", "verdict", "answered", "dropped", "p50", "p95", "p99", "settled", "busiest")
_COLUMNS = "{:>10}  {:<10} {:>12} {:>8} {:>9} {:>9} {:>9} {:>8}  {}"


def exit_code(sweep: Sweep) -> int:
    """0 when a load within all targets was found, else what the levels have in common."""
    states = {level.state for level in sweep.levels}
    if sweep.largest().low is not None:
        return ExitCode.PASSED
    if State.BROKEN in states:
        return ExitCode.SLO_FAILED
    return ExitCode.INCONCLUSIVE if State.UNDECIDED in states else ExitCode.INVALID


def findings(sweep: Sweep) -> list[str]:
    """The largest load, the knee, what gives way first, and scalability, a sentence each.

    Then what limits their worth: caches that may not have expired, other programs.
    """
    points = sweep.concurrency()
    scaling = diagnosis(CONCURRENCY, points) if points else ""
    found = [_largest(sweep), _knee(sweep), _saturated(sweep), scaling]
    return [sentence for sentence in (*found, _caches(sweep), _others(sweep)) if sentence]


def _largest(sweep: Sweep) -> str:
    found = sweep.largest()
    if found.low is None:
        return f"No load within all targets was found: {found.because}."
    confirmed = any(
        one.confirms and one.rate == found.low and one.state is State.WITHIN for one in sweep.levels
    )
    held = f"held for {figures.seconds(sweep.held_s() or 0.0)}" + (
        "" if confirmed else ", not confirmed"
    )
    if found.high is None:
        return f"Within all targets up to at least {_rate(found.low)} ({held}): {found.because}."
    return (
        f"The largest load within all targets lies from {_rate(found.low)} ({held}) "
        f"to below {_rate(found.high)}: there, {found.because}."
    )


def _knee(sweep: Sweep) -> str:
    found = sweep.knee()
    if found is None:
        return "The knee is not known: it takes three levels at least."
    if found.high is None:
        return f"The knee lies beyond {_rate(found.low or found.offered)}: power still rose there."
    low = "below" if found.low is None else f"between {_rate(found.low)} and"
    return (
        f"The knee, where throughput over response time is largest, is at {_rate(found.offered)} "
        f"({low} {_rate(found.high)})."
    )


def _saturated(sweep: Sweep) -> str:
    found = sweep.first_saturated()
    if found is None:
        return "No resource that was seen was used up by this test at any level."
    level, use = found
    share = figures.figure(100 * use.share, "%")
    return f"The first resource used up was {use.resource}: {share} in use at {_rate(level.rate)}."


def _caches(sweep: Sweep) -> str:
    """Whether the answer outlived what caches keep; empty without an answer."""
    held = sweep.held_s()
    if held is None:
        return ""
    if not sweep.cache_lives_s:
        return (
            "How long its caches keep an answer is not known here: nor is whether this load still "
            "holds when they expire."
        )
    short = sweep.not_outlived()
    if not short:
        longest = figures.seconds(max(sweep.cache_lives_s.values()))
        return f"It held for longer than any cached answer lives ({longest})."
    lives = ", ".join(f"{name} {figures.seconds(life)}" for name, life in sorted(short.items()))
    return (
        f"It did not outlive all cached answers ({lives}): that it holds when those expire is not "
        f"shown; --confirm takes longer than the longest."
    )


def _others(sweep: Sweep) -> str:
    """That other programs took much of the machine; empty when they did not."""
    seen = [one.others_cores for one in sweep.levels if one.others_cores is not None]
    if not seen:
        return ""
    return (
        f"Other programs used up to {figures.number(max(seen))} of "
        f"{figures.plural(sweep.machine.cores, 'core')} at {len(seen)} of "
        f"{figures.plural(len(sweep.levels), 'level')}. That is left out of what is said of the "
        f"machine's CPU, but latencies contain it, and a level may have broken for it: do nothing "
        f"else on the machine meanwhile."
    )


def _rate(rate: float) -> str:
    return f"{figures.exact(rate)} arrivals/s"


def rows(sweep: Sweep) -> list[tuple[str, ...]]:
    """The levels from the smallest rate on, in the order of the table's head."""
    return [_row(level) for level in sweep.by_rate()]


def _row(level: Level) -> tuple[str, ...]:
    busiest = max(level.uses, key=lambda use: use.share, default=None)
    return (
        figures.exact(level.rate),
        level.state.value + ("*" if level.confirms else ""),
        figures.figure(level.achieved, "req/s"),
        figures.figure(100 * level.dropped, "%"),
        *(figures.figure(ms, "ms") for ms in (level.p50_ms, level.p95_ms, level.p99_ms)),
        figures.MISSING if level.settled_after_s is None else f"{level.settled_after_s} s",
        figures.MISSING
        if busiest is None
        else f"{busiest.resource} {figures.figure(100 * busiest.share, '%')}",
    )


def text(sweep: Sweep) -> str:
    """The table and the findings, for a terminal."""
    lines = [_COLUMNS.format(*_HEAD), *(_COLUMNS.format(*row) for row in rows(sweep))]
    if any(level.confirms for level in sweep.levels):
        lines.append("* measured once more, for longer")
    return "\n".join([*(line.rstrip() for line in lines), "", *findings(sweep)])


def document(sweep: Sweep) -> dict[str, Any]:
    """The sweep for programs: its record, and what follows from it.

    `sweep` as `capacity.sweep.Sweep` says, `largest` {low, high, because}, `knee`
    {offered, low, high} or null, `first_saturated` {rate, resource, share} or null,
    `held_s` or null, `not_outlived` {sort of cached answer: longest life in s},
    `findings` in words, `exit_code`.
    """
    knee, saturated = sweep.knee(), sweep.first_saturated()
    return {
        "sweep": sweep.model_dump(mode="json"),
        "largest": sweep.largest().model_dump(),
        "knee": None
        if knee is None
        else {"offered": knee.offered, "low": knee.low, "high": knee.high},
        "first_saturated": None
        if saturated is None
        else {
            "rate": saturated[0].rate,
            "resource": saturated[1].resource,
            "share": saturated[1].share,
        },
        "held_s": sweep.held_s(),
        "not_outlived": sweep.not_outlived(),
        "findings": findings(sweep),
        "exit_code": exit_code(sweep),
    }


def html(sweep: Sweep) -> str:
    """The sweep as one HTML document that loads nothing."""
    return (
        templates()
        .get_template("sweep.html.j2")
        .render(
            sweep=sweep,
            findings=findings(sweep),
            head=_HEAD,
            rows=rows(sweep),
            levels=sweep.by_rate(),
            panels=against_load.panels(sweep),
            passed=exit_code(sweep) == ExitCode.PASSED,
        )
    )
