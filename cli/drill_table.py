"""All drills as one table on the terminal."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from capacity import figures

if TYPE_CHECKING:
    from reports.drill import Summary

_COLUMNS = "{:<21} {:<13} {:>14} {:>15} {:>12} {:>5} {:>8} {:>9} {:>9}"
_HEAD = (
    "drill",
    "verdict",
    "GETs failed",
    "writes failed",
    "acknowledged",
    "lost",
    "doubled",
    "outage",
    "healed in",
)


def show(told: "Sequence[Summary]") -> None:
    """Print the table to stdout, then what each drill that did not pass found."""
    lines = [_COLUMNS.format(*_HEAD), *(_line(one) for one in told)]
    lines += [f"{one.name}: {one.headline}" for one in told if one.state != "passed"]
    sys.stdout.writelines(f"{line.rstrip()}\n" for line in lines)
    sys.stdout.flush()


def _line(one: "Summary") -> str:
    return _COLUMNS.format(
        one.name,
        one.state,
        f"{figures.count(one.gets_failed)} / {figures.count(one.gets)}",
        f"{figures.count(one.writes_failed)} / {figures.count(one.writes)}",
        _counted(one.acknowledged),
        _counted(one.lost),
        _counted(one.doubled),
        figures.figure(one.outage_s, "s"),
        figures.figure(one.healing_s, "s"),
    )


def _counted(value: int | None) -> str:
    return figures.MISSING if value is None else figures.count(value)
