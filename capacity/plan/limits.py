"""What fills first: every resource of a design at the busiest seconds, against its end."""

from dataclasses import dataclass, replace

import numpy as np

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
    """How full a resource is at the busiest seconds, 1 at its end, in every draw."""

    name: str
    what: str
    used: Array


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
    pods = placed.pods
    time = response(placed, values, rules, pods, placed.replicas, rate).mean
    room = rules.fill.max_connections - rules.fill.reserved_connections
    held_primary = (sized.primary_connections - rules.fill.reserved_connections) * rules.fill.pool
    held_replica = (sized.replica_connections - rules.fill.reserved_connections) * rules.fill.pool
    memory = values["pod.memory_base_mb"] * 1e3
    memory = memory + sized.traffic.sockets / pods * values["pod.memory_socket_kb"]
    return [
        Filled("pods CPU", f"{design.pods} pods", rate * cpu[Tier.PODS] / pods / rules.pod.vcpu),
        Filled(
            "pods slots",
            f"{design.pods} x {rules.pod.workers} x {rules.pod.slots} requests at a time",
            np.minimum(rate * time, 1e12) / (pods * rules.pod.workers * rules.pod.slots),
        ),
        Filled("pods memory", f"{rules.pod.gb:g} GB a pod", memory / (rules.pod.gb * 1e6)),
        Filled(
            "pods WebSockets",
            "sockets a pod may hold",
            sized.traffic.sockets / pods / values["pod.sockets"],
        ),
        Filled(
            "nginx CPU",
            f"{design.nginx_workers} workers",
            rate * cpu[Tier.NGINX] / design.nginx_workers,
        ),
        Filled(
            "nginx connections",
            "two for a WebSocket",
            2 * sized.traffic.sockets / values["nginx.connections"] / design.nginx_workers,
        ),
        Filled(
            "PgBouncer CPU",
            f"{design.pgbouncers} processes",
            rate * cpu[Tier.PGBOUNCER] / design.pgbouncers,
        ),
        Filled(
            "primary CPU",
            f"{design.primary_cores:g} cores",
            rate * cpu[Tier.PRIMARY] / whole_cores(placed.primary_cores),
        ),
        Filled(
            "replicas CPU",
            f"{design.replicas} x {design.replica_cores:g} cores",
            rate * cpu[Tier.REPLICAS] / design.replicas / whole_cores(placed.replica_cores),
        ),
        Filled("primary connections", f"{room} of max_connections", held_primary / room),
        Filled("replica connections", f"{room} of max_connections", held_replica / room),
        Filled(
            "Redis CPU",
            f"{design.redis_shards} processes",
            rate * cpu[Tier.REDIS] / design.redis_shards,
        ),
    ]


def carried(sized: Needs, design: Design, values: Values, rules: Rules, lost: int) -> Array:
    """How many times the load `design` carries within the targets, `lost` of its pods and
    replicas down; by bisection, in every draw. Zero where it holds at no load at all."""
    placed = fixed(sized, design)
    pods = np.maximum(placed.pods - lost, 1)
    replicas = placed.replicas - lost

    def holding(times: Array) -> Array:
        people = replace(placed.traffic, burst_rate=placed.traffic.burst_rate * times)
        return holds(replace(placed, traffic=people), values, rules, pods, replicas)

    low, high = np.zeros_like(pods), np.ones_like(pods)
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
