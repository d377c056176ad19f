"""Base against head, figure by figure.

A figure is worse when both hold: the 95 % interval of its change lies beyond the minimum
effect, and an exact test against no change, corrected by Holm for everything that was
asked, leaves at most 5 % to chance. Better likewise; the same when the interval lies within
the minimum effect on both sides. Everything else stays open.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import median

from capacity import figures
from capacity.compare import likeness, significance
from capacity.compare.findings import (
    FEWEST_PAIRS,
    NOTES,
    Comparison,
    Design,
    Finding,
    Outcome,
    Side,
    ordered,
)
from capacity.compare.readings import ALL, ROUTE_CPU, Key, Reading
from capacity.compare.statistic import Statistic
from capacity.intervals import CONFIDENCE
from capacity.observation import OTHERS_SHARE
from capacity.run import Run

ALPHA = 0.05
_LEAST_SHARE = 0.75
"""The share of the runs that must have a figure; where few lack it, theirs are left out."""
_Z = 1.959963984540054
"""The 97.5 % quantile of the standard normal distribution."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One run with its figures (`readings.read`).

    `others` is how many cores programs outside the test used; None when that was not seen.
    """

    run: Run
    readings: Mapping[Key, Reading]
    others: float | None = None


@dataclass(frozen=True, slots=True)
class _Change:
    """A change on the scale of worsenings, and the chances of it either way were there none."""

    base: float
    head: float
    middle: float
    low: float
    high: float
    worse: float
    better: float


def compare(
    base: Sequence[Sample],
    head: Sequence[Sample],
    known: Sequence[Statistic],
    *,
    names: tuple[str, str] = ("base", "head"),
    same_machine: bool = False,
) -> Comparison:
    """Every figure of `head` against that of `base`.

    Runs that were interleaved are paired in the order they ran in. Raises
    `likeness.UnlikeError` for runs of different loads (or machines).
    """
    base, head = _in_time(base), _in_time(head)
    runs = [one.run for one in [*base, *head]]
    likeness.check(runs, same_machine=same_machine)
    design = _design(base, head)
    notes = likeness.notes([one.run for one in base], [one.run for one in head])
    notes += _disturbed([*base, *head])
    notes += _without_routes(names, base, head)
    invalid: list[str] = []
    if design is Design.PAIRS:
        base, head, left_out = _valid_pairs(base, head)
        notes += left_out
        if left_out and len(base) < FEWEST_PAIRS:
            invalid += [*left_out, f"{figures.plural(len(base), 'pair')} left of {FEWEST_PAIRS}"]
    else:
        invalid += [f"{run.id}: {one.reason}: {one.detail}" for run in runs for one in run.invalid]
    notes += [NOTES[design]] if design in NOTES else []
    findings = _findings(design, base, head, known)
    notes += _too_few_rounds(design, min(len(base), len(head)), findings)
    return Comparison(
        _side(names[0], base),
        _side(names[1], head),
        design,
        runs[0].what.scenario,
        min(len(base), len(head)),
        ordered(findings),
        notes,
        invalid,
    )


def _in_time(samples: Iterable[Sample]) -> list[Sample]:
    return sorted(samples, key=lambda one: one.run.started_at)


def _side(name: str, samples: Sequence[Sample]) -> Side:
    commits = {one.run.where.commit for one in samples}
    commit = next(iter(commits)) if len(commits) == 1 else None
    return Side(name, tuple(one.run.id for one in samples), commit)


def _design(base: Sequence[Sample], head: Sequence[Sample]) -> Design:
    """Pairs when every two runs in a row are one of each side."""
    if len(base) == len(head) == 1:
        return Design.SINGLE
    if len(base) != len(head):
        return Design.SETS
    sides = [
        side
        for _, side in sorted(
            [*((one.run.started_at, 0) for one in base), *((one.run.started_at, 1) for one in head)]
        )
    ]
    by_turns = all(sides[at] != sides[at + 1] for at in range(0, len(sides), 2))
    return Design.PAIRS if by_turns else Design.SETS


def _disturbed(samples: Sequence[Sample]) -> list[str]:
    """That other programs took a good part of the machine from all of this."""
    seen = [one.others for one in samples if one.others is not None]
    cores = samples[0].run.where.machine.cores
    if not seen or median(seen) < OTHERS_SHARE * cores:
        return []
    return [
        f"programs outside the test used {figures.number(median(seen))} of "
        f"{figures.plural(cores, 'core')}: the intervals are as wide as that made them"
    ]


def _without_routes(
    names: tuple[str, str], base: Sequence[Sample], head: Sequence[Sample]
) -> list[str]:
    """That a side does not tell the CPU of each endpoint, and what is judged instead."""
    silent = [
        name
        for name, samples in zip(names, (base, head), strict=True)
        if not any(key.statistic == ROUTE_CPU for one in samples for key in one.readings)
    ]
    if not silent:
        return []
    whole = all(Key(ALL, "cpu") in one.readings for one in [*base, *head])
    return [
        f"CPU per request is not judged by endpoint, as the runs of {' and '.join(silent)} do not "
        f"tell it: {'only that of all requests together is' if whole else 'none is judged'}"
    ]


def _valid_pairs(
    base: Sequence[Sample], head: Sequence[Sample]
) -> tuple[list[Sample], list[Sample], list[str]]:
    """The pairs without an invalid run, and a line for each that has one."""
    kept, left_out = [], []
    for before, after in zip(base, head, strict=True):
        reasons = [
            f"{run.id}: {one.reason}" for run in (before.run, after.run) for one in run.invalid
        ]
        if reasons:
            left_out.append(f"a pair was left out, its runs are invalid: {'; '.join(reasons)}")
        else:
            kept.append((before, after))
    return [one[0] for one in kept], [one[1] for one in kept], left_out


def _too_few_rounds(design: Design, rounds: int, findings: Sequence[Finding]) -> list[str]:
    """That so few runs can find nothing, whatever they say."""
    if design is Design.SINGLE:
        return []
    questions = sum(one.chance is not None for one in findings)
    paired = design is Design.PAIRS
    if questions * significance.least_chance(rounds, paired=paired) <= ALPHA:
        return []
    needed = max(FEWEST_PAIRS, significance.pairs_needed(questions, ALPHA))
    return [
        f"{figures.plural(rounds, 'run')} of each side cannot show a change among "
        f"{figures.plural(questions, 'question')}, however clear it is: "
        + (f"take at least {needed}" if paired else "take more")
    ]


def _findings(
    design: Design, base: Sequence[Sample], head: Sequence[Sample], known: Sequence[Statistic]
) -> list[Finding]:
    asked: list[tuple[Key, Statistic, _Change]] = []
    unasked: list[Finding] = []
    for key, one in _keys([*base, *head], known):
        found = _change(design, key, one, base, head)
        if isinstance(found, _Change):
            asked.append((key, one, found))
        else:
            unasked.append(Finding(key.endpoint, one, Outcome.INCONCLUSIVE, found))
    worse = significance.holm([change.worse for *_, change in asked])
    better = significance.holm([change.better for *_, change in asked])
    judged = [
        _finding(key, one, change, chances)
        for (key, one, change), chances in zip(asked, zip(worse, better, strict=True), strict=True)
    ]
    return judged + unasked


def _keys(samples: Sequence[Sample], known: Sequence[Statistic]) -> Iterator[tuple[Key, Statistic]]:
    """Every figure to ask for, endpoint by endpoint.

    Failures of an endpoint only where some request of it failed, on whichever side: each
    question makes the others harder to answer.
    """
    endpoints = dict.fromkeys(key.endpoint for one in samples for key in one.readings)
    for endpoint in endpoints:
        for one in known:
            key = Key(endpoint, one.id)
            found = [sample.readings[key].value for sample in samples if key in sample.readings]
            if found and (one.scale == "ratio" or endpoint == ALL or any(found)):
                yield key, one


def _change(
    design: Design,
    key: Key,
    one: Statistic,
    base: Sequence[Sample],
    head: Sequence[Sample],
) -> _Change | str:
    """The change of one figure, or why none can be told."""
    rounds = min(len(base), len(head))
    if design is not Design.SINGLE and rounds < FEWEST_PAIRS:
        return f"{figures.plural(rounds, 'run')} of each side, at least {FEWEST_PAIRS} are needed"
    before, after = ([_usable(sample, key) for sample in side] for side in (base, head))
    if design is Design.PAIRS:
        both = [pair for pair in zip(before, after, strict=True) if None not in pair]
        before, after = [one for one, _ in both], [other for _, other in both]
    bases, heads = ([one for one in side if one is not None] for side in (before, after))
    for found, samples in ((bases, base), (heads, head)):
        if len(found) < max(1, _LEAST_SHARE * len(samples), min(rounds, FEWEST_PAIRS)):
            return _lacking(key, [*base, *head])
    if design is Design.SINGLE:
        return _within_runs(one, bases[0], heads[0])
    return _between_runs(
        design, one, [reading.value for reading in bases], [reading.value for reading in heads]
    )


def _usable(sample: Sample, key: Key) -> Reading | None:
    found = sample.readings.get(key)
    return None if found is None or found.too_few else found


def _lacking(key: Key, samples: Sequence[Sample]) -> str:
    """Why too many runs have no figure to compare."""
    few = [found.too_few for one in samples if (found := one.readings.get(key)) and found.too_few]
    if few:
        return few[0]
    missing = sum(key not in one.readings for one in samples)
    return f"missing in {missing} of {len(samples)} runs"


def _between_runs(
    design: Design, one: Statistic, bases: list[float], heads: list[float]
) -> _Change:
    before, after = ([one.position(value) for value in values] for values in (bases, heads))
    if design is Design.PAIRS:
        changes = [late - early for early, late in zip(before, after, strict=True)]
        middle = median(changes)
        low, high = significance.median_interval(changes, CONFIDENCE)
        worse = significance.signed_rank(changes)
        better = significance.signed_rank([-change for change in changes])
    else:
        middle = median(after) - median(before)
        low, high = significance.difference_interval(before, after, CONFIDENCE)
        worse = significance.rank_sum(before, after)
        better = significance.rank_sum(after, before)
    return _Change(median(bases), median(heads), middle, low, high, worse, better)


def _within_runs(one: Statistic, base: Reading, head: Reading) -> _Change | str:
    if base.error is None or head.error is None:
        return "too few requests or seconds in a run to say how far chance alone may move it"
    middle = one.position(head.value) - one.position(base.value)
    error = sqrt(base.error**2 + head.error**2)
    return _Change(
        base.value,
        head.value,
        middle,
        middle - _Z * error,
        middle + _Z * error,
        significance.normal_tail(middle, error),
        significance.normal_tail(-middle, error),
    )


def _finding(key: Key, one: Statistic, change: _Change, chances: tuple[float, float]) -> Finding:
    worse, better = chances
    outcome, reason = _outcome(one, change, worse, better)
    ends = sorted((one.as_change(change.low), one.as_change(change.high)))
    return Finding(
        key.endpoint,
        one,
        outcome,
        reason,
        change.base,
        change.head,
        one.as_change(change.middle),
        ends[0],
        ends[1],
        worse if change.middle > 0 else better,
    )


def _outcome(one: Statistic, change: _Change, worse: float, better: float) -> tuple[Outcome, str]:
    edge = one.threshold
    matters = effect(one)
    for outcome, beyond, chance in (
        (Outcome.WORSE, change.low > edge, worse),
        (Outcome.BETTER, change.high < -edge, better),
    ):
        if beyond and chance <= ALPHA:
            return outcome, f"the whole interval lies beyond {matters}"
        if beyond:
            return Outcome.INCONCLUSIVE, (
                f"the interval lies beyond {matters}, but with all questions counted chance "
                f"alone gives such a change in {figures.number(100 * chance)} % of comparisons"
            )
    if -edge < change.low and change.high < edge:
        return Outcome.SAME, f"the whole interval lies within {matters}"
    return Outcome.INCONCLUSIVE, f"the interval reaches across {matters}"


def effect(one: Statistic) -> str:
    """The minimum effect in words: `5 %`, `0.5 points`."""
    if one.scale == "ratio":
        return f"{figures.exact(100 * one.minimum_effect)} %"
    return f"{figures.exact(one.minimum_effect)} points"
