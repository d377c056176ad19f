"""What a page needs to plan again while somebody moves its sliders.

The closed forms (traffic, demands, queues, money) are few enough to be told as constants; the
bill follows price lists with steps and an autoscaler's day, so it is told as a grid, and so
are tails, which take a simulation (`capacity.plan.tail_grid`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from pydantic import BaseModel, ConfigDict

from capacity.cost.catalogue import Catalogue, Layer
from capacity.demands import Tier
from capacity.plan.assumed import Assumed, answered_as
from capacity.plan.budget import bills
from capacity.plan.costing import fees_by_tier
from capacity.plan.demand_inputs import sharing
from capacity.plan.limits import Design
from capacity.plan.shapes import PlanResult
from capacity.plan.sizing import needs, whole_cores
from capacity.plan.tail_grid import Simulating, TailGrid, tail_grid
from capacity.plan.worlds import repeated, world
from capacity.population.traffic import FEWEST, MOST, PAID

_USERS_EACH_WAY = 10.0
"""The users' slider reaches from a tenth of the plan's to ten times as many."""
_POINTS = 12
"""Of the grid's users, to each side of the plan's."""
_DAILY = (0.02, 0.05, 0.1, 0.2, 0.4)
_PEAK = (1.5, 3.0, 6.0)
_HIT = (0.0, 0.5, 0.95)
_MOST_PODS = 40


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Slider(_Part):
    """An input somebody moves: from `low` to `high`, beginning at `start`."""

    low: float
    start: float
    high: float


class TierCost(_Part):
    """A tier's CPU seconds per request, and what the cache and the data make of them.

    `seconds` as measured, on the planned machines, with as many users as `Constants.seeded`;
    of them the part `cached` goes with the misses; `miss_extra` comes on top for each share
    of hits lost, `elsewhere` for hits in other caches than in the runs; `growth` is the
    exponent of the users; `idle_cores` are used for each pod.
    """

    seconds: float
    cached: float
    miss_extra: float
    elsewhere: float
    growth: float
    idle_cores: float


class Grid(_Part):
    """The bill in USD a month over four axes, the last varying fastest; None: not carried.

    `at_start` is the bill where all sliders begin.
    """

    users: tuple[float, ...]
    daily_share: tuple[float, ...]
    over_mean: tuple[float, ...]
    hit_rate: tuple[float, ...]
    usd: tuple[float | None, ...]
    at_start: float | None


class WhatIf(_Part):
    """Sliders, constants, and grids of bill and tails; all other assumptions are in the middle.

    `inputs` are the middles by name, `design` the plan's stations, `rules` the plan's by name,
    `fee_of_usd` and `fee_of_charge` what a dollar and a payment cost.
    """

    sliders: dict[str, Slider]
    inputs: dict[str, float]
    design: dict[str, float]
    rules: dict[str, float]
    tiers: dict[Tier, TierCost]
    queries_cached: float
    hit_rate: float
    seeded: float | None
    service_cv2: float
    fee_of_usd: float
    fee_of_charge: float
    bill: Grid
    tails: TailGrid


def what_if(
    given: Assumed,
    plan: PlanResult,
    catalogues: Sequence[Catalogue],
    providers: Sequence[str],
    simulating: Simulating,
) -> WhatIf:
    """The constants of `plan`, which was made from `given` with these `providers` preferred.

    Caches answer as in the plan wherever the other sliders are: the hit rate has its own.
    """
    planned = needs(given.model, plan.users, given.inputs.mids(), given.rules).demands
    given = answered_as(given, planned.answered)
    middle = {name: one.mid for name, one in given.inputs.known.items()}
    taken = {line.x_layer: line.ProviderName for line in plan.cost.invoice}
    share = sharing(given.model, planned.answered)
    speed = middle["machine.speed"]
    fees = _fees(given, plan.users, catalogues, taken.get(Layer.PAYMENTS))
    sliders = _sliders(plan, middle, cached=bool(share.asked))
    built = _built(plan)
    return WhatIf(
        sliders=sliders,
        inputs=middle,
        design=_stations(built),
        rules=_rules(given),
        tiers={
            tier: TierCost(
                seconds=middle[f"demand.{tier}_ms"] / 1000 / speed,
                cached=share.of_cpu[tier],
                miss_extra=share.asked * share.miss_extra[tier] / speed,
                elsewhere=share.asked * share.elsewhere[tier] / speed,
                growth=middle.get(f"growth.{tier}", 0.0),
                idle_cores=given.model.idle_cpu.get(tier, 0.0) / given.model.topology.pods / speed,
            )
            for tier in Tier
        },
        queries_cached=share.of_queries,
        hit_rate=share.hit_rate,
        seeded=given.model.seeded_users,
        service_cv2=max(1.0, share.service_cv2),
        fee_of_usd=fees.of_usd,
        fee_of_charge=fees.of_charge,
        bill=_grid(given, plan, catalogues, providers),
        tails=tail_grid(given, plan.users, built, *_marks(sliders, middle), simulating),
    )


def _sliders(plan: PlanResult, middle: dict[str, float], *, cached: bool) -> dict[str, Slider]:
    pods = plan.resources.pods_most
    paying = sum(middle[f"tiers.{tier}_share"] for tier in PAID)
    found = {
        "users": Slider(
            low=max(FEWEST, plan.users / _USERS_EACH_WAY),
            start=plan.users,
            high=min(MOST, plan.users * _USERS_EACH_WAY),
        ),
        "daily_share": _around(middle["activity.daily_share"], _DAILY),
        "over_mean": _around(middle["peak.over_mean"], _PEAK),
        "pods": Slider(low=2, start=pods, high=max(_MOST_PODS, 3 * pods)),
        "prices": Slider(low=0.5, start=1, high=2),
    }
    if paying > 0:
        found["paying"] = Slider(low=0, start=paying, high=max(0.1, 2 * paying))
    if cached:
        found["hit_rate"] = _around(middle["cache.hit_rate"], _HIT)
    return found


def _around(start: float, axis: Sequence[float]) -> Slider:
    return Slider(low=min(axis[0], start), start=start, high=max(axis[-1], start))


def _marks(
    sliders: dict[str, Slider], middle: dict[str, float]
) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """Pods up and hit rates at which tails are simulated: where sliders begin, end, and between."""
    pods = sliders["pods"]
    between = round((pods.start * pods.high) ** 0.5)
    ups = tuple(int(one) for one in (pods.low, pods.start, between, pods.high))
    hit = middle.get("cache.hit_rate", 0.0)
    return ups, _axis(hit, _HIT) if "hit_rate" in sliders else (hit,)


def _built(plan: PlanResult) -> Design:
    found = plan.resources
    return Design(
        pods=found.pods_most,
        nginx_workers=found.nginx_workers,
        pgbouncers=found.pgbouncers,
        primary_cores=found.primary_cores,
        replicas=found.replicas,
        replica_cores=found.replica_cores,
        redis_shards=found.redis_processes,
    )


def _stations(built: Design) -> dict[str, float]:
    """The stations of the plan; of databases whole cores, as they are rented."""
    cores = whole_cores(np.array([built.primary_cores, built.replica_cores]))
    return {
        "nginx_workers": built.nginx_workers,
        "pgbouncers": built.pgbouncers,
        "primary_cores": float(cores[0]),
        "replicas": built.replicas,
        "replica_cores": float(cores[1]),
        "redis_shards": built.redis_shards,
    }


def _rules(given: Assumed) -> dict[str, float]:
    rules = given.rules
    return {
        "vcpu": rules.pod.vcpu,
        "gb": rules.pod.gb,
        "slots": rules.pod.workers * rules.pod.slots,
        "pool": rules.fill.pool,
        "room": rules.fill.max_connections - rules.fill.reserved_connections,
        "p50": rules.slo.p50,
        "p95": rules.slo.p95,
        "p99": rules.slo.p99,
    }


@dataclass(frozen=True, slots=True)
class _Fees:
    of_usd: float
    of_charge: float


def _fees(
    given: Assumed, users: float, catalogues: Sequence[Catalogue], provider: str | None
) -> _Fees:
    """What the payment provider keeps, as a plane over revenue and payments.

    Its price list is one of shares and amounts, so a month's fees are linear in both.
    """
    values = given.inputs.mids()
    seen = world(given.model, users, values, given.rules)

    def kept(usd: float, charges: float) -> float:
        paid = {tier: np.full(1, usd if tier == PAID[0] else 0.0) for tier in PAID}
        made = {tier: np.full(1, charges if tier == PAID[0] else 0.0) for tier in PAID}
        earned = replace(seen.earned, mrr=paid, charges=made)
        return float(fees_by_tier(catalogues, seen.amounts, earned, values, provider)[PAID[0]][0])

    nothing = kept(0.0, 0.0)
    return _Fees(kept(1e6, 0.0) / 1e6 - nothing / 1e6, kept(0.0, 1e6) / 1e6 - nothing / 1e6)


def _grid(
    given: Assumed,
    plan: PlanResult,
    catalogues: Sequence[Catalogue],
    providers: Sequence[str],
) -> Grid:
    """The cheapest bill at every point, machines and plans following the load."""
    middle = given.inputs.mids()
    low = max(FEWEST, plan.users / _USERS_EACH_WAY)
    high = min(MOST, plan.users * _USERS_EACH_WAY)
    users = _axis(
        plan.users,
        [*np.geomspace(low, plan.users, _POINTS), *np.geomspace(plan.users, high, _POINTS)],
    )
    axes = {
        "activity.daily_share": _axis(float(middle["activity.daily_share"][0]), _DAILY),
        "peak.over_mean": _axis(float(middle["peak.over_mean"][0]), _PEAK),
        "cache.hit_rate": _axis(float(middle["cache.hit_rate"][0]), _HIT),
    }
    points = np.array(np.meshgrid(users, *axes.values(), indexing="ij")).reshape(4, -1)
    values = repeated(middle, points.shape[1]) | dict(zip(axes, points[1:], strict=True))
    usd = bills(given, points[0], values, catalogues, providers)
    told = [float(one) if np.isfinite(one) else None for one in usd]
    starts = [plan.users, *(float(middle[name][0]) for name in axes)]
    start = int(np.argmin(np.abs(points.T - starts).sum(axis=1)))
    return Grid(
        users=users,
        daily_share=axes["activity.daily_share"],
        over_mean=axes["peak.over_mean"],
        hit_rate=axes["cache.hit_rate"],
        usd=tuple(told),
        at_start=told[start],
    )


def _axis(start: float, marks: Sequence[float]) -> tuple[float, ...]:
    """The marks and where the slider begins, rising."""
    apart = [float(mark) for mark in marks if abs(mark / start - 1 if start else mark) > 1e-9]
    return tuple(sorted([*apart, start]))
