"""What fills first: every resource of a design at the busiest seconds, against its end."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from capacity.demands import Tier
from capacity.inputs import Array, Values
from capacity.plan.rules import Rules
from capacity.plan.sizing import Needs, holds, response, servers, whole_cores


@dataclass(frozen=True, slots=True)
class Design:
    """What is planned, in whole machines; `replica_cores` of each."""

    pods: int
    nginx_workers: int
    pgbouncers: int
    primary_cores: float
    replicas: int
    replica_cores: float
    redis_shards: int


@dataclass(frozen=True, slots=True)
class Filled:
    """How full a resource is at the busiest seconds, in every draw.

    `used` is 1 at its end, `times` how many times the load reaches it. A `hard` one refuses
    what comes on top, however short the queues are.
    """

    name: str
    what: str
    used: Array
    times: Array
    hard: bool = False


def fixed(sized: Needs, design: Design) -> Needs:
    """The demand of `sized` on the machines of `design`."""
    like = np.ones_like(sized.replicas)
    return replace(
        sized,
        pods=like * design.pods,
        nginx_workers=like * design.nginx_workers,
        pgbouncers=like * design.pgbouncers,
        primary_cores=like * design.primary_cores,
        replicas=like * design.replicas,
        replica_cores=like * design.replica_cores,
        redis_shards=like * design.redis_shards,
    )


def filled(sized: Needs, design: Design, values: Values, rules: Rules) -> list[Filled]:
    """Every resource of `design`, all its machines up."""
    rate, cpu = sized.traffic.burst_rate, sized.demands.cpu_s
    placed = fixed(sized, design)
    pods, sockets = placed.pods, sized.traffic.sockets
    at_work = rate * response(placed, values, rules, pods, placed.replicas, rate).mean
    room = rules.fill.max_connections - rules.fill.reserved_connections
    held = [
        (connections - rules.fill.reserved_connections) * rules.fill.pool
        for connections in (sized.primary_connections, sized.replica_connections)
    ]
    slots = rules.pod.workers * rules.pod.slots
    idle = {tier: pods * cores for tier, cores in sized.demands.idle_cores.items()}
    primary, replica = whole_cores(placed.primary_cores), whole_cores(placed.replica_cores)
    return [
        _filled(
            "pods CPU",
            f"{design.pods} pods",
            rate * cpu[Tier.PODS] / pods / rules.pod.vcpu,
            idle[Tier.PODS] / pods / rules.pod.vcpu,
        ),
        _filled(
            "pods slots",
            f"{design.pods} x {slots} requests at a time",
            np.minimum(at_work, 1e12) / (pods * slots),
        ),
        _filled(
            "pods memory",
            f"{rules.pod.gb:g} GB a pod",
            sockets / pods * values["pod.memory_socket_kb"] / 1e6 / rules.pod.gb,
            values["pod.memory_base_mb"] / 1e3 / rules.pod.gb,
            hard=True,
        ),
        _filled(
            "pods WebSockets",
            "of those a pod may hold",
            sockets / pods / values["pod.sockets"],
            hard=True,
        ),
        _filled(
            "nginx CPU",
            f"{design.nginx_workers} workers",
            rate * cpu[Tier.NGINX] / design.nginx_workers,
            idle[Tier.NGINX] / design.nginx_workers,
        ),
        _filled(
            "nginx connections",
            "two for a WebSocket",
            2 * sockets / values["nginx.connections"] / design.nginx_workers,
            hard=True,
        ),
        _filled(
            "PgBouncer CPU",
            f"{design.pgbouncers} processes",
            rate * cpu[Tier.PGBOUNCER] / design.pgbouncers,
            idle[Tier.PGBOUNCER] / design.pgbouncers,
        ),
        _filled(
            "primary CPU",
            f"{design.primary_cores:g} cores",
            rate * cpu[Tier.PRIMARY] / primary,
            idle[Tier.PRIMARY] / primary,
        ),
        _filled(
            "replicas CPU",
            f"{design.replicas} x {design.replica_cores:g} cores",
            rate * cpu[Tier.REPLICAS] / design.replicas / replica,
            idle[Tier.REPLICAS] / design.replicas / replica,
        ),
        _filled("primary connections", f"{room} of max_connections", held[0] / room, hard=True),
        _filled("replica connections", f"{room} of max_connections", held[1] / room, hard=True),
        _filled(
            "Redis CPU",
            f"{design.redis_shards} processes",
            rate * cpu[Tier.REDIS] / design.redis_shards,
            idle[Tier.REDIS] / design.redis_shards,
        ),
    ]


def _filled(
    name: str, what: str, load: Array, base: Array | float = 0.0, *, hard: bool = False
) -> Filled:
    """A resource of which `base` is used with nobody there, and `load` with everybody."""
    times = np.maximum(1 - base, 0.0) / np.maximum(load, 1e-12)
    return Filled(name, what, base + load, times, hard)


def carried(sized: Needs, design: Design, values: Values, rules: Rules, lost: int) -> Array:
    """How many times the load `design` carries with `lost` of its pods and replicas down.

    The most at which the latency targets hold, by bisection in every draw, and nothing is
    full that refuses what comes on top. Zero where they hold at no load at all.
    """
    left = replace(design, pods=max(1, design.pods - lost), replicas=max(1, design.replicas - lost))
    placed = fixed(sized, left)
    up = placed.replicas

    def holding(times: Array) -> NDArray[np.bool_]:
        people = replace(placed.traffic, burst_rate=placed.traffic.burst_rate * times)
        return holds(replace(placed, traffic=people), values, rules, placed.pods, up)

    ends = [one.times for one in filled(sized, left, values, rules) if one.hard]
    return np.asarray(np.minimum(_most(holding, up), np.min(ends, axis=0)))


def rate_of(pods: int, sized: Needs, values: Values, rules: Rules) -> Array:
    """The most requests per second at which so many `pods` hold the latency targets.

    All of them up, and every other tier as large as that rate takes: what the pods themselves
    can do. Zero where the targets hold at no load at all.
    """
    like = np.ones_like(sized.replicas)

    def holding(times: Array) -> NDArray[np.bool_]:
        people = replace(sized.traffic, burst_rate=sized.traffic.burst_rate * times)
        placed = servers(people, sized.demands, values, rules)
        return holds(placed, values, rules, like * pods, placed.replicas)

    return sized.traffic.burst_rate * _most(holding, like)


def _most(holding: Callable[[Array], NDArray[np.bool_]], like: Array) -> Array:
    """How many times the load `holding` is true for, by bisection in every draw of `like`."""
    low, high = np.zeros_like(like), np.ones_like(like)
    for _ in range(20):
        growing = holding(high)
        if not growing.any():
            break
        low, high = np.where(growing, high, low), np.where(growing, high * 2, high)
    for _ in range(16):
        middle = (low + high) / 2
        good = holding(middle)
        low, high = np.where(good, middle, low), np.where(good, high, middle)
    return low
