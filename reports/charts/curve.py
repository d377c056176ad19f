"""The whole latency distribution: every percentile, as sent and from the intended start."""

from collections.abc import Sequence
from math import log10
from typing import TYPE_CHECKING

from capacity import figures
from capacity.histogram import Histogram
from reports.charts.canvas import ALARM, DASHES, SERIES, draw
from reports.charts.over_time import HEIGHT_IN, Drawn, LegendRow

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TITLE = "Latency, every percentile"
CAPTION = (
    "What share of requests was answered within which time. Each mark to the right is ten times "
    "rarer; the curve ends where the requests do."
)
_MARKS = (50.0, 90.0, 99.0, 99.9, 99.99, 99.999)
_POINTS_PER_DECADE = 16


def nines(percent: float) -> float:
    """Where a percentile stands on the axis: 90 at 1, 99 at 2, 99.9 at 3."""
    return -log10(1 - percent / 100)


def percent_at(position: float) -> float:
    """The percentile that stands at `position`."""
    return 100 * (1 - 10**-position)


def points(latencies: Histogram) -> tuple[list[float], list[float]]:
    """Positions on the axis and latencies in ms, up to the last percentile the count supports."""
    last = log10(latencies.count)
    steps = max(2, int(last * _POINTS_PER_DECADE))
    positions = [last * step / steps for step in range(steps + 1)]
    values = [latencies.percentile(percent_at(position)) / 1000 for position in positions]
    return positions, values


def render(
    corrected: Histogram, as_sent: Histogram, limits: Sequence[tuple[float, float]]
) -> Drawn | None:
    """The curve; None without a request. `limits` are (percentile, ms) that were asked for."""
    if corrected.count < 2:
        return None
    curves = [("from the intended start", corrected), ("as sent", as_sent)]
    curves = [(name, latencies) for name, latencies in curves if latencies.count > 1]
    legend = [
        LegendRow(
            name,
            number,
            figures.figure(latencies.mean() / 1000, "ms"),
            figures.figure(latencies.maximum() / 1000, "ms"),
        )
        for number, (name, latencies) in enumerate(curves, start=1)
    ]

    def paint(axes: "Axes") -> None:
        for number, (_, latencies) in reversed(list(enumerate(curves))):
            positions, values = points(latencies)
            (drawn,) = axes.plot(positions, values, color=SERIES[number])
            if DASHES[number]:
                drawn.set_dashes(DASHES[number])
        axes.set_yscale("log")
        _axes(axes, log10(corrected.count))
        _limits(axes, corrected, limits)

    return Drawn(
        "latency-curve",
        TITLE,
        CAPTION,
        draw("latency-curve", TITLE, _describe(corrected, as_sent), "ms", HEIGHT_IN, paint),
        legend,
    )


def _axes(axes: "Axes", last: float) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator

    marks = [mark for mark in _MARKS if nines(mark) <= last]
    axes.set_xlim(0, last * 1.02)
    axes.set_xticks([nines(mark) for mark in marks], [f"{mark:g} %" for mark in marks])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("share of requests answered within", labelpad=3)
    low, high = axes.get_ylim()
    subs = (1.0,) if high / low > 3000 else (1.0, 3.0) if high / low > 100 else (1.0, 2.0, 5.0)
    axes.yaxis.set_major_locator(LogLocator(subs=subs))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.6g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.yaxis.set_minor_locator(NullLocator())


def _limits(axes: "Axes", latencies: Histogram, limits: Sequence[tuple[float, float]]) -> None:
    """A mark for each limit; its words stand on the side where the curve is not."""
    shown = [limit for limit in limits if nines(limit[0]) <= log10(latencies.count)]
    for percent, ms in shown:
        kept = latencies.percentile(percent) / 1000 < ms
        axes.plot(
            [nines(percent)],
            [ms],
            marker="v" if kept else "^",
            markersize=7,
            markerfacecolor=ALARM,
            markeredgecolor="none",
        )
        axes.annotate(
            f"limit {figures.exact(ms)}",
            xy=(nines(percent), ms),
            xytext=(0, 7 if kept else -7),
            textcoords="offset points",
            ha="center",
            va="bottom" if kept else "top",
            color=ALARM,
        )
    if shown:
        low, high = axes.get_ylim()
        slowest = max(ms for _, ms in shown)
        fastest = min(ms for _, ms in shown)
        axes.set_ylim(min(low, fastest / 2.2), max(high, slowest * 2.2))


def _describe(corrected: Histogram, as_sent: Histogram) -> str:
    def told(latencies: Histogram) -> str:
        return ", ".join(
            f"p{percent:g} {figures.figure(latencies.percentile(percent) / 1000, 'ms')}"
            for percent in (50, 90, 99, 99.9)
        )

    text = f"Latency by percentile. From the intended start: {told(corrected)}."
    return text + (f" As sent: {told(as_sent)}." if as_sent.count else "")
