"""One figure over the runs of a history, its levels and where they change."""

from itertools import pairwise
from statistics import mean, median
from typing import TYPE_CHECKING

from capacity import figures
from capacity.trend import Trend
from reports.charts.canvas import ALARM, FAINT, SERIES, draw
from reports.charts.over_time import HEIGHT_IN, Drawn, LegendRow

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def render(number: int, one: Trend) -> Drawn:
    """The chart; `number` makes its name one of its own."""
    name = f"trend-{number}"
    title = f"{one.key.endpoint}: {one.statistic.text}"
    unit = one.statistic.unit
    edges = [0, *(change.index for change in one.changes), len(one.values)]
    levels = [(start, end, median(one.values[start:end])) for start, end in pairwise(edges)]

    def paint(axes: "Axes") -> None:
        from matplotlib.ticker import MaxNLocator

        places = range(1, len(one.values) + 1)
        axes.plot(places, one.values, color=SERIES[0], marker="o", markersize=3)
        for start, end, level in levels:
            axes.plot([start + 1, end], [level, level], color=FAINT, linewidth=1.2)
        for change in one.changes:
            colour = ALARM if change.worse else SERIES[2]
            axes.axvline(change.index + 0.5, color=colour, linewidth=1.2, dashes=(4, 2))
        axes.set_ylim(0, max(one.values) * 1.15 or 1.0)
        axes.set_xlim(0.5, len(one.values) + 0.5)
        axes.set_xlabel("run, oldest first", labelpad=3)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))

    legend = [
        LegendRow(
            f"runs {start + 1} to {end}",
            1,
            figures.figure(mean(one.values[start:end]), unit),
            figures.figure(max(one.values[start:end]), unit),
        )
        for start, end in pairwise(edges)
    ]
    caption = f"Each level at its median; {figures.plural(len(one.changes), 'change')} of level."
    words = ", ".join(f"{row.label} {row.mean}" for row in legend)
    return Drawn(name, title, caption, draw(name, title, words, unit, HEIGHT_IN, paint), legend)
