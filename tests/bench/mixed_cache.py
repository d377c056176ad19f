"""How often the cache hits under the mixed load: of all lookups, by layer, and by what is sought.

The longest part is the warm-up: what lives for ten minutes is first looked up, and missed, for
as long, and a shorter one would measure how cold the caches begin. Who has which tier is known
for longer: of that some 5 % are missed here instead of 10, a fifth of a point of all lookups. How
often a cache hits depends on how often the same thing is asked for while it lives, and so on the
rate: a number of users other than the scenario's can be named.

    python -m tests.bench.mixed_cache [users]
"""

import sys
import tempfile
from collections import Counter
from pathlib import Path

from capacity.intervals import Interval
from capacity.measured import Measured, Unavailable
from capacity.metrics import measure
from capacity.observation import Observation
from capacity.run import Phase
from scenarios import catalogue
from scenarios.live import Tick
from stack import data, engine
from stack.state import Running
from tests.bench.counters import counted
from tests.bench.homes import a_home
from tests.bench.loaded import loaded

WARMUP_S, DURATION_S = 600, 60
TARGET = 80
KINDS_SHOWN = 12
OF = {
    "lookups": f"of all lookups (target: over {TARGET} %)",
    "l1": "of all lookups, by the workers' memory",
    "l2": "of those that reached Redis, by Redis",
    "requests": "of requests that need data, without the database",
}

Lookups = Counter[tuple[str, str]]
"""By what was looked up and the layer that answered."""


class Watch:
    """What the workers looked up in the measured time, read from their own counters."""

    def __init__(self, running: Running) -> None:
        self._running = running
        self._before: Lookups | None = None

    def second(self, tick: Tick) -> None:
        """Note where counting begins."""
        if self._before is None and tick.phase is Phase.MEASURED:
            self._before = self._now()

    def found(self) -> Lookups:
        """Since then."""
        return self._now() - (self._before or Counter())

    def _now(self) -> Lookups:
        total: Lookups = Counter()
        for sample in counted(self._running, "cache_lookups_total"):
            total[sample.labels["of"], sample.labels["layer"]] += round(sample.value)
        return total


def run(users: int) -> tuple[Observation, Lookups]:
    """What was seen of so many users, and what was looked up for them."""
    with a_home() as home, tempfile.TemporaryDirectory(prefix="hmb-bench-") as folder:
        running = engine.up(home, bound=True)
        data.ensure_seeded(running, "small", 1, lambda line: None)
        watch = Watch(running)
        seen = loaded(
            running,
            "mixed",
            Path(folder),
            users=users,
            warmup_s=WARMUP_S,
            duration_s=DURATION_S,
            on_second=watch.second,
        )
        return seen, watch.found()


def with_nginx(seen: Observation) -> float:
    """Percent found in any cache, nginx's among them, of what was sought in one.

    The scenario asks nginx for nothing but what the pods answer, so what never came to a pod
    nginx had kept. A lookup for it did not happen, but would have hit.
    """
    window = seen.window

    def total(end: str) -> float:
        names = (str(one) for one in window.columns)
        return float(
            window[[n for n in names if n.startswith("pod.") and n.endswith(end)]].sum().sum()
        )

    kept = max(0.0, float(window["load.requests"].sum()) - total(".requests"))
    hits = kept + total(".cache_l1_hits") + total(".cache_l2_hits")
    return 100 * hits / (hits + total(".cache_misses"))


def main() -> None:
    """Print the figures."""
    users = int(sys.argv[1]) if len(sys.argv) > 1 else catalogue.load("mixed").users
    seen, lookups = run(users)
    rate = seen.window["load.requests"].mean()
    print(f"mixed: {users:,} users, {rate:.0f} requests a second")
    for statistic in OF:
        found = measure(seen, "cache_hit_rate", statistic)
        if isinstance(found, Unavailable):
            print(f"mixed: answered by the cache {OF[statistic]}: {found.reason}")
            continue
        print(f"mixed: answered by the cache {OF[statistic]}: {_said(found)}")
    print(f"mixed: found in any cache, nginx's among them: {with_nginx(seen):.1f} %")
    _tell_kinds(lookups)


def _tell_kinds(lookups: Lookups) -> None:
    missed = Counter({of: many for (of, layer), many in lookups.items() if layer == "miss"})
    print(f"{'looked up':<22}{'lookups':>9}{'hits':>8}   of all misses")
    for of, misses in missed.most_common(KINDS_SHOWN):
        every = sum(lookups[of, layer] for layer in ("l1", "l2", "miss"))
        print(f"{of:<22}{every:>9,}{1 - misses / every:>8.1%}{misses / missed.total():>12.1%}")


def _said(found: Measured) -> str:
    return f"{found.value:.1f} %{_between(found.interval)} ({found.samples:,} {found.of})"


def _between(sure: Interval | None) -> str:
    if sure is None or sure.low is None or sure.high is None:
        return ""
    return f", {sure.low:.1f} to {sure.high:.1f}"


if __name__ == "__main__":
    main()
