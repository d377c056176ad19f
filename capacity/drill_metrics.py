"""Metrics of a drill: what failed, how long, and what became of the writes."""

from collections.abc import Sequence

from capacity import figures
from capacity.measured import Measured, Unavailable
from capacity.observation import Observation
from capacity.run import Drilled
from capacity.spool import sort_of

_SETTLED_S = 3
_NO_DRILL = Unavailable("nothing was broken in this run")


def failed_requests(
    seen: Observation, statistic: str, patterns: Sequence[str] = ()
) -> Measured | Unavailable:
    """How many `gets` or `writes` failed while measuring."""
    wanted = "get" if statistic == "gets" else "write"
    stats = [one for one in seen.endpoints(patterns) if sort_of(one.method) == wanted]
    sent = sum(one.requests for one in stats)
    words = "GETs" if wanted == "get" else "writes"
    if not sent:
        return Unavailable(f"no {words} were sent")
    failures = sum(one.failures for one in stats)
    how = f"counted over {figures.count(sent)} {words}"
    return Measured(failures, "requests", sent, words, None, how)


def ledger(
    seen: Observation, statistic: str, _patterns: Sequence[str] = ()
) -> Measured | Unavailable:
    """How many writes were `lost` after they were acknowledged, or `doubled`."""
    if seen.run.drill is None:
        return _NO_DRILL
    found = seen.run.drill.ledger
    if found is None:
        return Unavailable("the database was not asked for the writes")
    if not found.acknowledged:
        return Unavailable("no write was acknowledged")
    wrong = found.lost if statistic == "lost" else found.doubled
    looked_at = found.acknowledged
    if statistic == "doubled":
        looked_at += found.refused + found.unanswered
    how = f"each of {figures.count(looked_at)} writes was looked up in the database"
    return Measured(len(wrong), "writes", looked_at, "writes", None, how)


def checks(
    seen: Observation, statistic: str, _patterns: Sequence[str] = ()
) -> Measured | Unavailable:
    """How much of what the drill looked at beyond the ledger `failed`."""
    if seen.run.drill is None:
        return _NO_DRILL
    found = seen.run.drill.checks
    if not found:
        return Unavailable("the drill did not come to its own checks")
    failed = [words for words, holds in found.items() if not holds]
    how = f"does not hold: {'; '.join(failed)}" if failed else "; ".join(found)
    return Measured(len(failed), "checks", len(found), "checks", None, how)


def sockets(
    seen: Observation, statistic: str, _patterns: Sequence[str] = ()
) -> Measured | Unavailable:
    """Sockets open at the end, `back`, in percent of those open just before the break."""
    drill = seen.run.drill
    if drill is None:
        return _NO_DRILL
    series = seen.summed("pod.*.sockets")
    broken = drill.first("break")
    if series is None or broken is None:
        return Unavailable("no socket was seen")
    # a reading may fall on either side of the moment its second ends: three of them do not
    before = series[series.index < int(broken)].tail(_SETTLED_S)
    if before.empty or not before.max():
        return Unavailable("no socket was open when it broke")
    had, have = float(before.max()), float(series.tail(_SETTLED_S).max())
    how = f"{figures.count(have)} open at the end, {figures.count(had)} before the break"
    return Measured(100 * have / had, "%", round(had), "sockets", None, how)


def recovery(
    seen: Observation, statistic: str, _patterns: Sequence[str] = ()
) -> Measured | Unavailable:
    """Seconds from the break (`after_break`) or the repair to the end of the last failure.

    Failures are known by the second: the end of the second in which the last one came back
    counts. Nothing is healed that did not work again afterwards.
    """
    drill = seen.run.drill
    if drill is None:
        return _NO_DRILL
    since = drill.first("break") if statistic == "after_break" else drill.last("repair")
    if since is None:
        what = "broken" if statistic == "after_break" else "mended"
        return Unavailable(f"nothing was {what} before the load ended")
    last = last_failure(drill)
    if last is None:
        return Measured(0.0, "s", 1, "drills", None, "nothing failed after the break")
    count = sum(one.count for one in drill.trouble)
    if not _worked_after(seen, drill, last):
        return Unavailable("requests failed to the end of the load", refuted=True)
    value = max(0.0, last + 1 - since)
    how = f"{figures.plural(count, 'request')} failed, the last in second {last}"
    return Measured(value, "s", count, "failures", None, how)


def last_failure(drill: Drilled) -> int | None:
    """The last second in which a request failed after the break; None when none did."""
    broken = drill.first("break")
    seconds = [one.second for one in drill.trouble if broken is None or one.second + 1 > broken]
    return max(seconds, default=None)


def _worked_after(seen: Observation, drill: Drilled, second: int) -> bool:
    """Whether each sort of request that failed also succeeded after `second`."""
    later = seen.timeline[seen.timeline.index > second]
    return all(
        f"load.{sort}s" in later
        and bool((later[f"load.{sort}s"] - later[f"load.{sort}_failures"] > 0).any())
        for sort in {one.sort for one in drill.trouble}
    )
