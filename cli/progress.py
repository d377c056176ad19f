"""The live view of a load test: one line, rewritten on a terminal, now and then elsewhere."""

import sys
from typing import TYPE_CHECKING

from capacity import figures

if TYPE_CHECKING:
    from scenarios.live import Tick

_PLAIN_EVERY_S = 5


class LiveLine:
    """Shows each second of a run on stderr."""

    def __init__(self) -> None:
        self._rewrites = sys.stderr.isatty()
        self._shown = 0

    def __call__(self, tick: "Tick") -> None:
        """Show one second."""
        self._shown += 1
        last = tick.elapsed_s >= tick.total_s
        if self._rewrites:
            sys.stderr.write(f"\r\x1b[K{_line(tick)}")
        elif last or self._shown % _PLAIN_EVERY_S == 0:
            sys.stderr.write(f"{_line(tick)}\n")
        sys.stderr.flush()

    def end(self) -> None:
        """Leave the line as it stands and go on below it."""
        if self._rewrites and self._shown:
            sys.stderr.write("\n")
            sys.stderr.flush()


def _line(tick: "Tick") -> str:
    parts = [
        f"{tick.elapsed_s:4.0f}/{tick.total_s:.0f} s {tick.phase}",
        f"{figures.count(tick.users)} {'users' if tick.dropped is None else 'under way'}",
        _rates(tick),
    ]
    if tick.so_far is not None:
        found = tick.so_far
        parts.append(
            "p50 / p95 / p99 "
            f"{figures.number(found.p50)} / {figures.number(found.p95)} / "
            f"{figures.number(found.p99)} ms"
        )
    parts.append(f"{figures.count(tick.failures)} failed")
    if tick.dropped:
        parts.append(f"{figures.count(tick.dropped)} dropped")
    if tick.refusals:
        parts.append(f"{figures.count(tick.refusals)} refused")
    parts.append(f"generator {tick.generator_cpu * 100:.0f} % of a core")
    return "  ".join(parts)


def _rates(tick: "Tick") -> str:
    achieved = f"{figures.number(tick.achieved_rate)} req/s"
    if tick.offered_rate is None:
        return achieved
    return f"{achieved} of {figures.number(tick.offered_rate)} offered"
