"""Decides what a native stack consists of: instances, ports, addresses, adapters."""

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from stack import compose, credentials, ports
from stack.budget import ini_settings, pgbouncer_ini
from stack.compose import ComposeFile, Service
from stack.errors import StackError
from stack.interpolation import required_names
from stack.native.adapter import Adapter, Instance, Site
from stack.native.gunicorn import Pod, StandIn, Task
from stack.native.nginx import Nginx
from stack.native.pgbouncer import PgBouncer
from stack.native.postgres import Primary, Replica
from stack.native.prometheus import Prometheus
from stack.native.redis import Redis
from stack.places import Places
from stack.rewriting import Addresses, Rewriter
from stack.state import Choices

POD, REPLICA, PGBOUNCER_KIND = "gunicorn", "postgres-replica", "pgbouncer"
STRIPE, S3, MAIL, UPTIME = "stripe", "s3", "mail", "uptime"
_KINDS: dict[str, type[Adapter]] = {
    "postgres-primary": Primary,
    REPLICA: Replica,
    "redis": Redis,
    PGBOUNCER_KIND: PgBouncer,
    "nginx": Nginx,
    POD: Pod,
    "task": Task,
    "prometheus": Prometheus,
    STRIPE: StandIn,
    S3: StandIn,
    MAIL: StandIn,
    UPTIME: StandIn,
}
_BROUGHT = {STRIPE: "STRIPE_SECRET_KEY", S3: "S3_ENDPOINT_URL", MAIL: "MAIL_BACKEND"}
"""Stand-ins, and what a person sets who brings the real thing."""
_STRIPE_KEY, _STRIPE_WEBHOOK = "LOCAL_STRIPE_KEY", "LOCAL_STRIPE_WEBHOOK_SECRET"
_S3_ID, _S3_SECRET = "LOCAL_S3_KEY_ID", "LOCAL_S3_SECRET_KEY"
_ONLY_WITH = {MAIL: "local"}
"""Stand-ins that nobody needs who did not ask for their profile."""
_TELLS_NOBODY = {"SENTRY_DSN": "", "OTEL_EXPORTER_OTLP_ENDPOINT": ""}
"""A native stack is there to be measured: nothing it does is sent elsewhere, whatever is set."""
_NOT_NATIVE = {"grafana": "Debian has no Grafana package; --engine compose runs it"}


@dataclass(frozen=True, slots=True)
class NativeStack:
    """Everything to start. `notes` are lines a person should read; `ports` are to be kept."""

    compose: ComposeFile
    adapters: Mapping[str, Adapter]
    site: Site
    ports: Mapping[str, int]
    notes: Sequence[str]


def build(places: Places, choices: Choices, before: Mapping[str, int]) -> NativeStack:
    """The stack `choices` ask for. `before` are the ports of the last start.

    Raises `StackError` for anything in the compose file or on this machine that stands
    in the way, before a process is started.
    """
    file = compose.read(places.home, variables(places, choices))
    counts = instances(file, choices)
    notes = [f"{name}: {_NOT_NATIVE[name]}" for name in counts if name in _NOT_NATIVE]
    counts = Counter({name: n for name, n in counts.items() if name not in _NOT_NATIVE})
    names = {
        name: [name] if file.services[name].replicas == 1 else _numbered(name, count)
        for name, count in counts.items()
    }
    chosen = _choose_ports(places.home, file, names, before)
    listening = {
        service: [_ports_of(file.services[service], name, chosen) for name in instances]
        for service, instances in names.items()
    }
    addresses = Addresses({name: listening.get(name, []) for name in file.services}, file.subnets)
    site = Site(places, addresses, _databases(file, names, addresses, places.home))
    adapters = {
        name: _KINDS[file.services[service].kind](Instance(name, file.services[service], own), site)
        for service, instances in names.items()
        for name, own in zip(instances, listening[service], strict=True)
    }
    notes += [note for adapter in adapters.values() for note in adapter.notes()]
    return NativeStack(file, adapters, site, chosen, notes)


def variables(places: Places, choices: Choices) -> dict[str, str]:
    """What fills the compose file: our own secrets before the environment's."""
    secret = required_names(compose.raw_text(places.home))
    known = credentials.ensure(places.state, secret)
    ours = _local_stripe(places, choices) | _local_s3(places, choices) | _local_mail(choices)
    return {**os.environ, **known, **ours, **_TELLS_NOBODY}


def _stands_in(kind: str, choices: Choices) -> bool:
    """Whether a stand-in runs: when all services are wanted and nobody brings the real one."""
    if choices.services is not None:
        return kind in choices.services
    if kind in _ONLY_WITH and _ONLY_WITH[kind] not in choices.profiles:
        return False
    return _BROUGHT[kind] not in os.environ


def _local_stripe(places: Places, choices: Choices) -> dict[str, str]:
    """What app and local Stripe must agree on; nothing when that does not run."""
    if not _stands_in(STRIPE, choices):
        return {}
    made = credentials.ensure(places.state, (_STRIPE_KEY, _STRIPE_WEBHOOK))
    return {
        "STRIPE_SECRET_KEY": f"sk_test_{made[_STRIPE_KEY]}",
        "STRIPE_WEBHOOK_SECRET": f"whsec_{made[_STRIPE_WEBHOOK]}",
        "STRIPE_API_URL": "http://stripe:12111",
        # Its pages are where the app calls it.
        "STRIPE_PUBLIC_URL": "",
    }


def _local_s3(places: Places, choices: Choices) -> dict[str, str]:
    """What app and local store must agree on; nothing when that does not run."""
    if not _stands_in(S3, choices):
        return {}
    made = credentials.ensure(places.state, (_S3_ID, _S3_SECRET))
    return {
        "S3_ENDPOINT_URL": "http://s3:12112",
        # Browsers reach it where the app does.
        "S3_PUBLIC_URL": "",
        "S3_ACCESS_KEY_ID": made[_S3_ID],
        "S3_SECRET_ACCESS_KEY": made[_S3_SECRET],
    }


def _local_mail(choices: Choices) -> dict[str, str]:
    """What has the app hand its letters to the local post office; nothing without that."""
    if not _stands_in(MAIL, choices):
        return {}
    return {
        "MAIL_BACKEND": "smtp",
        "SMTP_HOST": "mail",
        "SMTP_PORT": "12113",
        "SMTP_STARTTLS": "false",
    }


def _numbered(name: str, count: int) -> list[str]:
    return [f"{name}-{number}" for number in range(1, count + 1)]


def instances(file: ComposeFile, choices: Choices) -> Counter[str]:
    """How many instances of which services."""
    for name in choices.services or ():
        if name not in file.services:
            raise StackError(f"no service {name} in {compose.FILE}")
    counts: Counter[str] = Counter()
    replicas = 0
    for name, service in file.services.items():
        if not _is_wanted(service, choices):
            continue
        if service.kind not in _KINDS and service.kind not in _NOT_NATIVE:
            raise StackError(f"{compose.FILE}: {name} is of unknown kind {service.kind}")
        if service.kind == REPLICA:
            replicas += 1
            if replicas > choices.replicas and choices.services is None:
                continue
        counts[name] = choices.pods if service.kind == POD else service.replicas
    return counts


def _is_wanted(service: Service, choices: Choices) -> bool:
    if choices.services is not None:
        return service.name in choices.services
    if service.kind in _BROUGHT:
        return _stands_in(service.kind, choices)
    return not service.profiles or bool(service.profiles & set(choices.profiles))


def _choose_ports(
    home: Path, file: ComposeFile, names: Mapping[str, Sequence[str]], before: Mapping[str, int]
) -> dict[str, int]:
    wanted = []
    fixed = {}
    for service, instances in names.items():
        for instance in instances:
            for port in file.services[service].ports:
                key = f"{instance}:{port.number}"
                wanted.append(key)
                if port.published is not None:
                    fixed[key] = port.published
    return ports.choose(home, wanted, before, fixed)


def _ports_of(service: Service, instance: str, chosen: Mapping[str, int]) -> dict[int, int]:
    return {port.number: chosen[f"{instance}:{port.number}"] for port in service.ports}


def _databases(
    file: ComposeFile, names: Mapping[str, Sequence[str]], addresses: Addresses, home: Path
) -> frozenset[str] | None:
    """The databases PgBouncer will have, once absent replicas are left out of its file."""
    for name in names:
        if file.services[name].kind == PGBOUNCER_KIND:
            text = pgbouncer_ini(file.services[name], home)
            kept = Rewriter(addresses, {}, {}).file(text)
            return frozenset(ini_settings(kept, "databases"))
    return None
