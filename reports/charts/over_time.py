"""Charts over the time of a run: one time axis for all, the warm-up shaded on each."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from capacity import figures
from capacity.run import Phase, Run
from reports.charts.canvas import ALARM, DASHES, FAINT, LABEL_LIFT, PAPER, SERIES, SHADE, draw

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

MOST_POINTS = 300
"""Longer runs are binned to about this many points a line: a picture has no more pixels."""
HEIGHT_IN = 2.5
_LETTER_PT = 7
"""Room for a letter, in points."""
_MARK_STEP_PT, _MARK_STEPS = 13, 3
_LIMIT_IN_SIGHT = 0.35
"""A limit is drawn only if the readings reach this share of it; it stands in the table anyway."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line or band: its `values` by second, in the chart's unit.

    `peaks`: what matters is the worst second, so binning keeps the largest.
    """

    label: str
    values: "pd.Series[float]"
    peaks: bool = False


@dataclass(frozen=True, slots=True)
class LegendRow:
    """A line's name and figures over the measured time; `swatch` is its number, from 1."""

    label: str
    swatch: int
    mean: str
    largest: str


@dataclass(frozen=True, slots=True)
class TimeChart:
    """A chart before it is drawn.

    `unit` is how the figures are told, `scale` what the values are multiplied
    by to stand on the axis in `axis_unit` (both default to the unit itself).
    `limits` are values in `unit` with their names.
    """

    name: str
    title: str
    caption: str
    unit: str
    lines: Sequence[Line]
    stacked: bool = False
    limits: tuple[tuple[float, str], ...] = ()
    axis_unit: str = ""
    scale: float = 1.0


@dataclass(frozen=True, slots=True)
class Drawn:
    """A chart as the page shows it."""

    name: str
    title: str
    caption: str
    svg: str
    legend: list[LegendRow] = field(default_factory=list)
    stacked: bool = False


@dataclass(frozen=True, slots=True)
class TimeAxis:
    """The axis all charts of a run share: its length and its warm-ups, in seconds.

    `marks` are moments with their names, drawn on every chart.
    """

    end_s: float
    warmups: tuple[tuple[float, float], ...]
    measured: tuple[tuple[float, float], ...]
    marks: tuple[tuple[float, str], ...] = ()

    @classmethod
    def of(
        cls, run: Run, timeline: "pd.DataFrame", marks: Iterable[tuple[float, str]] = ()
    ) -> "TimeAxis":
        """The axis that holds every step and every second of the timeline."""
        ends = [step.end_s for step in run.steps]
        if len(timeline):
            ends.append(float(timeline.index.max()) + 1)
        spans = {
            phase: tuple((s.start_s, s.end_s) for s in run.steps if s.phase is phase)
            for phase in Phase
        }
        end_s = max(ends, default=1.0)
        return cls(end_s, spans[Phase.WARMUP], spans[Phase.MEASURED], tuple(marks))

    @property
    def in_minutes(self) -> bool:
        """Whether the run is long enough to be told in minutes."""
        return self.end_s > 600


def render(chart: TimeChart, axis: TimeAxis) -> Drawn | None:
    """The chart drawn; None when none of its lines has a reading."""
    lines = [line for line in chart.lines if line.values.notna().any()]
    if not lines:
        return None
    legend = [_legend(line, number, chart.unit, axis) for number, line in enumerate(lines, start=1)]
    for value, name in chart.limits:
        legend.append(LegendRow(name, 0, figures.MISSING, figures.figure(value, chart.unit)))

    unit = chart.axis_unit or chart.unit

    def paint(axes: "Axes") -> None:
        _frame(axes, axis, unit)
        if chart.stacked:
            _stack(axes, lines, chart.scale)
        else:
            _trace(axes, lines, chart.scale)
        for value, name in chart.limits:
            _limit(axes, value * chart.scale, name)
        _labels(axes)

    svg = draw(chart.name, chart.title, _describe(chart, legend), unit, HEIGHT_IN, paint)
    shown = legend[: len(lines)][::-1] + legend[len(lines) :] if chart.stacked else legend
    return Drawn(chart.name, chart.title, chart.caption, svg, shown, chart.stacked)


def _legend(line: Line, number: int, unit: str, axis: TimeAxis) -> LegendRow:
    values = line.values.dropna()
    seconds = values.index
    inside = seconds < 0
    for start, end in axis.measured:
        inside = inside | ((seconds >= start) & (seconds < end))
    measured = values[inside]
    if measured.empty:
        return LegendRow(line.label, number, figures.MISSING, figures.MISSING)
    return LegendRow(
        line.label,
        number,
        figures.figure(float(measured.mean()), unit),
        figures.figure(float(measured.max()), unit),
    )


def _describe(chart: TimeChart, legend: Sequence[LegendRow]) -> str:
    parts = [
        f"{row.label}: mean {row.mean}, largest {row.largest}"
        if row.swatch
        else f"{row.label}: {row.largest}"
        for row in legend
    ]
    return f"{chart.caption} While measuring: {'; '.join(parts)}."


def _frame(axes: "Axes", axis: TimeAxis, unit: str) -> None:
    """The shared time axis with its warm-ups; their label keeps clear of the `unit`."""
    per = 60.0 if axis.in_minutes else 1.0
    axes.set_xlim(0, axis.end_s)
    axes.set_xlabel(f"time since start, {'min' if axis.in_minutes else 's'}", labelpad=3)
    ticks = _ticks(axis.end_s / per)
    axes.set_xticks([tick * per for tick in ticks], [f"{tick:g}" for tick in ticks])
    for start, end in axis.warmups:
        axes.axvspan(start, end, facecolor=SHADE, edgecolor="none", zorder=0)
        axes.annotate(
            "warm-up",
            xy=(start, 1),
            xycoords=("data", "axes fraction"),
            xytext=(4 if start else max(4, _LETTER_PT * len(unit) - 34), LABEL_LIFT),
            textcoords="offset points",
            va="baseline",
            color=FAINT,
        )

    _marks(axes, axis.marks)


def _marks(axes: "Axes", marks: Sequence[tuple[float, str]]) -> None:
    """A line at each moment; names that would lie on one another go down step by step."""
    for number, (at_s, name) in enumerate(marks):
        axes.axvline(at_s, color=ALARM, linewidth=0.9, linestyle=(0, (1.5, 1.8)), zorder=1)
        axes.annotate(
            name,
            xy=(at_s, 1),
            xycoords=("data", "axes fraction"),
            xytext=(3, -_MARK_STEP_PT * (number % _MARK_STEPS) - 2),
            textcoords="offset points",
            va="top",
            color=ALARM,
        )


def _ticks(length: float) -> list[float]:
    """Round numbers from 0 to `length`, five to eight of them."""
    for step in (1, 2, 5, 10, 20, 30, 60, 120, 300, 600):
        if length / step <= 8:
            break
    else:
        step = 10 ** len(str(int(length / 8)))
    return [float(step * number) for number in range(int(length // step) + 1)]


def _binned(line: Line) -> "pd.Series[float]":
    values = line.values
    width = -(-len(values) // MOST_POINTS)
    if width <= 1:
        return values
    groups = values.groupby(values.index // width * width)
    return groups.max() if line.peaks else groups.mean()


def _trace(axes: "Axes", lines: Sequence[Line], scale: float) -> None:
    # the first line is what matters most: it is drawn last, on top
    for number, line in reversed(list(enumerate(lines))):
        values = _binned(line) * scale
        colour = SERIES[number % len(SERIES)]
        (drawn,) = axes.plot(values.index.to_numpy() + 0.5, values.to_numpy(), color=colour)
        if dash := DASHES[number % len(DASHES)]:
            drawn.set_dashes(dash)
        alone = values[values.shift().isna() & values.shift(-1).isna()].dropna()
        if len(alone):  # a reading between two gaps makes no line
            axes.plot(
                alone.index.to_numpy() + 0.5,
                alone.to_numpy(),
                linestyle="none",
                marker="o",
                markersize=3,
                markerfacecolor=colour,
                markeredgecolor="none",
            )
    axes.set_ylim(bottom=0)


def _stack(axes: "Axes", lines: Sequence[Line], scale: float) -> None:
    """Bands on one another; a second in which most were not read stays a gap, not a dip."""
    import pandas as pd

    bands = pd.DataFrame({number: _binned(line) * scale for number, line in enumerate(lines)})
    read = bands.notna().mean(axis=1) >= 0.5
    bands = bands.fillna(0.0).where(read, float("nan"))
    below: Any = 0.0
    for number in range(len(lines)):
        top = below + bands[number].to_numpy()
        axes.fill_between(
            bands.index.to_numpy() + 0.5,
            below,
            top,
            facecolor=SERIES[number % len(SERIES)],
            edgecolor=PAPER,
            linewidth=0.7,
        )
        below = top
    axes.set_ylim(bottom=0)


def _limit(axes: "Axes", value: float, name: str) -> None:
    if axes.get_ylim()[1] < _LIMIT_IN_SIGHT * value:
        return
    (drawn,) = axes.plot(axes.get_xlim(), [value, value], color=ALARM, linewidth=1.2)
    drawn.set_dashes((2, 2))
    axes.set_ylim(top=max(axes.get_ylim()[1], value * 1.08))
    axes.annotate(
        name,
        xy=(1, value),
        xycoords=("axes fraction", "data"),
        xytext=(-2, -3),
        textcoords="offset points",
        ha="right",
        va="top",
        color=ALARM,
    )


def _labels(axes: "Axes") -> None:
    """Few round numbers up the side; a chart of nothing but zeros keeps a height."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    if axes.get_ylim()[1] < 1e-9 or not axes.has_data() or _flat(axes):
        axes.set_ylim(0, 1)
    axes.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 2.5, 5, 10], min_n_ticks=3))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.6g}"))


def _flat(axes: "Axes") -> bool:
    """Whether everything drawn lies on zero."""
    return bool(axes.dataLim.y1 <= 0)
