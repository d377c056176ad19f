"""What an audit comes to, in words and rows: the content its every form shares."""

from dataclasses import dataclass
from functools import cached_property

from capacity import figures
from capacity.audit.audit import Audit, Audited
from capacity.audit.blueprint import Section
from capacity.audit.judging import Judged
from capacity.targets import KINDS
from capacity.verdicts import Outcome
from reports.digest import SYMBOLS

_TALLY_WORDS = {
    Outcome.MET: "met",
    Outcome.NOT_MET: "not met",
    Outcome.INCONSISTENT: "inconsistent: arithmetic says no",
    Outcome.INCONCLUSIVE: "inconclusive: it stays open",
    Outcome.NOT_MEASURED: "not measured: nothing here can say",
}


@dataclass(frozen=True, slots=True)
class Count:
    """How many claims came to an outcome, read fairly and read literally."""

    outcome: Outcome
    symbol: str
    words: str
    fair: int
    literal: int


@dataclass(frozen=True, slots=True)
class Group:
    """One section with its claims."""

    section: Section
    rows: list[Audited]
    summary: str


class AuditDigest:
    """An audit, summed up on demand."""

    def __init__(self, audit: Audit) -> None:
        self.audit = audit

    def headline(self) -> str:
        """The whole in one sentence."""
        tally = self.audit.tally()
        parts = [
            f"{tally[outcome]} {words}"
            for outcome, words in (
                (Outcome.MET, "met"),
                (Outcome.NOT_MET, "not met"),
                (Outcome.INCONSISTENT, "against their own numbers"),
                (Outcome.INCONCLUSIVE, "open"),
                (Outcome.NOT_MEASURED, "not measured"),
            )
            if tally[outcome]
        ]
        return f"{figures.plural(len(self.audit.rows), 'claim')}, read fairly: {', '.join(parts)}."

    def counts(self) -> list[Count]:
        """Every outcome with its counts, the good first."""
        fair, literal = self.audit.tally(), self.audit.literal_tally()
        return [
            Count(outcome, SYMBOLS[outcome], words, fair[outcome], literal[outcome])
            for outcome, words in _TALLY_WORDS.items()
        ]

    @cached_property
    def groups(self) -> list[Group]:
        """The claims by section, those without any left out."""
        found = []
        for section in self.audit.blueprint.sections:
            rows = [row for row in self.audit.rows if row.claim.section == section.name]
            if rows:
                found.append(Group(section, rows, in_short(self.audit.tally(rows))))
        return found

    def rests_on(self) -> str:
        """What was looked at, in one sentence."""
        looked = self.audit.looked
        runs = ", ".join(one.run.id for one in looked.recorded)
        probes = ", ".join(one.id for one in looked.probes)
        parts = [f"runs {runs}" if runs else "no run"]
        parts[0] += f", probes {probes}" if probes else ""
        if looked.plan is not None:
            parts.append(f"a plan for {figures.count(looked.plan.users)} users")
        else:
            parts.append("no plan")
        parts.append("no files" if looked.facts is None else "the project's files")
        return f"It rests on {parts[0]}, {parts[1]} and {parts[2]}."


def in_short(tally: dict[Outcome, int]) -> str:
    """`14 met, 2 not met`."""
    return ", ".join(f"{count} {outcome.words}" for outcome, count in tally.items() if count)


def kinds(row: Audited) -> str:
    """How the claim is meant to be judged, in words."""
    return ", ".join(KINDS[kind] for kind in row.claim.kind)


def readings(row: Audited) -> list[tuple[str, Judged]]:
    """The verdicts of a claim: fairly, then literally where that differs."""
    found = [("fairly", row.fair)]
    if row.literal is not None:
        found.append(("literally", row.literal))
    return found
