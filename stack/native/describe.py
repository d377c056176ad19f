"""Puts into words and numbers what a native stack consists of."""

from collections.abc import Mapping

from stack.budget import PoolBudget, budget_of, postgres_settings
from stack.native.adapter import Adapter, Instance
from stack.native.gunicorn import Pod, app_environment
from stack.native.nginx import Nginx
from stack.native.postgres import Primary, Replica
from stack.native.redis import Redis
from stack.native.site import POD, NativeStack
from stack.servers import version
from stack.state import Choices, Running, ServiceState

Topology = dict[str, int | float | str | bool]

_OF_THE_PROCESS = {"BIND", "PROMETHEUS_MULTIPROC_DIR"}
"""Settings of a pod that another process of the app must not share."""
_OFF = {"off", "false", "no", "0"}


def running(stack: NativeStack, choices: Choices, states: Mapping[str, ServiceState]) -> Running:
    """All that is to be known of a stack that has started."""
    urls = _first(stack, Nginx)
    return Running(
        home=stack.site.places.home,
        choices=choices,
        base_url=urls.urls()["http"] if urls else None,
        base_url_tls=urls.urls()["https"] if urls else None,
        services={name: states[name] for name in stack.adapters if name in states},
        environment=environment(stack),
        monitor=_monitor(stack),
        budget=budget(stack, choices),
        topology=_topology(stack, choices),
        versions=_versions(stack),
    )


def environment(stack: NativeStack) -> dict[str, str]:
    """The app's environment, for its migrations and its data; without what does not run."""
    for service in stack.compose.services.values():
        if service.kind == POD:
            pod = Pod(Instance(service.name, service, {}), stack.site)
            values = app_environment(pod)
            return {name: values[name] for name in values.keys() - _OF_THE_PROCESS}
    return {}


def budget(stack: NativeStack, choices: Choices) -> PoolBudget | None:
    """The pool budget, when the tiers it is about all run."""
    names = {adapter.service.name for adapter in stack.adapters.values()}
    return budget_of(stack.compose, stack.site.places.home, pods=choices.pods, running=names)


def _topology(stack: NativeStack, choices: Choices) -> Topology:
    found: Topology = {
        "engine": choices.engine,
        "pods": sum(isinstance(adapter, Pod) for adapter in stack.adapters.values()),
        "replicas": sum(isinstance(adapter, Replica) for adapter in stack.adapters.values()),
    }
    limits = budget(stack, choices)
    if limits is not None:
        found |= {
            "workers_per_pod": limits.workers,
            "db_connections_per_pod": limits.per_pod,
            "pgbouncer_max_clients": limits.pgbouncer_clients,
            "postgres_max_connections": limits.max_connections,
        }
        found |= {f"pgbouncer_servers.{name}": most for name, most in limits.servers.items()}
    pod, primary = _first(stack, Pod), _first(stack, Primary)
    if pod is not None:
        values = pod.environment()
        found |= {
            "prepared_statements": values["DATABASE_PREPARED_STATEMENTS"] == "true",
            "redis_connections_per_pod": int(values["REDIS_MAX_CONNECTIONS"]),
            "request_slots_per_worker": int(values["REQUEST_SLOTS"]),
        }
    if primary is not None:
        postgres = postgres_settings(primary.service, stack.site.places.home)
        found |= {
            "postgres_shared_buffers": postgres.get("shared_buffers", "default"),
            "postgres_fsync": postgres.get("fsync", "on") not in _OFF,
        }
    return found


def _monitor(stack: NativeStack) -> dict[str, str]:
    """What the probes sign in with."""
    found: dict[str, str] = {}
    primary, redis = _first(stack, Primary), _first(stack, Redis)
    if primary is not None:
        values = primary.environment()
        found |= {
            "postgres_user": "hmb_monitor",
            "postgres_password": values["MONITOR_DB_PASSWORD"],
            "postgres_database": values["POSTGRES_DB"],
        }
    if redis is not None:
        found["redis_password"] = redis.environment()["REDIS_PASSWORD"]
    return found


def _versions(stack: NativeStack) -> dict[str, str]:
    servers = {adapter.server for adapter in stack.adapters.values() if adapter.server}
    return {server.program: version(server) for server in sorted(servers, key=lambda s: s.program)}


def _first(stack: NativeStack, kind: type[Adapter]) -> Adapter | None:
    return next((a for a in stack.adapters.values() if isinstance(a, kind)), None)
