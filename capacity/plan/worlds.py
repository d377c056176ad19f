"""One pass from assumptions to quantities, in every draw: needs, a day, income, what is bought."""

from dataclasses import dataclass

import numpy as np

from capacity.bought import HOURS_PER_MONTH
from capacity.cost.quantities import derived
from capacity.demands import DemandModel, Tier
from capacity.inputs import Array, Values
from capacity.plan.autoscale import Day, simulate
from capacity.plan.rules import Rules
from capacity.plan.sizing import Needs, needs, pod_load
from capacity.revenue.income import Income, card_quantities, income, total

_MONTH_S = HOURS_PER_MONTH * 3600
_SERVERS = 3
"""Machines that are watched beside pods and databases: nginx, PgBouncer, Redis."""


@dataclass(frozen=True, slots=True)
class World:
    """What happens in every draw; `amounts` are `capacity.cost.quantities` of a month."""

    needs: Needs
    day: Day
    earned: Income
    amounts: dict[str, Array]


def repeated(values: Values, count: int) -> dict[str, Array]:
    """`count` copies of the first draw, to try something else in each."""
    return {name: np.repeat(value[:1], count) for name, value in values.items()}


def world(
    model: DemandModel,
    users: float | Array,
    values: Values,
    rules: Rules,
    most_pods: float | None = None,
) -> World:
    """The world of `users` in every draw.

    With up to `most_pods`, else as many as the rules fix, else as many as the draw needs.
    """
    sized = needs(model, users, values, rules)
    fixed = rules.pods if most_pods is None else most_pods
    most = sized.pods if fixed is None else np.full_like(sized.pods, float(fixed))
    # where no number of pods holds the targets, the day is that of pods for the load alone
    most = np.where(np.isfinite(most), most, rules.autoscale.most)
    load = pod_load(sized, values, rules)
    day = simulate(load, rules.autoscale, most)
    people = sized.traffic
    earned = income(people.users, people.sessions_per_month, values)
    bought = _bought(sized, day, most, values, rules)
    bought |= card_quantities(earned.subscriptions, total(earned.charges), values)
    return World(sized, day, earned, derived(bought))


def _bought(sized: Needs, day: Day, most: Array, values: Values, rules: Rules) -> dict[str, Array]:
    people, cost = sized.traffic, sized.demands
    sessions = people.sessions_per_month
    requests = people.mean_rate * _MONTH_S
    uncached = sessions * values["edge.uncached_share"]
    sockets_kb = sessions * values["activity.socket_share"] * values["websocket.kilobytes"]
    wire = requests * cost.bytes_out * values["egress.wire"]
    hosts = day.mean_pods + sized.replicas + 1 + _SERVERS
    busy = {
        tier: people.mean_rate * cost.cpu_s[tier] + day.mean_pods * cost.idle_cores[tier]
        for tier in (Tier.PRIMARY, Tier.REPLICAS)
    }
    return {
        "users": people.users,
        "active_users": people.monthly_active,
        "requests": requests,
        "edge_requests": uncached * values["edge.requests"],
        "edge_gb": uncached * values["edge.kilobytes"] / 1e6,
        "pod_hours": day.mean_pods * HOURS_PER_MONTH,
        "pods_peak": np.maximum(most, day.peak_pods),
        "pod_vcpu": np.full_like(requests, rules.pod.vcpu),
        "pod_gb": np.full_like(requests, rules.pod.gb),
        "backend_egress_gb": wire / 1e9 + sockets_kb / 1e6,
        "database_cores": sized.primary_cores,
        "replica_cores": sized.replica_cores * sized.replicas,
        "database_mean_cores": busy[Tier.PRIMARY],
        "replica_mean_cores": busy[Tier.REPLICAS],
        "database_connections": np.maximum(sized.primary_connections, sized.replica_connections),
        "database_gb": people.users * values["storage.database_kb"] / 1e6,
        "database_hot_gb": people.users
        * values["storage.database_kb"]
        / 1e6
        * values["storage.hot_share"],
        "redis_gb": sized.redis_gb,
        "redis_commands": requests * cost.redis_commands,
        "redis_commands_per_s_peak": people.burst_rate * cost.redis_commands,
        "redis_connections": most * rules.pod.redis_connections,
        "objects_gb": people.users * values["storage.files_kb"] / 1e6,
        "object_writes": sessions * values["storage.uploads"],
        "object_reads": sessions * values["storage.downloads"],
        "errors": requests * values["errors.share"],
        "log_gb": requests * values["logs.bytes"] / 1e9,
        "series": hosts * values["metrics.series"],
        "staff_seats": np.rint(values["staff.seats"]),
        "replicas": sized.replicas,
        "redis_shards": sized.redis_shards,
        "hosts": hosts,
    }
