"""Looks at every tier of a running stack, once a second, for the run's timeline.

Series and units are those of `capacity.series`. Taking one sample of everything is to
cost well below a twentieth of a core: it runs beside what it measures.
"""

from collections.abc import Callable

from capacity.probes import Probe
from capacity.series import SERIES
from stack.probes.endpoints import EndpointProbe
from stack.probes.machine import MachineProbe
from stack.probes.nginx import NginxProbe
from stack.probes.pgbouncer import PgBouncerProbe
from stack.probes.pods import PodProbe
from stack.probes.postgres import PrimaryProbe, ReplicaProbe, WalHistory
from stack.probes.redis import RedisProbe
from stack.probes.services import ServicesProbe
from stack.state import Running, ServiceState

__all__ = ["probes", "required"]

_TIERS = {
    "nginx": "nginx.",
    "gunicorn": "pod.{pod}.",
    "pgbouncer": "pgbouncer.",
    "postgres-primary": "postgres.{service}.",
    "postgres-replica": "postgres.{service}.",
    "redis": "redis.",
}
"""Kind of service -> how the series of one begin."""
_OF_REPLICAS = ("lag", "lag_bytes")


def probes(running: Running) -> list[Probe]:
    """A probe for every part of `running`; nothing is connected before the first sample."""
    history = WalHistory()
    monitor = running.monitor
    makers: dict[str, Callable[[ServiceState], Probe]] = {
        "nginx": lambda service: NginxProbe(service.urls["status"]),
        "gunicorn": PodProbe,
        "pgbouncer": lambda service: PgBouncerProbe(service.port or 0, monitor),
        "postgres-primary": lambda service: PrimaryProbe(service, monitor, history),
        "postgres-replica": lambda service: ReplicaProbe(service, monitor, history),
        "redis": lambda service: RedisProbe(service.port or 0, monitor["redis_password"]),
    }
    # The primary before its replicas: they are compared with what it had written.
    ordered = sorted(running.services.values(), key=lambda s: s.kind == "postgres-replica")
    tiers = [makers[service.kind](service) for service in ordered if service.kind in makers]
    pods = [probe for probe in tiers if isinstance(probe, PodProbe)]
    whole: list[Probe] = [MachineProbe(), ServicesProbe(list(running.services.values()))]
    # The endpoints last: they are what the pods' probes have just read.
    return [*whole, *tiers, EndpointProbe(pods)]


def required(running: Running) -> list[str]:
    """The series every second of a measured run is to have: those of each instance of each tier.

    Not memory, which is read in turns, and not what stands in for the world outside.
    """
    found = [name for name in SERIES if name.startswith("machine.")]
    for service in running.services.values():
        if service.kind not in _TIERS:
            continue
        found.append(f"service.{service.name}.cpu")
        found += [
            pattern.replace("{service}", service.name).replace("{pod}", service.name)
            for pattern in SERIES
            if pattern.startswith(_TIERS[service.kind])
            and (
                service.kind != "postgres-primary" or pattern.rpartition(".")[2] not in _OF_REPLICAS
            )
        ]
    return found
