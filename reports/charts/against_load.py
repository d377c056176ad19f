"""One chart of a sweep: latency, throughput and resources over the same axis of offered load."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from capacity import figures
from capacity.sweep import Level, State, Sweep
from reports.charts.canvas import ALARM, DASHES, FAINT, SERIES, draw

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_HEIGHT_IN = 2.3
_MOST_RESOURCES = 4


@dataclass(frozen=True, slots=True)
class Curve:
    """One figure of every level, None where a level has none."""

    label: str
    values: list[float | None]


@dataclass(frozen=True, slots=True)
class Panel:
    """One of the parts that lie below each other, drawn."""

    title: str
    labels: list[str]
    svg: str


def panels(sweep: Sweep) -> list[Panel]:
    """Latency, throughput and resources, each against arrivals a second."""
    levels = _once(sweep)
    rates = [level.rate for level in levels]
    latency = [
        Curve("p50", [level.p50_ms for level in levels]),
        Curve("p95", [level.p95_ms for level in levels]),
        Curve("p99", [level.p99_ms for level in levels]),
    ]
    throughput = [
        Curve("answered well", [level.achieved for level in levels]),
        Curve("offered", [level.offered for level in levels]),
    ]
    marks = _marks(sweep)

    def panel(name: str, title: str, unit: str, curves: Sequence[Curve], log: bool) -> Panel:
        svg = draw(
            f"sweep-{name}",
            title,
            _describe(curves, rates, unit),
            unit,
            _HEIGHT_IN,
            _painter(rates, curves, marks, log=log),
        )
        return Panel(title, [curve.label for curve in curves], svg)

    return [
        panel("latency", "Latency", "ms", latency, True),
        panel("throughput", "Throughput", "req/s", throughput, False),
        panel("resources", "Resources in use", "%", _resources(levels), False),
    ]


def _once(sweep: Sweep) -> list[Level]:
    """One level of each rate: what confirms stands for what it confirms."""
    by_rate = {level.rate: level for level in sweep.levels if level.state is not State.INVALID}
    return [by_rate[rate] for rate in sorted(by_rate)]


def _resources(levels: Sequence[Level]) -> list[Curve]:
    """The resources that were used most at any level."""
    shares = [{use.resource: 100 * use.share for use in level.uses} for level in levels]
    names = {name for share in shares for name in share}
    busiest = sorted(names, key=lambda name: (-max(share.get(name, 0.0) for share in shares), name))
    return [
        Curve(name, [share.get(name) for share in shares]) for name in busiest[:_MOST_RESOURCES]
    ]


def _marks(sweep: Sweep) -> list[tuple[float, str]]:
    marks = []
    knee, largest = sweep.knee(), sweep.largest()
    if knee is not None:
        marks.append((knee.offered, "knee"))
    if largest.low is not None:
        marks.append((largest.low, "largest within targets"))
    return marks


def _painter(
    rates: Sequence[float],
    curves: Sequence[Curve],
    marks: Sequence[tuple[float, str]],
    *,
    log: bool,
) -> "Callable[[Axes], None]":
    def paint(axes: "Axes") -> None:
        for number, curve in reversed(list(enumerate(curves))):
            seen = [
                (rate, value)
                for rate, value in zip(rates, curve.values, strict=True)
                if value is not None
            ]
            (drawn,) = axes.plot(
                [rate for rate, _ in seen],
                [value for _, value in seen],
                color=SERIES[number],
                marker="o",
                markersize=4,
                markeredgecolor="none",
            )
            if DASHES[number]:
                drawn.set_dashes(DASHES[number])
        _frame(axes, rates, log=log)
        for number, (rate, name) in enumerate(marks):
            axes.axvline(rate, color=ALARM, linewidth=0.9, linestyle=(0, (1.5, 1.8)), zorder=1)
            is_right = (rate / rates[0]) ** 2 > rates[-1] / rates[0]  # of the axis' middle
            axes.annotate(
                name,
                xy=(rate, 1),
                xycoords=("data", "axes fraction"),
                xytext=(-3 if is_right else 3, -2 - 13 * number),
                textcoords="offset points",
                ha="right" if is_right else "left",
                va="top",
                color=ALARM,
            )

    return paint


def _frame(axes: "Axes", rates: Sequence[float], *, log: bool) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator

    axes.set_xscale("log")
    low, high = min(rates, default=1.0), max(rates, default=10.0)
    axes.set_xlim(low / 1.15, high * 1.15)
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.6g}"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("offered, arrivals/s", labelpad=3, color=FAINT)
    if log:
        axes.set_yscale("log")
        axes.yaxis.set_minor_formatter(NullFormatter())
    else:
        axes.set_ylim(bottom=0)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.6g}"))


def _describe(curves: Sequence[Curve], rates: Sequence[float], unit: str) -> str:
    """Every curve's ends in words."""
    parts = []
    for curve in curves:
        seen = [pair for pair in zip(rates, curve.values, strict=True) if pair[1] is not None]
        if seen:
            (first, low), (last, high) = seen[0], seen[-1]
            parts.append(
                f"{curve.label}: {figures.figure(low, unit)} at {figures.exact(first)}/s, "
                f"{figures.figure(high, unit)} at {figures.exact(last)}/s"
            )
    return "; ".join(parts) + "."
