"""The live view of a load test: redrawn in place on a terminal, now and then a line elsewhere."""

import sys
from typing import TYPE_CHECKING

from capacity import figures
from cli.verdict_table import style

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import RenderableType
    from rich.live import Live

    from scenarios.live import Percentiles, Tick

_PLAIN_EVERY_S = 5
_TIERS = (
    ("pods", "service.backend-"),
    ("primary", "service.primary."),
    ("replicas", "service.replica-"),
    ("PgBouncer", "service.pgbouncer."),
    ("Redis", "service.redis."),
    ("nginx", "service.nginx."),
)
"""Tiers with what the names of their series begin with."""


class LiveView:
    """Shows each second of a run on stderr."""

    def __init__(self) -> None:
        self.on_terminal = sys.stderr.isatty()
        """Whether somebody looks on."""
        self._live: Live | None = None
        self._shown = 0

    def __call__(self, tick: "Tick") -> None:
        """Show one second."""
        self._shown += 1
        if self.on_terminal:
            self._redraw(tick)
        elif tick.elapsed_s >= tick.total_s or self._shown % _PLAIN_EVERY_S == 0:
            sys.stderr.write(f"{_line(tick)}\n")
            sys.stderr.flush()

    def _redraw(self, tick: "Tick") -> None:
        from rich.console import Console
        from rich.live import Live

        if self._live is None:
            self._live = Live(console=Console(stderr=True), auto_refresh=False)
            self._live.start()
        self._live.update(view(tick), refresh=True)

    def end(self) -> None:
        """Leave the view as it stands and go on below it."""
        if self._live is not None:
            self._live.stop()


def view(tick: "Tick") -> "RenderableType":
    """One second as a block of lines: progress, load, latencies, resources, SLOs."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    from reports.digest import SYMBOLS, WARNING

    table = Table.grid(padding=(0, 2))
    table.add_row("load", f"{_rates(tick)}, {_users(tick)}")
    table.add_row("last second", _latencies(tick.last_second))
    table.add_row("so far", _latencies(tick.so_far))
    trouble = Text(_trouble(tick), style="bold red" if tick.failures else "")
    table.add_row("trouble", trouble)
    table.add_row("CPU", _cpu(tick))
    for one in tick.standing:
        warns = one.missed and one.target.warn
        symbol = WARNING if warns else SYMBOLS[one.outcome]
        words = Text(f"{symbol} {one.words}", style=style(one.outcome, warns=warns))
        table.add_row(one.target.id, words)
    return Group(Text(_progress(tick), style="bold"), table)


def _line(tick: "Tick") -> str:
    parts = [_progress(tick), _users(tick), _rates(tick)]
    if tick.so_far is not None:
        parts.append(_latencies(tick.so_far))
    parts += [_trouble(tick), _cpu(tick)]
    missed = [one.target.id for one in tick.standing if one.missed]
    if missed:
        parts.append(f"missed until now: {', '.join(missed)}")
    return "  ".join(parts)


def _progress(tick: "Tick") -> str:
    return f"{tick.elapsed_s:4.0f}/{tick.total_s:.0f} s {tick.phase}"


def _users(tick: "Tick") -> str:
    return f"{figures.count(tick.users)} {'users' if tick.dropped is None else 'under way'}"


def _rates(tick: "Tick") -> str:
    achieved = f"{figures.number(tick.achieved_rate)} req/s"
    if tick.offered_rate is None:
        return achieved
    return f"{achieved} of {figures.number(tick.offered_rate)} offered"


def _latencies(found: "Percentiles | None") -> str:
    if found is None:
        return "nothing succeeded"
    shown = " / ".join(figures.number(one) for one in (found.p50, found.p95, found.p99))
    return f"p50 / p95 / p99 {shown} ms"


def _trouble(tick: "Tick") -> str:
    parts = [f"{figures.count(tick.failures)} failed"]
    if tick.dropped:
        parts.append(f"{figures.count(tick.dropped)} dropped")
    if tick.refusals:
        parts.append(f"{figures.count(tick.refusals)} refused")
    return ", ".join(parts)


def _cpu(tick: "Tick") -> str:
    """Cores in use by tier, as last sampled, and the generator's own share of one."""
    generator = f"generator {tick.generator_cpu * 100:.0f} % of a core"
    tiers = [
        f"{tier} {used:.2f}"
        for tier, beginning in _TIERS
        if (used := _used(tick.readings, beginning)) is not None
    ]
    return f"{generator}; cores: {', '.join(tiers)}" if tiers else generator


def _used(readings: "Mapping[str, float]", beginning: str) -> float | None:
    found = [
        value
        for series, value in readings.items()
        if series.startswith(beginning) and series.endswith(".cpu")
    ]
    return sum(found) if found else None
