"""The trends of a history: a page, and a document for programs."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from capacity import figures
from capacity.compare.readings import ALL
from capacity.history import Kept
from capacity.trend import Change, Trend
from reports.charts import trend_line
from reports.comparison.words import change as signed
from reports.page import templates

DOCUMENT_VERSION = 1
_SHOWN_COMMIT = 12
MOST_CHARTS = 40


@dataclass(frozen=True, slots=True)
class Row:
    """One change of level in words."""

    worse: bool
    figure: str
    before: str
    after: str
    change: str
    since: str


def rows(trends: Sequence[Trend]) -> list[Row]:
    """Every change of level, the latest first."""
    found = [(trend, change) for trend in trends for change in trend.changes]
    found.sort(key=lambda pair: pair[1].run.started_at, reverse=True)
    return [_row(trend, change) for trend, change in found]


def _row(trend: Trend, one: Change) -> Row:
    unit = trend.statistic.unit
    return Row(
        one.worse,
        f"{trend.key.endpoint}: {trend.key.statistic}",
        figures.figure(one.before, unit),
        figures.figure(one.after, unit),
        signed(trend.statistic, one.change),
        since(one.run),
    )


def since(run: Kept) -> str:
    """A run of the history, as a place in time."""
    commit = f" ({run.commit[:_SHOWN_COMMIT]})" if run.commit else ""
    return f"{run.id}{commit}"


def headline(trends: Sequence[Trend], kept: Sequence[Kept]) -> str:
    """What the history says, in a sentence."""
    changes = [change for trend in trends for change in trend.changes]
    worse = sum(change.worse for change in changes)
    runs = figures.plural(len(kept), "run")
    if not changes:
        return f"No figure changed its level in {runs}."
    return (
        f"{figures.plural(len(changes), 'change')} of level in {runs}, "
        f"{figures.count(worse)} for the worse."
    )


def html(trends: Sequence[Trend], kept: Sequence[Kept]) -> str:
    """The trend page: all requests, and every figure that changed its level."""
    shown = [one for one in trends if one.key.endpoint == ALL or one.changes][:MOST_CHARTS]
    return (
        templates()
        .get_template("trend.html.j2")
        .render(
            headline=headline(trends, kept),
            rows=rows(trends),
            charts=[trend_line.render(number, one) for number, one in enumerate(shown, start=1)],
            unshown=len(trends) - len(shown),
            kept=kept,
            since=since,
        )
    )


def as_json(trends: Sequence[Trend], kept: Sequence[Kept]) -> str:
    """The trends as a JSON document.

    `version`, `headline`, `runs` [{id, started_at, commit}], `trends` [{endpoint, statistic,
    unit, runs, values, changes [{run, commit, before, after, change, worse, chance}]}].
    """
    document = {
        "version": DOCUMENT_VERSION,
        "headline": headline(trends, kept),
        "runs": [
            {"id": one.id, "started_at": one.started_at, "commit": one.commit} for one in kept
        ],
        "trends": [
            {
                "endpoint": one.key.endpoint,
                "statistic": one.key.statistic,
                "unit": one.statistic.unit,
                "runs": [run.id for run in one.runs],
                "values": one.values,
                "changes": [
                    {
                        "run": change.run.id,
                        "commit": change.run.commit,
                        "before": change.before,
                        "after": change.after,
                        "change": change.change,
                        "worse": change.worse,
                        "chance": change.chance,
                    }
                    for change in one.changes
                ],
            }
            for one in trends
        ],
    }
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
