"""What fills first: every resource of a design at the busiest seconds, against its end."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from capacity.demands import Tier
from capacity.inputs import Array, Values
from capacity.plan.rules import Rules
from capacity.plan.sizing import Needs, holds, response, whole_cores


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
    reads = rate * cpu[Tier.REPLICAS] / design.replicas
    return [
        _linear("pods CPU", f"{design.pods} pods", rate * cpu[Tier.PODS] / pods / rules.pod.vcpu),
        _linear(
            "pods slots",
            f"{design.pods} x {slots} requests at a time",
            np.minimum(at_work, 1e12) / (pods * slots),
        ),
        _memory(sockets / pods, values, rules),
        _linear(
            "pods WebSockets",
            "of those a pod may hold",
            sockets / pods / values["pod.sockets"],
            True,
        ),
        _linear(
            "nginx CPU",
            f"{design.nginx_workers} workers",
            rate * cpu[Tier.NGINX] / design.nginx_workers,
        ),
        _linear(
            "nginx connections",
            "two for a WebSocket",
            2 * sockets / values["nginx.connections"] / design.nginx_workers,
            True,
        ),
        _linear(
            "PgBouncer CPU",
            f"{design.pgbouncers} processes",
            rate * cpu[Tier.PGBOUNCER] / design.pgbouncers,
        ),
        _linear(
            "primary CPU",
            f"{design.primary_cores:g} cores",
            rate * cpu[Tier.PRIMARY] / whole_cores(placed.primary_cores),
        ),
        _linear(
            "replicas CPU",
            f"{design.replicas} x {design.replica_cores:g} cores",
            reads / whole_cores(placed.replica_cores),
        ),
        _linear("primary connections", f"{room} of max_connections", held[0] / room, True),
        _linear("replica connections", f"{room} of max_connections", held[1] / room, True),
        _linear(
            "Redis CPU",
            f"{design.redis_shards} processes",
            rate * cpu[Tier.REDIS] / design.redis_shards,
        ),
    ]


def _linear(name: str, what: str, used: Array, hard: bool = False) -> Filled:
    return Filled(name, what, used, 1 / np.maximum(used, 1e-12), hard)


def _memory(sockets: Array, values: Values, rules: Rules) -> Filled:
    """A pod's memory: its base whoever is there, and more for each WebSocket."""
    whole, base = rules.pod.gb * 1e6, values["pod.memory_base_mb"] * 1e3
    for_sockets = sockets * values["pod.memory_socket_kb"]
    times = np.maximum(whole - base, 0.0) / np.maximum(for_sockets, 1e-9)
    used = (base + for_sockets) / whole
    return Filled("pods memory", f"{rules.pod.gb:g} GB a pod", used, times, hard=True)


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

    low, high = np.zeros_like(up), np.ones_like(up)
    for _ in range(20):
        growing = holding(high)
        if not growing.any():
            break
        low, high = np.where(growing, high, low), np.where(growing, high * 2, high)
    for _ in range(16):
        middle = (low + high) / 2
        good = holding(middle)
        low, high = np.where(good, middle, low), np.where(good, high, middle)
    ends = [one.times for one in filled(sized, left, values, rules) if one.hard]
    return np.asarray(np.minimum(low, np.min(ends, axis=0)))
