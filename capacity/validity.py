"""When a run's figures must not be trusted: the generator's own limits, and gaps."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from math import ceil, sqrt
from operator import attrgetter
from types import MappingProxyType

from capacity import figures
from capacity.histogram import Histogram
from capacity.run import BESIDE, EndpointStats, Event, Invalidity, Phase, Step
from capacity.spool import Beat

SATURATED_CORES = 0.9
"""A generator process is one core at most; above this it delays its own requests."""
SUSTAINED_SECONDS = 5
"""How long it must last: one busy second is a pause, not saturation."""
REACHED_SHARE = 0.95
"""The least share of the offered requests that must have been sent."""
CHANCE_DEVIATIONS = 3.0
"""Thinking users are random: a shortfall within this many standard deviations is chance."""
READ_SHARE = 0.9
"""The least share of measured seconds in which every probe must have answered."""
DROPPED_SHARE = 0.01
"""The most arrivals of an open load that may be dropped: they are missing from every percentile."""
JUMP_S = 0.01
"""The least step of the wall clock that spoils a latency worth judging; slewing stays far below."""
STEAL_SHARE = 0.05
"""The most of the machine's CPU time that its host may give to others while it is measured."""


def assess(
    steps: Iterable[Step],
    beats: Iterable[Beat],
    unread: Mapping[str, Sequence[int]],
    waited: Mapping[str, float],
    read: Mapping[str, Collection[int]] = MappingProxyType({}),
) -> list[Invalidity]:
    """Why a run is invalid; empty when it is not.

    `unread` names for each probe the seconds in which it gave no reading, `waited`
    for each step the seconds its closed users spent waiting for answers, all together,
    `read` for each series that must be there the seconds of which it has a value.
    """
    measured = [step for step in steps if step.phase is Phase.MEASURED]
    inside = [beat for beat in beats if any(within(beat.second, step) for step in measured)]
    return [
        *_saturated(inside),
        *_not_reached(measured, waited),
        *_dropped(measured),
        *_clock_set(inside),
        *_robbed(inside),
        *_missing(measured, unread, read),
    ]


def unfinished(events: Sequence[Event], end_s: float) -> list[Invalidity]:
    """Why a drill shows nothing: its load ended, at `end_s`, before all was done and mended."""
    if events and events[-1].at_s < end_s:
        return []
    last = f"the last repair was at {events[-1].at_s:.0f} s" if events else "nothing was broken"
    return [
        Invalidity(
            reason="drill-unfinished",
            detail=f"the load ended at {end_s:.0f} s, {last}: the machine was too slow for it",
        )
    ]


def _saturated(inside: Sequence[Beat]) -> list[Invalidity]:
    by_generator = groupby(
        sorted(inside, key=attrgetter("generator", "second")), key=attrgetter("generator")
    )
    worst = {name: worst_stretch([beat.cpu for beat in group]) for name, group in by_generator}
    return [
        Invalidity(
            reason="generator-saturated",
            detail=f"{name} used {100 * cpu:.0f} % of a core over {SUSTAINED_SECONDS} s "
            f"(limit {100 * SATURATED_CORES:.0f} %): its latencies contain its own delays",
        )
        for name, cpu in worst.items()
        if cpu > SATURATED_CORES
    ]


def worst_stretch(cpu: Sequence[float]) -> float:
    """The highest mean over `SUSTAINED_SECONDS` seconds in a row (all, if there are fewer)."""
    length = min(SUSTAINED_SECONDS, len(cpu))
    return max(sum(cpu[at : at + length]) / length for at in range(len(cpu) - length + 1))


def waiting(endpoints: Iterable[EndpointStats]) -> dict[str, float]:
    """Step -> seconds all its requests together took to be answered."""
    seconds: dict[str, float] = {}
    for stats in endpoints:
        if stats.method in BESIDE:
            continue
        for blob in (stats.raw, stats.failed):
            latencies = Histogram.decode(blob) if blob else Histogram()
            if latencies.count:
                total = latencies.mean() * latencies.count / 1e6
                seconds[stats.step] = seconds.get(stats.step, 0.0) + total
    return seconds


def _not_reached(measured: Sequence[Step], waited: Mapping[str, float]) -> list[Invalidity]:
    """Steps whose generator sent less than it should have.

    A closed user who waits for an answer sends nothing meanwhile, so slow answers lower
    what is due: N = (U T - R) / Z for U users, T seconds, R seconds spent waiting and a
    mean think time Z (the response time law, Denning and Buzen 1978). A slow system fails
    its targets; only a slow generator makes the run invalid.
    """
    reasons = []
    for step in measured:
        offered, achieved = step.arrivals.offered, step.arrivals.achieved
        if offered is None or offered <= step.arrivals.dropped:
            continue
        # what was dropped was due, and is told as such
        offered -= step.arrivals.dropped
        due = offered * max(0.0, 1 - waited.get(step.name, 0.0) / (step.users * step.seconds))
        by_chance = due - CHANCE_DEVIATIONS * sqrt(due)
        if achieved < REACHED_SHARE * due and achieved < by_chance:
            reasons.append(
                Invalidity(
                    reason="load-not-reached",
                    detail=f"{step.name}: {figures.count(achieved)} of {figures.count(due)} "
                    f"requests due were sent, {figures.number(100 * achieved / due)} % "
                    f"(at least {100 * REACHED_SHARE:.0f} % needed)",
                )
            )
    return reasons


def _dropped(measured: Sequence[Step]) -> list[Invalidity]:
    reasons = []
    for step in measured:
        offered, dropped = step.arrivals.offered, step.arrivals.dropped
        if offered and dropped > DROPPED_SHARE * offered:
            reasons.append(
                Invalidity(
                    reason="arrivals-dropped",
                    detail=f"{step.name}: nobody was free to send {figures.count(dropped)} of "
                    f"{figures.count(offered)} arrivals, "
                    f"{figures.number(100 * dropped / offered)} % (at most "
                    f"{100 * DROPPED_SHARE:.0f} % may be dropped): the system answers too late "
                    f"for this load, or more people are needed",
                )
            )
    return reasons


def _clock_set(inside: Sequence[Beat]) -> list[Invalidity]:
    jumps = [beat for beat in inside if abs(beat.jump_s) > JUMP_S]
    if not jumps:
        return []
    worst = max(jumps, key=lambda beat: abs(beat.jump_s))
    return [
        Invalidity(
            reason="clock-jumped",
            detail=f"the wall clock was set by {worst.jump_s:+.3f} s in second {worst.second}: "
            f"latencies from the intended start are wrong by that",
        )
    ]


def _robbed(inside: Sequence[Beat]) -> list[Invalidity]:
    """Judged by the worst: generators may run on several machines."""
    by_generator: dict[str, list[Beat]] = {}
    for beat in inside:
        by_generator.setdefault(beat.generator, []).append(beat)
    steal = max(map(_stolen, by_generator.values()), default=0.0)
    if steal <= STEAL_SHARE:
        return []
    return [
        Invalidity(
            reason="machine-robbed",
            detail=f"the machine's host gave {100 * steal:.1f} % of its CPU time to others "
            f"(at most {100 * STEAL_SHARE:.0f} %): run again when it is quieter",
        )
    ]


def _stolen(beats: Sequence[Beat]) -> float:
    seconds = sum(beat.length_s for beat in beats)
    return sum(beat.steal * beat.length_s for beat in beats) / seconds


def _missing(
    measured: Sequence[Step],
    unread: Mapping[str, Sequence[int]],
    read: Mapping[str, Collection[int]],
) -> list[Invalidity]:
    """Probes that were silent, and series that are missing although their probe answered."""
    seconds = sum(step.seconds for step in measured)
    silent = {
        probe: sum(1 for second in gaps if any(within(second, step) for step in measured))
        for probe, gaps in sorted(unread.items())
    }
    silent = {name: lost for name, lost in silent.items() if _too_many(lost, seconds)}
    told = {series: at for series, at in read.items() if _source(series) not in silent}
    alike: dict[int, list[str]] = {}
    for probe, lost in silent.items():
        alike.setdefault(lost, []).append(probe)
    return [
        *(
            Invalidity(
                reason="metric-missing",
                detail=f"{', '.join(probes)} gave no reading in {lost} of {seconds:.0f} "
                f"measured seconds",
            )
            for lost, probes in alike.items()
        ),
        *_lacking(measured, told),
    ]


def _lacking(measured: Sequence[Step], read: Mapping[str, Collection[int]]) -> Iterator[Invalidity]:
    """Series without a value in too many seconds, those of one instance in one line.

    The sample of a second is taken at its end, so that of the last one may never be.
    """
    end = max((step.end_s for step in measured), default=0.0)
    due = {
        second
        for step in measured
        for second in range(ceil(step.start_s), ceil(step.end_s))
        if second + 1 < end
    }
    gaps = {series: len(due.difference(seconds)) for series, seconds in read.items()}
    lacking = sorted(one for one, lost in gaps.items() if _too_many(lost, len(due)))
    for _, group in groupby(lacking, key=lambda series: series.rpartition(".")[0]):
        series = list(group)
        most = max(gaps[one] for one in series)
        yield Invalidity(
            reason="metric-missing",
            detail=f"{_in_short(series)} missing in {most} of {len(due)} measured seconds",
        )


def _too_many(lost: int, seconds: float) -> bool:
    """Whether so many of the measured seconds without a reading spoil a run.

    One second may always be missed, as long as there is another: a busy machine takes a
    sample late now and then, and one late sample is more than a tenth of the runs of a gate.
    """
    return 0 < seconds <= lost or lost > max(1.0, round((1 - READ_SHARE) * seconds, 6))


def _source(series: str) -> str:
    """The probe that gives a series: the instance's own, or that of all services or all."""
    first, *rest = series.split(".")
    if first == "service" or series == "machine.yielding":
        return "services"
    return rest[0] if len(rest) > 1 else first


def _in_short(series: Sequence[str]) -> str:
    if len(series) == 1:
        return f"{series[0]} is"
    more = f" and {len(series) - 3} more" if len(series) > 3 else ""
    return f"{', '.join(series[:3])}{more} are"


def within(second: int, step: Step) -> bool:
    """Whether a second of the run belongs to `step`."""
    return step.start_s <= second < step.end_s
