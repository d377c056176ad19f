"""The verdict table in plain text: for a terminal, and for anything that has rows."""

from collections.abc import Sequence
from dataclasses import dataclass

from capacity import figures
from capacity.verdicts import Outcome, Verdict
from reports.digest import SYMBOLS, WARNING


@dataclass(frozen=True, slots=True)
class Row:
    """One verdict in words; every field is plain text without markup.

    `outcome` decides a colour, `gate` whether the row decides the exit code; `words` say the
    outcome, or that it is a warning.
    """

    id: str
    outcome: Outcome
    symbol: str
    words: str
    warns: bool
    claim: str
    measured: str
    limit: str
    interval: str
    samples: str
    reason: str
    evidence: str
    gate: bool


def rows(verdicts: Sequence[Verdict]) -> list[Row]:
    """The verdicts as rows, in their order."""
    return [row(verdict) for verdict in verdicts]


def row(verdict: Verdict) -> Row:
    """One verdict with its figures written out."""
    target = verdict.target
    limit = figures.MISSING
    if target.op is not None and target.limit is not None:
        limit = figures.limit(target.op, target.limit, target.unit or "")
    samples = figures.MISSING
    if verdict.samples is not None:
        samples = f"{figures.count(verdict.samples)} {verdict.of}"
    return Row(
        target.id,
        verdict.outcome,
        WARNING if verdict.is_warning else SYMBOLS[verdict.outcome],
        verdict.words,
        verdict.is_warning,
        target.text,
        figures.figure(verdict.value, verdict.unit),
        limit,
        figures.interval(verdict.interval, verdict.unit),
        samples,
        verdict.reason,
        verdict.evidence if verdict.value is not None else "",
        target.gate,
    )
