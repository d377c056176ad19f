"""A month's quantities for tests: nothing used but what a test names."""

from typing import Any

from capacity.bought import Bought
from capacity.cost.quantities import quantities
from capacity.inputs import Array

_NOTHING: dict[str, Any] = {
    "users": 1,
    "active_users": 1,
    "requests": 0,
    "edge_requests": 0,
    "edge_gb": 0,
    "pod_hours": 0,
    "pods_peak": 2,
    "pod_vcpu": 1,
    "pod_gb": 1,
    "backend_egress_gb": 0,
    "database_cores": 1,
    "replica_cores": 0,
    "database_mean_cores": 0,
    "replica_mean_cores": 0,
    "database_connections": 10,
    "database_gb": 0,
    "redis_gb": 0,
    "redis_commands": 0,
    "redis_commands_per_s_peak": 0,
    "redis_connections": 0,
    "objects_gb": 0,
    "object_writes": 0,
    "object_reads": 0,
    "errors": 0,
    "log_gb": 0,
    "series": 0,
    "staff_seats": 1,
}


def month(**used: float) -> dict[str, Array]:
    return quantities(Bought.model_validate({**_NOTHING, **used}))
