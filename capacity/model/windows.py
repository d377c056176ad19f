"""From records to windows: how often each endpoint was asked, and what each tier used meanwhile."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import numpy as np

from capacity.demands import Layer, Tier
from capacity.model import recency
from capacity.model.expiries import expiries
from capacity.model.material import Material
from capacity.observation import Observation
from capacity.run import Step

if TYPE_CHECKING:
    import pandas as pd

    from capacity.model.arrays import Row, Rows

WINDOW_S = 3
"""Long beside a request, so that one counts where its CPU is; short beside a run."""

TIER_CPU: dict[Tier, str] = {
    Tier.NGINX: "service.nginx.cpu",
    Tier.PODS: "service.backend*.cpu",
    Tier.PGBOUNCER: "service.pgbouncer.cpu",
    Tier.PRIMARY: "service.primary.cpu",
    Tier.REPLICAS: "service.replica*.cpu",
    Tier.REDIS: "service.redis.cpu",
}
COUNTED = {
    "queries": "postgres.*.queries",
    "redis_commands": "redis.commands",
    "rows_written": "postgres.primary.rows_written",
    "statement_s": "postgres.*.query_time",
    # a gauge by the second: its sum is connection-seconds, by Little's law the mean time held
    "held_s": "pgbouncer.servers_active",
}
_LAYERS = {layer: f"pod.*.served_{layer.value}" for layer in Layer if layer is not Layer.NGINX}
_RENEWALS = {"renewals": "pod.*.cache_renewals"}


@dataclass(frozen=True, slots=True)
class Windows:
    """Stretches of `seconds` of all runs, in order; `run` says which run each is of.

    `requests` has a row per window and a column per endpoint; everything else one figure per
    window: CPU seconds by tier, those of what shares the machine, counts, requests by deepest
    layer reached for them (a column per `Layer`; None when no record tells), the pods there
    were, and the processes that answer. `asked` is how many requests of each endpoint a cache
    that keeps it remembers at the window's middle (`capacity.model.recency`), `brief` those
    that nginx does; 0 where it is not kept.
    """

    seconds: int
    endpoints: tuple[str, ...]
    requests: "Rows"
    cpu: "dict[Tier, Row]"
    beside: "Row"
    counted: "dict[str, Row]"
    layers: "Rows | None"
    run: "Row"
    pods: "Row"
    processes: "Row"
    asked: "Rows"
    brief: "Rows"

    def only(self, chosen: "np.ndarray") -> "Windows":
        """Those windows for which `chosen` holds."""
        return Windows(
            seconds=self.seconds,
            endpoints=self.endpoints,
            requests=self.requests[chosen],
            cpu={tier: used[chosen] for tier, used in self.cpu.items()},
            beside=self.beside[chosen],
            counted={name: used[chosen] for name, used in self.counted.items()},
            layers=None if self.layers is None else self.layers[chosen],
            run=self.run[chosen],
            pods=self.pods[chosen],
            processes=self.processes[chosen],
            asked=self.asked[chosen],
            brief=self.brief[chosen],
        )


@dataclass(frozen=True, slots=True)
class _Cut:
    """The windows of one run: by second, everything they are made of."""

    counts: dict[str, Counter[int]]
    readings: "pd.DataFrame"
    starts: list[int]


def cut(
    materials: Sequence[Material], seconds: int = WINDOW_S, others: Sequence[Material] = ()
) -> Windows:
    """The windows of all measured steps; those in which a reading is missing are left out.

    `others` are all runs of the same calibration: caches remember those that are not cut too.
    """
    cuts = [_cut(material, seconds) for material in materials]
    endpoints = tuple(sorted({name for one in cuts for name in one.counts}))
    rows = [
        [
            sum(one.counts[name][start + s] for s in range(seconds)) if name in one.counts else 0
            for name in endpoints
        ]
        for one in cuts
        for start in one.starts
    ]
    requests = np.array(rows, dtype=float).reshape(len(rows), len(endpoints))

    def total(column: str) -> "Row":
        return np.array(
            [
                float(one.readings[column].loc[start : start + seconds - 1].sum())
                for one in cuts
                for start in one.starts
            ]
        )

    told = {name for name in COUNTED if all(name in one.readings for one in cuts)}
    layers = None
    if all(set(_LAYERS) <= set(one.readings) for one in cuts):
        by_pods: dict[Layer, Row] = {layer: total(layer) for layer in _LAYERS}
        if all("renewals" in one.readings for one in cuts):
            _charge(by_pods, total("renewals"))
        of_pods = np.column_stack(list(by_pods.values()))
        # what ended at the client and no pod counted, nginx answered itself
        of_nginx = np.maximum(0.0, requests.sum(axis=1) - of_pods.sum(axis=1))
        layers = np.column_stack([of_nginx, of_pods])

    def of_run(figures: Iterator[float]) -> "Row":
        return np.array(
            [figure for figure, one in zip(figures, cuts, strict=True) for _ in one.starts]
        )

    asked, brief = _remembered(materials, others, cuts, endpoints, seconds)
    return Windows(
        seconds=seconds,
        endpoints=endpoints,
        requests=requests,
        cpu={tier: total(tier) for tier in Tier},
        beside=total("beside"),
        counted={name: total(name) for name in COUNTED if name in told},
        layers=layers,
        run=of_run(float(number) for number in range(len(cuts))),
        pods=of_run(float(len(one.seen.pods)) for one in materials),
        processes=of_run(float(_processes(one)) for one in materials),
        asked=asked,
        brief=brief,
    )


def _charge(by_pods: "dict[Layer, Row]", renewals: "Row") -> None:
    """Count the requests that had a value renewed behind them as the database's.

    They were answered from memory, and cost what those that wait for a load cost.
    """
    behind = np.minimum(renewals, by_pods[Layer.L1])
    by_pods[Layer.L1] = by_pods[Layer.L1] - behind
    by_pods[Layer.DB] = by_pods[Layer.DB] + behind


def _processes(material: Material) -> int:
    """How many processes answer, each with a memory of its own."""
    workers = (material.seen.run.where.topology or {}).get("workers_per_pod")
    return max(1, len(material.seen.pods) * (workers if isinstance(workers, int) else 1))


def _remembered(
    materials: Sequence[Material],
    others: Sequence[Material],
    cuts: Sequence[_Cut],
    endpoints: Sequence[str],
    seconds: int,
) -> "tuple[Rows, Rows]":
    """By window and endpoint the requests within a life of what is kept, and of nginx's copies."""
    known = expiries()
    by_id = {one.id: one for one in (*materials, *others)}
    everything = list(by_id.values())
    whole = [np.zeros((sum(len(one.starts) for one in cuts), len(endpoints))) for _ in range(2)]
    first = 0
    for material, one in zip(materials, cuts, strict=True):
        earlier = recency.before(material, everything)
        counts = {each.id: recency.counted(each.cells) for each in (*earlier, material)}
        middles = [start + seconds / 2 for start in one.starts]
        rows = slice(first, first + len(middles))
        first += len(middles)
        for column, endpoint in enumerate(endpoints):
            kept = known.of(endpoint)
            lives = () if kept is None else (kept.life_s, known.nginx_s if kept.public else 0.0)
            for table, life_s in zip(whole, lives, strict=False):
                if life_s:
                    table[rows, column] = recency.asked(
                        material, earlier, counts, endpoint, middles, life_s
                    )
    return whole[0], whole[1]


def _cut(material: Material, seconds: int) -> _Cut:
    readings = _readings(material.seen)
    whole = set(readings.dropna().index)
    starts = [
        start
        for step in material.seen.run.measured_steps()
        for start in _starts(step, seconds)
        if all(start + s in whole for s in range(seconds))
    ]
    return _Cut(recency.counted(material.cells), readings, starts)


def _starts(step: Step, seconds: int) -> Iterator[int]:
    first = int(-(-step.start_s // 1))
    yield from range(first, int(step.end_s) - seconds + 1, seconds)


def _readings(seen: Observation) -> "pd.DataFrame":
    """Per second what the windows add up, by tier, layer and name."""
    import pandas as pd

    columns = list(seen.timeline.columns)
    patterns: dict[str, str] = {
        str(name): pattern
        for known in (TIER_CPU, COUNTED, _LAYERS, _RENEWALS)
        for name, pattern in known.items()
    }
    # a tier that is not there (no replicas) uses nothing; a count nobody made is not known
    found = {
        name: seen.timeline[[c for c in columns if fnmatchcase(c, pattern)]].sum(
            axis=1, skipna=False
        )
        for name, pattern in patterns.items()
        if name in TIER_CPU or any(fnmatchcase(c, pattern) for c in columns)
    }
    of_tiers = [c for c in columns for p in TIER_CPU.values() if fnmatchcase(c, p)]
    others = [c for c in columns if fnmatchcase(c, "service.*.cpu") and c not in of_tiers]
    beside = [*others, *(c for c in columns if c == "generator.cpu_total")]
    found["beside"] = seen.timeline[beside].sum(axis=1, skipna=False)
    return pd.DataFrame(found)
