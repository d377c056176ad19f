"""Charts of a plan: the cost of a user over how many there are, and a day of pods."""

from collections.abc import Sequence
from math import log10
from typing import TYPE_CHECKING

from capacity import figures
from capacity.cost.curve import Point
from capacity.plan.shapes import PlanResult
from reports.charts.canvas import ALARM, FAINT, SERIES, draw
from reports.charts.over_time import HEIGHT_IN, Drawn, LegendRow

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_NEAR = 1e-6
_LEAST_SHARE = 1e-6
"""A provider that takes less of all bills together is not told."""


def cost_per_user(plan: PlanResult) -> Drawn:
    """A month's bill for each user, with the steps where a plan or machine changes."""
    points = _priced(plan.cost.curve)
    users = [one.users for one in points]
    each = [(one.usd or 0.0) / one.users for one in points]
    steps = [(one.users, value) for one, value in zip(points, each, strict=True) if one.steps]

    def paint(axes: "Axes") -> None:
        axes.plot(users, each, color=SERIES[0])
        if steps:
            axes.plot(
                [at for at, _ in steps],
                [value for _, value in steps],
                color=SERIES[1],
                marker="o",
                markersize=5,
                markeredgecolor="none",
                linestyle="none",
            )
        axes.set_yscale("log")
        _users_axis(axes, users)
        _planned(axes, plan.users)
        _plain_numbers(axes)

    title = "What a user costs"
    decades = [one for one in points if abs(log10(one.users) - round(log10(one.users))) < _NEAR]
    words = (
        f"{_each(points[0])} with {figures.count(users[0])} users, {_each(points[-1])} with "
        f"{figures.count(users[-1])}; {figures.plural(len(steps), 'step')}"
    )
    return Drawn(
        "cost-per-user",
        title,
        "A month's bill, payments apart, for each registered user: cheapest of all providers at "
        "each size, all assumptions in the middle. Dots: where a plan or a machine changes.",
        draw("cost-per-user", title, f"USD a user and month: {words}.", "USD", HEIGHT_IN, paint),
        [
            LegendRow(
                f"{figures.count(one.users)} users",
                1,
                f"${figures.number(one.usd or 0)}",
                _each(one),
            )
            for one in decades
        ],
    )


def cost_by_provider(plan: PlanResult) -> Drawn:
    """Who gets which part of a user's cost, stacked to the whole."""
    points = _priced(plan.cost.curve)
    users = [one.users for one in points]
    names = _providers(points)
    shares = {
        name: [100 * one.by_provider.get(name, 0.0) / max(one.usd or 0.0, 1e-9) for one in points]
        for name in names
    }

    def paint(axes: "Axes") -> None:
        axes.stackplot(
            users,
            *shares.values(),
            colors=[SERIES[number % len(SERIES)] for number in range(len(names))],
            edgecolor=FAINT,
            linewidth=0.4,
        )
        axes.set_ylim(0, 100)
        _users_axis(axes, users)
        _planned(axes, plan.users)

    title = "Who is paid for it"
    legend = [
        LegendRow(
            name,
            number,
            f"{figures.number(sum(shares[name]) / len(users))} %",
            f"{figures.number(max(shares[name]))} %",
        )
        for number, name in reversed(list(enumerate(names, start=1)))
    ]
    words = "; ".join(
        f"{row.label}: on average {row.mean}, at most {row.largest}" for row in legend
    )
    return Drawn(
        "cost-by-provider",
        title,
        "Each provider's part of the same bills, in per cent.",
        draw("cost-by-provider", title, f"{words}.", "%", HEIGHT_IN, paint),
        legend,
        stacked=True,
    )


def day_of_pods(plan: PlanResult) -> Drawn:
    """Pods through the day, as the autoscaler's rule brings them."""
    day = plan.day
    hours = [at * day.every_minutes / 60 for at in range(len(day.pods))]
    most = plan.resources.pods_most

    def paint(axes: "Axes") -> None:
        from matplotlib.ticker import MaxNLocator

        busy = [pods * used for pods, used in zip(day.pods, day.used, strict=True)]
        axes.step(hours, day.pods, color=SERIES[0], where="post")
        (drawn,) = axes.plot(hours, busy, color=SERIES[1])
        drawn.set_dashes((6, 2.5))
        axes.axhline(most, color=ALARM, linewidth=0.9, linestyle=(0, (1.5, 1.8)))
        axes.set_xlim(0, 24)
        axes.set_ylim(0, most * 1.2)
        axes.set_xticks([0, 4, 8, 12, 16, 20, 24])
        axes.set_xlabel("hour of the day", labelpad=3)
        axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))

    title = "Pods over the day"
    legend = [
        LegendRow("pods up", 1, figures.number(sum(day.pods) / len(day.pods)), str(max(day.pods))),
        LegendRow("pods' worth of CPU in use", 2, *_worth(plan)),
    ]
    words = "; ".join(
        f"{row.label}: on average {row.mean}, at most {row.largest}" for row in legend
    )
    return Drawn(
        "day-of-pods",
        title,
        f"By the blueprint's rule on an average day, all assumptions in the middle; dotted: the "
        f"plan's {most}.",
        draw("day-of-pods", title, f"{words}.", "pods", HEIGHT_IN, paint),
        legend,
    )


def _worth(plan: PlanResult) -> tuple[str, str]:
    busy = [pods * used for pods, used in zip(plan.day.pods, plan.day.used, strict=True)]
    return figures.number(sum(busy) / len(busy)), figures.number(max(busy))


def probability(plan: PlanResult) -> Drawn:
    """In what share of the draws the targets hold, by number of pods."""
    pods = [one.pods for one in plan.pods]
    lines = {
        "none lost": [100 * one.holds for one in plan.pods],
        "one pod and one replica lost": [100 * one.holds_one_lost for one in plan.pods],
    }

    def paint(axes: "Axes") -> None:
        from matplotlib.ticker import MaxNLocator

        for number, values in enumerate(lines.values()):
            (drawn,) = axes.plot(
                pods, values, color=SERIES[number], marker="o", markersize=4, markeredgecolor="none"
            )
            if number:
                drawn.set_dashes((6, 2.5))
        axes.axvline(
            plan.resources.pods_most, color=ALARM, linewidth=0.9, linestyle=(0, (1.5, 1.8))
        )
        axes.set_ylim(0, 105)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_xlabel("pods", labelpad=3)

    title = "Do the targets hold?"
    chosen = next(at for at, one in enumerate(plan.pods) if one.chosen)
    words = "; ".join(
        f"{name}: {figures.number(values[chosen])} % with the plan's {pods[chosen]} pods"
        for name, values in lines.items()
    )
    legend = [
        LegendRow(name, number, f"{figures.number(values[chosen])} %", f"{max(values):.0f} %")
        for number, (name, values) in enumerate(lines.items(), start=1)
    ]
    return Drawn(
        "probability",
        title,
        "Share of the draws in which all latency targets hold at the busiest seconds; dotted: the "
        "plan's pods.",
        draw("probability", title, f"{words}.", "%", HEIGHT_IN, paint),
        legend,
    )


def _priced(curve: Sequence[Point]) -> list[Point]:
    return [one for one in curve if one.usd is not None]


def _each(point: Point) -> str:
    return f"${figures.number((point.usd or 0.0) / point.users)}"


def _providers(points: Sequence[Point]) -> list[str]:
    """Those that take anything, the largest sum of shares at the bottom."""
    shares: dict[str, float] = {}
    for one in points:
        for name, usd in one.by_provider.items():
            shares[name] = shares.get(name, 0.0) + usd / max(one.usd or 0.0, 1e-9)
    names = sorted(shares, key=lambda one: -shares[one])
    return [name for name in names if shares[name] > _LEAST_SHARE]


def _planned(axes: "Axes", users: float) -> None:
    """Where this plan is; its name stands over the picture, where nothing is drawn.

    A plan for more than the axis reaches to is not on it.
    """
    if not users <= axes.get_xlim()[1]:
        return
    axes.axvline(users, color=ALARM, linewidth=0.9, linestyle=(0, (1.5, 1.8)))
    axes.annotate(
        "this plan",
        xy=(users, 1),
        xycoords=("data", "axes fraction"),
        xytext=(0, 5),
        textcoords="offset points",
        ha="center",
        color=ALARM,
    )


def _users_axis(axes: "Axes", users: Sequence[float]) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    axes.set_xscale("log")
    axes.set_xlim(users[0], users[-1])
    axes.xaxis.set_major_locator(LogLocator())
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _short(value)))
    axes.set_xlabel("registered users", labelpad=3)


def _short(users: float) -> str:
    return f"{users / 1e6:g}m" if users >= 1e6 else f"{users / 1e3:g}k"


def _plain_numbers(axes: "Axes") -> None:
    from matplotlib.ticker import FuncFormatter, NullLocator

    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_locator(NullLocator())
