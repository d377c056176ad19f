"""A month's profit and loss as bars, each beginning where those before it have come to."""

from dataclasses import dataclass

from capacity.arithmetic import amount
from capacity.evidence import Evidence


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the month in dollars, costs below zero; `unproven` revenue nobody has seen."""

    name: str
    dollars: float
    evidence: Evidence
    unproven: bool = False


@dataclass(frozen=True, slots=True)
class Bar:
    """A line of the month as a bar, in percent of the width."""

    line: Line
    text: str
    start: float
    width: float
    cost: bool


def bars(lines: list[Line]) -> list[Bar]:
    """A waterfall: each line begins where the ones before it have come to; the last at nothing."""
    if not lines:
        return []
    whole = sum(line.dollars for line in lines[:-1] if line.dollars > 0)
    found, reached = [], 0.0
    for line in lines[:-1]:
        start = min(reached, reached + line.dollars)
        found.append(_bar(line, start, whole))
        reached += line.dollars
    return [*found, _bar(lines[-1], 0.0, whole)]


def _bar(line: Line, start: float, whole: float) -> Bar:
    cost = line.dollars < 0
    text = f"{'-' if cost else ''}{amount(round(abs(line.dollars)), '$')}"
    return Bar(
        line,
        text,
        round(100 * max(start, 0.0) / whole, 2),
        round(100 * abs(line.dollars) / whole, 2),
        cost,
    )
