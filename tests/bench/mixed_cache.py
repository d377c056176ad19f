"""How often the cache hits under the mixed load: of all lookups, by layer, and of requests.

python -m tests.bench.mixed_cache
"""

import tempfile
from pathlib import Path

from capacity.intervals import Interval
from capacity.measured import Measured, Unavailable
from capacity.metrics import measure
from stack import data, engine
from tests.bench.homes import a_home
from tests.bench.loaded import loaded

USERS, WARMUP_S, DURATION_S = 2_000, 20, 60
TARGET = 80
OF = {
    "lookups": f"of all lookups (target: over {TARGET} %)",
    "l1": "of all lookups, by the workers' memory",
    "l2": "of those that reached Redis, by Redis",
    "requests": "of requests that need data, without the database",
}


def hit_rates() -> dict[str, Measured | Unavailable]:
    """Percent by statistic of the metric `cache_hit_rate`."""
    with a_home() as home, tempfile.TemporaryDirectory(prefix="hmb-bench-") as folder:
        running = engine.up(home, bound=True)
        data.ensure_seeded(running, "small", 1, lambda line: None)
        seen = loaded(
            running, "mixed", Path(folder), users=USERS, warmup_s=WARMUP_S, duration_s=DURATION_S
        )
    return {statistic: measure(seen, "cache_hit_rate", statistic) for statistic in OF}


def main() -> None:
    """Print the figures."""
    for statistic, found in hit_rates().items():
        if isinstance(found, Unavailable):
            print(f"mixed: answered by the cache {OF[statistic]}: {found.reason}")
            continue
        print(
            f"mixed: answered by the cache {OF[statistic]}: {found.value:.1f} %"
            f"{_between(found.interval)} ({found.samples:,} {found.of})"
        )


def _between(sure: Interval | None) -> str:
    if sure is None or sure.low is None or sure.high is None:
        return ""
    return f", {sure.low:.1f} to {sure.high:.1f}"


if __name__ == "__main__":
    main()
