"""A comparison as one HTML document that loads nothing."""

from dataclasses import dataclass
from pathlib import Path

from capacity.compare.findings import Comparison, Finding, Outcome
from capacity.store import write_text
from reports.comparison import words
from reports.page import templates

REPORT = "comparison.html"
_STYLES = {
    Outcome.BETTER: "met",
    Outcome.SAME: "not_measured",
    Outcome.WORSE: "not_met",
    Outcome.INCONCLUSIVE: "inconclusive",
}
_MARKS = {"passed": "✓", "regressed": "✗", "inconclusive": "?", "invalid": "!"}
_REACH = 4.0
"""The bar beside a change ends at this many times the minimum effect on either side."""


@dataclass(frozen=True, slots=True)
class Bar:
    """Where a change lies, in percent of a bar's width; no change stands at 50."""

    value: float
    low: float
    high: float
    edges: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Line:
    """A finding as a row of the page."""

    finding: Finding
    row: words.Row
    style: str
    bar: Bar | None


def html(found: Comparison) -> str:
    """The whole page."""
    state = words.state(found)
    return (
        templates()
        .get_template("comparison.html.j2")
        .render(
            found=found,
            state=state,
            mark=_MARKS[state],
            headline=words.headline(found),
            made_of=words.made_of(found),
            counts=words.counts(found),
            rule=words.rule(found.findings),
            lines=[
                Line(one, words.row(one), _STYLES[one.outcome], _bar(one)) for one in found.told
            ],
        )
    )


def write(folder: Path, found: Comparison) -> Path:
    """Write `comparison.html` into `folder`; the file's path.

    Raises `capacity.store.RecordError` when it cannot be written.
    """
    path = folder / REPORT
    write_text(path, html(found))
    return path


def _bar(one: Finding) -> Bar | None:
    if one.change is None or one.low is None or one.high is None:
        return None
    effect = one.statistic.minimum_effect

    def place(value: float) -> float:
        return round(50 + 50 * min(max(value / effect / _REACH, -1.0), 1.0), 1)

    return Bar(place(one.change), place(one.low), place(one.high), (place(-effect), place(effect)))
