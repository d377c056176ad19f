"""The reference stack simulated: what finite places and the shape of its work do to tails.

nginx deals requests out to the pods in turn. In a pod a request holds a slot; what the
cache does not answer also holds a connection of the pod's pool and one of PgBouncer's
servers while the database works. Service times keep the shape measured under light load.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from math import exp, log, sqrt
from random import Random
from typing import TYPE_CHECKING

import numpy as np

from capacity.demands import ClassDemand, DemandModel, Tier
from capacity.histogram import Histogram
from capacity.model.predict import SHARED, Load, idle_cores, stations
from capacity.model.simulate import (
    Answer,
    Closed,
    Cores,
    Give,
    Open,
    Pause,
    Route,
    Simulated,
    Step,
    Take,
    Work,
    simulate,
)

if TYPE_CHECKING:
    from capacity.model.arrays import Row

_SHAPE_POINTS = 1_000
_UNKNOWN_CV = 1.0
"""Spread of a class whose latencies nobody measured: that of an exponential."""
_DATABASE = (Tier.PGBOUNCER, Tier.PRIMARY, Tier.REPLICAS)


@dataclass(frozen=True, slots=True)
class Tail:
    """Latencies in seconds as simulated, `requests` of them; `busy` and `held` as simulated."""

    requests: int
    throughput: float
    mean_s: float
    p50_s: float
    p95_s: float
    p99_s: float
    busy: dict[str, float]
    held: dict[str, float]


def tail(
    model: DemandModel,
    load: Load,
    *,
    rate: float | None = None,
    requests: int = 20_000,
    seed: int = 1,
) -> Tail:
    """Percentiles under the closed `load`, or under open arrivals at `rate` a second."""
    source = (
        Open(rate) if rate is not None else Closed(load.users, load.think_s * model.think_factor)
    )
    found = simulate(
        _stations(model, load),
        _places(load),
        source,
        _route(model, load),
        requests=requests,
        warmup=max(1, requests // 10),
        seed=seed,
    )
    return _told(found, model.wait_factor)


def _told(found: Simulated, wait_factor: float) -> Tail:
    """Waiting, as the model's other predictions, by the factor fitted to measurements."""
    own = np.concatenate(list(found.own_s.values()))
    times = own + wait_factor * (found.everything() - own)
    p50, p95, p99 = (float(value) for value in np.percentile(times, (50, 95, 99)))
    return Tail(
        requests=found.requests,
        throughput=found.throughput,
        mean_s=float(times.mean()),
        p50_s=p50,
        p95_s=p95,
        p99_s=p99,
        busy=found.busy,
        held=found.held,
    )


def shape(one: ClassDemand) -> "Row":
    """Service times of a class as multiples of their mean: equally likely values.

    Each endpoint of it has its own mean and spread.
    """
    members = [member for member in one.members.values() if member.share > 0]
    if not any(member.alone_s > 0 for member in members):
        return lognormal(_UNKNOWN_CV)
    values = np.concatenate([member.alone_s * _spread(member.light) for member in members])
    often = np.repeat([member.share for member in members], _SHAPE_POINTS)
    return _evenly(values, often)


def _spread(light: str) -> "Row":
    return _measured(light) if light else lognormal(_UNKNOWN_CV)


def _evenly(values: "Row", often: "Row") -> "Row":
    """Equally likely values of a distribution, as multiples of its mean."""
    order = np.argsort(values)
    middles = (np.arange(_SHAPE_POINTS) + 0.5) / _SHAPE_POINTS
    reached = np.cumsum(often[order]) / often.sum()
    found = values[order][np.searchsorted(reached, middles)]
    return np.asarray(found / found.mean())


@lru_cache(maxsize=256)
def _measured(light: str) -> "Row":
    """The values of a histogram; a plan's simulation asks for the same ones many times."""
    latencies, often = np.array(Histogram.decode(light).counts()).T
    return _evenly(latencies, often)


def lognormal(cv: float) -> "Row":
    """Equally likely values of a lognormal distribution with mean 1 and this variation."""
    from scipy.special import ndtri

    sigma = sqrt(log(1 + cv**2))
    middles = (np.arange(_SHAPE_POINTS) + 0.5) / _SHAPE_POINTS
    values = np.exp(sigma * ndtri(middles)) * exp(-(sigma**2) / 2)
    return np.asarray(values / values.mean())


def _stations(model: DemandModel, load: Load) -> dict[str, Cores]:
    """The stations of the analytic prediction, with what idle work leaves of them."""
    if load.topology.cores is not None:
        (shared,) = stations(model, load)
        return {SHARED: Cores(shared.servers)}
    idle = idle_cores(model, load.topology)
    pods = load.topology.pods
    free = {
        f"pod-{n}": Cores(load.tier_cores[Tier.PODS] - idle[Tier.PODS] / pods) for n in range(pods)
    }
    return free | {
        tier.value: Cores(load.tier_cores[tier] - idle[tier])
        for tier in Tier
        if tier is not Tier.PODS and tier in load.tier_cores
    }


def _places(load: Load) -> dict[str, int]:
    topology = load.topology
    places = {"servers": topology.pgbouncer_servers}
    for pod in range(topology.pods):
        places |= {f"slots-{pod}": topology.workers * topology.slots, f"pool-{pod}": topology.pool}
    return places


def _route(model: DemandModel, load: Load) -> Route:
    names = [name for name, share in load.mix.items() if share > 0]
    shares = [load.mix[name] for name in names]
    draws = {name: _steps(model, model.by_name(name), load) for name in names}
    turn = count()

    def route(chance: Random) -> tuple[str, list[Step]]:
        (name,) = chance.choices(names, shares)
        return name, draws[name](chance, next(turn) % load.topology.pods)

    return route


def _steps(model: DemandModel, one: ClassDemand, load: Load) -> Callable[[Random, int], list[Step]]:
    """What draws one request of a class, sent to a given pod.

    Together its steps take as long as the class's shape says, and that was measured with misses
    among the answers: these are its slowest. Drawn besides, they would spread it twice.
    """
    shapes = shape(one)
    database = {tier: one.cpu_s[tier].mid for tier in _DATABASE if one.cpu_s[tier].mid > 0}
    missed = 1 - model.cache_hit.get(one.name, 0.0) if database else 0.0
    first = len(shapes) - round(len(shapes) * missed)
    alone = one.total_cpu_s + one.delay_s.mid
    slow = alone * float(shapes[first:].sum()) / len(shapes)
    in_database = min(1.0, sum(database.values()) / slow) if slow > 0 else 0.0
    elsewhere = alone - in_database * slow
    shared = load.topology.cores is not None

    def work(tier: Tier, seconds: float, pod: int) -> Work:
        own = f"pod-{pod}" if tier is Tier.PODS else tier.value
        return Work(SHARED if shared else own, seconds)

    def draw(chance: Random, pod: int) -> list[Step]:
        at = chance.randrange(len(shapes))
        takes = alone * float(shapes[at])
        asked = in_database * takes if at >= first else 0.0
        much = (takes - asked) / elsewhere if elsewhere > 0 else 0.0
        pods = much * one.cpu_s[Tier.PODS].mid / 2
        steps: list[Step] = [
            work(Tier.NGINX, much * one.cpu_s[Tier.NGINX].mid, pod),
            Take(f"slots-{pod}"),
            work(Tier.PODS, pods, pod),
            work(Tier.REDIS, much * one.cpu_s[Tier.REDIS].mid, pod),
        ]
        if asked > 0:
            each = asked / sum(database.values())
            steps += [Take(f"pool-{pod}"), Take("servers")]
            steps += [work(tier, each * cpu, pod) for tier, cpu in database.items()]
            steps += [Give("servers"), Give(f"pool-{pod}")]
        steps += [work(Tier.PODS, pods, pod), Pause(much * one.delay_s.mid)]
        steps += [Give(f"slots-{pod}"), Answer()]
        if shared:
            steps.append(Work(SHARED, model.beside_cpu_s.mid))
        return [step for step in steps if not isinstance(step, Work) or step.seconds > 0]

    return draw
