"""A comparison in words: the content every form of it shares."""

from collections.abc import Sequence
from dataclasses import dataclass

from capacity import figures
from capacity.compare.findings import Comparison, Design, Finding, Outcome, Side
from capacity.compare.judge import effect
from capacity.compare.readings import ALL
from capacity.compare.statistic import Statistic

SYMBOLS = {
    Outcome.BETTER: "+",
    Outcome.SAME: "=",
    Outcome.WORSE: "✗",
    Outcome.INCONCLUSIVE: "?",
}
STATES = {0: "passed", 4: "regressed", 5: "inconclusive", 6: "invalid"}
_SHOWN_COMMIT = 12


@dataclass(frozen=True, slots=True)
class Row:
    """One finding; every field is plain text without markup."""

    outcome: Outcome
    symbol: str
    figure: str
    base: str
    head: str
    change: str
    interval: str
    reason: str


def rows(found: Comparison) -> list[Row]:
    """The findings a person is shown, what they look for first at the top."""
    return [row(one) for one in found.told]


def row(one: Finding) -> Row:
    """One finding with its figures written out."""
    unit = one.statistic.unit
    return Row(
        one.outcome,
        SYMBOLS[one.outcome],
        f"{one.endpoint}: {one.statistic.id}",
        figures.figure(one.base, unit),
        figures.figure(one.head, unit),
        change(one.statistic, one.change),
        interval(one),
        one.reason,
    )


def change(statistic: Statistic, value: float | None) -> str:
    """A change with its sign: `+12.3 %`, `-0.5 points`."""
    if value is None:
        return figures.MISSING
    ratio = statistic.scale == "ratio"
    # a tenth of a percent is the least a histogram tells apart
    shown = round(100 * value, 1) if ratio else round(value, 2)
    sign = "+" if shown > 0 else "-" if shown < 0 else ""
    return f"{sign}{abs(shown):g} {'%' if ratio else 'points'}"


def interval(one: Finding) -> str:
    """Where the change lies at 95 %."""
    if one.low is None or one.high is None:
        return figures.MISSING
    return f"{change(one.statistic, one.low)} to {change(one.statistic, one.high)}"


def state(found: Comparison) -> str:
    """How it ended, in a word."""
    return STATES[found.exit_code]


def headline(found: Comparison) -> str:
    """The outcome as one sentence."""
    if found.invalid:
        return f"Not to be trusted: {found.invalid[0]}."
    worse = found.of(Outcome.WORSE)
    if worse:
        return f"Regressed: {_in_short(worse[0])}{_more(worse)}."
    if found.outcome is Outcome.INCONCLUSIVE:
        undecided = [one for one in found.of(Outcome.INCONCLUSIVE) if one.decides]
        if not undecided:
            return "Undecided: nothing that decides was measured on both sides."
        return f"Undecided: {_named(undecided[0])}: {undecided[0].reason}{_more(undecided)}."
    better = found.of(Outcome.BETTER)
    none = f"none of {figures.plural(len(found.told), 'figure')} is worse"
    if better:
        return f"Better, and {none}: {_in_short(better[0])}{_more(better)}."
    return f"No regression: {none}."


def counts(found: Comparison) -> str:
    """How many findings of each kind there are, and how many figures had too little to ask."""
    said = [
        f"{figures.count(sum(one.outcome is outcome for one in found.told))} {outcome.value}"
        for outcome in (Outcome.WORSE, Outcome.BETTER, Outcome.SAME, Outcome.INCONCLUSIVE)
    ]
    untold = len(found.findings) - len(found.told)
    if untold:
        said.append(f"{figures.plural(untold, 'figure')} with too few requests to compare")
    return ", ".join(said)


def made_of(found: Comparison) -> str:
    """Which runs were compared, and how."""
    how = {
        Design.PAIRS: f"{figures.plural(found.rounds, 'interleaved pair')} of runs",
        Design.SETS: f"{len(found.base.runs)} and {len(found.head.runs)} runs, not interleaved",
        Design.SINGLE: "one run of each",
    }[found.design]
    return f"{found.scenario}: {side(found.head)} against {side(found.base)}, {how}"


def side(one: Side) -> str:
    """A side with its commit."""
    return f"{one.name} ({one.commit[:_SHOWN_COMMIT]})" if one.commit else one.name


def rule(known: Sequence[Finding]) -> str:
    """What counts as a change, for the reader."""
    chosen = {one.statistic.id: one.statistic for one in known}
    said = ", ".join(f"{name} {effect(one)}" for name, one in chosen.items())
    return (
        "A figure is worse (or better) when its 95 % interval lies beyond the minimum effect and "
        "an exact test against no change, corrected by Holm for every figure asked, agrees; the "
        f"same when the interval lies within it. Minimum effects: {said}."
    )


def _in_short(one: Finding) -> str:
    return f"{_named(one)} {change(one.statistic, one.change)} ({interval(one)})"


def _named(one: Finding) -> str:
    what = "all requests" if one.endpoint == ALL else one.endpoint
    return f"{one.statistic.text} of {what}"


def _more(found: Sequence[Finding]) -> str:
    return f", and {len(found) - 1} more" if len(found) > 1 else ""
