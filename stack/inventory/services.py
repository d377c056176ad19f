"""Facts of the compose file: services, their checks and limits, the pods."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from capacity.audit.facts import Fact, Value
from stack import compose
from stack.interpolation import required_names

_CHECK = {"interval": "10s", "timeout": "5s", "retries": 3}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kKmMgG]?)[bB]?")
_MB = {"k": 1 / 1024, "m": 1.0, "g": 1024.0, "": 1 / 1024**2}


@dataclass(frozen=True, slots=True)
class Compose:
    """The compose file with its own defaults: raw by service, and as the engine reads it."""

    raw: Mapping[str, dict[str, Any]]
    services: Mapping[str, compose.Service]

    def of_kind(self, kind: str) -> list[compose.Service]:
        """The services of a kind, in the file's order."""
        return [one for one in self.services.values() if one.kind == kind]

    def pod(self) -> compose.Service | None:
        """The service whose replicas are the pods."""
        found = self.of_kind("gunicorn")
        return found[0] if found else None

    def limit(self, service: str, what: str) -> str | None:
        """A resource limit (`cpus`, `memory`) of a service."""
        resources = (self.raw.get(service, {}).get("deploy") or {}).get("resources") or {}
        found = (resources.get("limits") or {}).get(what)
        return None if found is None else str(found)


def read(home: Path) -> Compose:
    """The compose file with what it asks for filled in by a word."""
    asked = dict.fromkeys(required_names(compose.raw_text(home)), "asked-for")
    document = compose.filled(home, asked)
    return Compose(document["services"], compose.read(home, asked).services)


def megabytes(text: str | None) -> float | None:
    """`512M`, `1G` or `384mb` in binary megabytes; None for what is no size."""
    found = _SIZE.fullmatch(text.strip()) if text else None
    return float(found[1]) * _MB[found[2].lower()] if found else None


def facts(found: Compose) -> dict[str, Fact]:
    """Services by profile, how many lack a check or limits, and what a pod is."""
    lasting = [name for name, one in found.services.items() if one.kind != "task"]
    monitoring = [name for name, one in found.services.items() if "monitoring" in one.profiles]
    pod = found.pod()
    name = pod.name if pod else ""
    cpus = found.limit(name, "cpus")
    values: dict[str, Value | None] = {
        "compose.services": tuple(found.services),
        "compose.monitoring": tuple(monitoring),
        "compose.checked_otherwise": sum(not _checked(found.raw[one]) for one in lasting),
        "compose.unlimited": sum(not _bounded(body) for body in found.raw.values()),
        "pods.replicas": pod.replicas if pod else None,
        "pods.server": pod.command[0] if pod and pod.command else None,
        "pods.cpus": float(cpus) if cpus else None,
        "pods.memory_mb": megabytes(found.limit(name, "memory")),
    }
    return {key: Fact(value, compose.FILE) for key, value in values.items()}


def _checked(body: Mapping[str, Any]) -> bool:
    check = body.get("healthcheck") or {}
    return bool(check.get("test")) and all(check.get(key) == said for key, said in _CHECK.items())


def _bounded(body: Mapping[str, Any]) -> bool:
    resources = (body.get("deploy") or {}).get("resources") or {}
    return all(
        (resources.get(part) or {}).get(what)
        for part in ("limits", "reservations")
        for what in ("cpus", "memory")
    )
