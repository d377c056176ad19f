"""What a comparison comes to: its findings, its outcome and how the command ends."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from capacity.compare.readings import ALL
from capacity.compare.statistic import Statistic
from capacity.verdicts import ExitCode

FEWEST_PAIRS = 6
"""With fewer runs of each side the median has no 95 % interval (1 - 2 * 2 ** -n)."""


class Outcome(StrEnum):
    """What became of one figure, or of all of them."""

    BETTER = "better"
    SAME = "same"
    WORSE = "worse"
    INCONCLUSIVE = "inconclusive"


class Design(StrEnum):
    """What the runs of the two sides allow to conclude."""

    PAIRS = "interleaved pairs"
    """Each run of one side next to one of the other: the machine's drift cancels out."""
    SETS = "two sets of runs"
    """Runs of each side at another time: a drift of the machine reads as a change."""
    SINGLE = "one run of each"
    """Nothing is known of how much two runs of the same code differ."""


NOTES = {
    Design.SETS: "the two sides did not run by turns: whatever changed on the machine between "
    "them reads as a change of the code",
    Design.SINGLE: "one run of each: the intervals cover chance within a run only, not how much "
    "two runs of the same code differ; hmb gate covers that",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One figure of one endpoint on both sides.

    `base` and `head` are medians over the runs, in `statistic.unit`. `change`, `low` and
    `high` (95 %) are a share of the base or a difference, signed as the figure moved;
    None where nothing can be said. `chance` is that of a change this clear in its direction
    were there none, after Holm. `reason` is a sentence without its full stop.
    """

    endpoint: str
    statistic: Statistic
    outcome: Outcome
    reason: str
    base: float | None = None
    head: float | None = None
    change: float | None = None
    low: float | None = None
    high: float | None = None
    chance: float | None = None

    @property
    def asked(self) -> bool:
        """Whether anything could be asked; else `reason` says what was missing for it."""
        return self.change is not None

    @property
    def decides(self) -> bool:
        """Whether the comparison stays open while this does."""
        return self.endpoint == ALL and self.statistic.decides


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two: how it is called and which runs it is made of."""

    name: str
    runs: tuple[str, ...]
    commit: str | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything a report of two versions tells. `invalid` says why it must not be trusted."""

    base: Side
    head: Side
    design: Design
    scenario: str
    rounds: int
    """Pairs that were judged; for sets the runs of the smaller side."""
    findings: list[Finding]
    notes: list[str] = field(default_factory=list)
    invalid: list[str] = field(default_factory=list)

    @property
    def told(self) -> list[Finding]:
        """The findings a person is shown: all that could be asked, and all that decide."""
        return [one for one in self.findings if one.asked or one.decides]

    def of(self, outcome: Outcome) -> list[Finding]:
        """The findings with this outcome."""
        return [one for one in self.findings if one.outcome is outcome]

    @property
    def outcome(self) -> Outcome:
        """Worse if any figure is; open if one that decides is; else better or same."""
        if self.of(Outcome.WORSE):
            return Outcome.WORSE
        deciding = [one for one in self.findings if one.decides]
        if not deciding or any(one.outcome is Outcome.INCONCLUSIVE for one in deciding):
            return Outcome.INCONCLUSIVE
        return Outcome.BETTER if self.of(Outcome.BETTER) else Outcome.SAME

    @property
    def exit_code(self) -> int:
        """6 for runs not to be trusted, 4 regressed, 5 inconclusive, else 0."""
        if self.invalid:
            return ExitCode.INVALID
        return {
            Outcome.WORSE: ExitCode.REGRESSED,
            Outcome.INCONCLUSIVE: ExitCode.INCONCLUSIVE,
        }.get(self.outcome, ExitCode.PASSED)


def ordered(findings: Sequence[Finding]) -> list[Finding]:
    """What a person looks for first, first: worse, better, open, same; all requests before one."""
    ranks = (Outcome.WORSE, Outcome.BETTER, Outcome.INCONCLUSIVE, Outcome.SAME)
    return sorted(findings, key=lambda one: (ranks.index(one.outcome), one.endpoint != ALL))
