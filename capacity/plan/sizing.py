"""What a population needs of every tier, in every draw, to hold the targets with N-1.

N-1: one pod and one replica are lost at the busiest seconds, and the targets still hold.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from capacity.demands import DemandModel, Tier
from capacity.inputs import Array, Values
from capacity.plan.autoscale import Load
from capacity.plan.demand_inputs import Asking, Demands, demands
from capacity.plan.queueing import Response, along, station
from capacity.plan.rules import Rules
from capacity.population.traffic import Traffic, traffic

_MOST_PODS = 2.0**20
_LEAST_REPLICAS = 2


@dataclass(frozen=True, slots=True)
class Needs:
    """Sizes by tier, each an array over the draws.

    `slo_pods` are the fewest that hold the targets, none lost (infinite where none do);
    `pods` adds the one that may be lost, the autoscaler's limit, memory and sockets.
    `replica_cores` and `replica_connections` are of one replica.
    """

    traffic: Traffic
    demands: Demands
    slo_pods: Array
    pods: Array
    nginx_workers: Array
    pgbouncers: Array
    primary_cores: Array
    replicas: Array
    replica_cores: Array
    redis_shards: Array
    redis_gb: Array
    primary_connections: Array
    replica_connections: Array


def needs(model: DemandModel, users: float | Array, values: Values, rules: Rules) -> Needs:
    """What `users` registered users need, in every draw of `values`."""
    people = traffic(users, values)
    cost = demands(model, people.users, values, _asking(people, values, rules))
    sized = servers(people, cost, values, rules)
    slo_pods = _fewest(lambda pods: holds(sized, values, rules, pods, sized.replicas - 1), sized)
    wanted = np.maximum.reduce(
        [
            slo_pods + 1,
            # the autoscaler goes on until CPU and memory are below its limits
            _by_cpu(sized, rules),
            _by_memory(sized, values, rules),
            people.sockets / values["pod.sockets"],
        ]
    )
    pods = np.maximum(np.ceil(wanted), rules.autoscale.least)
    return replace(sized, slo_pods=slo_pods, pods=pods)


def _asking(people: Traffic, values: Values, rules: Rules) -> Asking:
    """How caches are asked: they remember the peak, of which the busiest seconds are few.

    As many pods are there as CPU alone takes by the autoscaler's rule, at demands as measured.
    """
    busy = people.peak_rate * values[f"demand.{Tier.PODS}_ms"] / 1000 / values["machine.speed"]
    pods = np.maximum(
        np.ceil(busy / rules.autoscale.up_cpu / rules.pod.vcpu), rules.autoscale.least
    )
    return Asking(people.peak_rate, pods * rules.pod.workers)


def servers(people: Traffic, cost: Demands, values: Values, rules: Rules) -> Needs:
    """All tiers but the pods, whose number depends on the others."""
    # what idle pods cost the others is counted for as many as the autoscaler allows
    busy = {
        tier: people.burst_rate * seconds + rules.autoscale.most * cost.idle_cores[tier]
        for tier, seconds in cost.cpu_s.items()
    }
    fill = rules.fill
    reads = busy[Tier.REPLICAS] / fill.database
    if rules.replicas is None:
        replicas = np.maximum(_LEAST_REPLICAS, np.ceil(reads / fill.largest_database) + 1)
    else:
        replicas = np.full_like(reads, float(rules.replicas))
    writes = busy[Tier.PRIMARY] / fill.database
    held = people.burst_rate * cost.queries * values["database.held_ms"] / 1000 / fill.pool
    # statements are split between primary and replicas as their work is
    whole = np.maximum(busy[Tier.PRIMARY] + busy[Tier.REPLICAS], 1e-12)
    left = np.maximum(replicas - 1, 1)
    sockets = 2 * people.sockets / values["nginx.connections"]
    unknown = np.full_like(reads, np.nan)
    return Needs(
        traffic=people,
        demands=cost,
        slo_pods=unknown,
        pods=unknown,
        nginx_workers=np.ceil(np.maximum(busy[Tier.NGINX] / fill.nginx, np.maximum(sockets, 1))),
        pgbouncers=np.maximum(1, np.ceil(busy[Tier.PGBOUNCER] / fill.pgbouncer)),
        primary_cores=writes,
        replicas=replicas,
        replica_cores=reads / left,
        redis_shards=np.maximum(1, np.ceil(busy[Tier.REDIS] / fill.redis)),
        redis_gb=values["storage.redis_base_mb"] / 1e3
        + people.daily_active * values["storage.redis_kb"] / 1e6,
        primary_connections=np.ceil(held * busy[Tier.PRIMARY] / whole) + fill.reserved_connections,
        replica_connections=np.ceil(held * busy[Tier.REPLICAS] / whole / left)
        + fill.reserved_connections,
    )


def pod_cores(sized: Needs, rules: Rules) -> Array:
    """What a pod has for requests: its cores less what it uses with none."""
    return np.maximum(rules.pod.vcpu - sized.demands.idle_cores[Tier.PODS], 1e-3)


def _by_cpu(sized: Needs, rules: Rules) -> Array:
    """Pods below the autoscaler's limit in the busiest minute, which it sees; else infinite."""
    busy = sized.traffic.peak_rate * sized.demands.cpu_s[Tier.PODS]
    room = rules.autoscale.up_cpu * rules.pod.vcpu - sized.demands.idle_cores[Tier.PODS]
    return np.where(room > 0, busy / np.maximum(room, 1e-9), np.inf)


def _by_memory(sized: Needs, values: Values, rules: Rules) -> Array:
    """Pods whose memory holds all WebSockets below the autoscaler's limit; infinite if none do."""
    room = rules.autoscale.up_memory * rules.pod.gb * 1e6 - values["pod.memory_base_mb"] * 1e3
    sockets_kb = sized.traffic.sockets * values["pod.memory_socket_kb"]
    return np.where(room > 0, sockets_kb / np.maximum(room, 1e-9), np.inf)


def response(
    sized: Needs, values: Values, rules: Rules, pods: Array, replicas: Array, rate: Array
) -> Response:
    """A request's time in the system at `rate`, with so many pods and replicas up.

    Waiting is taken by the factor that the calibration fitted, as where its predictions were
    held against runs. Reads of lost replicas go to those left. Round robin over `pods` gives
    each arrivals with a variability of 1 / pods; between the tiers arrivals are taken as Poisson.
    """
    one = np.ones_like(rate)
    cpu, random = sized.demands.cpu_s, np.ones_like(rate)
    cv2 = np.full_like(rate, max(1.0, sized.demands.service_cv2))
    up = np.maximum(replicas, 1)
    delay = sized.demands.delay_s
    primary, replica = whole_cores(sized.primary_cores), whole_cores(sized.replica_cores)
    times = values["model.wait_factor"]
    return along(
        [
            station(rate, cpu[Tier.NGINX], sized.nginx_workers, one, random, times),
            station(rate / pods, cpu[Tier.PODS], pod_cores(sized, rules), cv2, 1 / pods, times),
            station(rate, cpu[Tier.PGBOUNCER], sized.pgbouncers, one, random, times),
            station(rate, cpu[Tier.PRIMARY], primary, cv2, random, times),
            station(rate / up, cpu[Tier.REPLICAS], replica, cv2, random, times),
            station(rate, cpu[Tier.REDIS], sized.redis_shards, one, random, times),
            Response(delay, delay**2),
        ]
    )


def whole_cores(cores: Array) -> Array:
    """A server has at least one core, and whole ones."""
    return np.maximum(1.0, np.ceil(cores))


def holds(
    sized: Needs, values: Values, rules: Rules, pods: Array, replicas: Array
) -> NDArray[np.bool_]:
    """Whether the latency targets hold at the busiest seconds, in every draw."""
    rate = sized.traffic.burst_rate
    time = response(sized, values, rules, pods, replicas, rate)
    off = values["model.p95_off"] * 1000
    slo = rules.slo
    within = (
        (time.quantile("p50") * off < slo.p50)
        & (time.quantile("p95") * off < slo.p95)
        & (time.quantile("p99") * off < slo.p99)
    )
    # Little: requests at work in a pod, against its slots
    at_work = rate / pods * time.mean
    return within & (at_work < rules.pod.workers * rules.pod.slots)


def _fewest(holding: Callable[[Array], NDArray[np.bool_]], sized: Needs) -> Array:
    """The fewest pods at which `holding` is true, by bisection; infinite where it never is."""
    low = np.zeros_like(sized.replicas)
    high = np.full_like(low, _MOST_PODS)
    possible = holding(high)
    while (high - low > 1).any():
        middle = np.floor((low + high) / 2)
        middle = np.maximum(middle, 1)
        good = holding(middle)
        high = np.where(good, middle, high)
        low = np.where(good, low, middle)
    return np.where(possible, high, np.inf)


def pod_load(sized: Needs, values: Values, rules: Rules) -> Load:
    """The pods' load over a day, for the autoscaler."""
    return Load(
        mean_cores=sized.traffic.mean_rate * sized.demands.cpu_s[Tier.PODS],
        idle_cores=sized.demands.idle_cores[Tier.PODS],
        over_mean=values["peak.over_mean"],
        sockets=sized.traffic.sockets,
        vcpu=rules.pod.vcpu,
        base_memory=values["pod.memory_base_mb"] / 1e3 / rules.pod.gb,
        socket_memory=values["pod.memory_socket_kb"] / 1e6 / rules.pod.gb,
    )
