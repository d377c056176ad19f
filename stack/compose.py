"""Reads docker-compose.production.yml: the one description of the stack.

Only what the native engine acts on is kept; anything else in the file is
Docker's. Values are interpolated as Docker would do it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import yaml

from stack.errors import StackError
from stack.interpolation import interpolate

FILE = "docker-compose.production.yml"
KIND_LABEL = "hmb.kind"

_VARIABLE = re.compile(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)")
_LAST_PORT = 65_535
_SECONDS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "ms": 0.001}


@dataclass(frozen=True, slots=True)
class Mount:
    """Something put at `target` inside the container.

    `bind`: the file or folder `source`, relative to the compose file; `volume`: the
    named volume `source`; `tmpfs`: an empty folder, new at each start.
    """

    kind: Literal["bind", "volume", "tmpfs"]
    source: str
    target: str


@dataclass(frozen=True, slots=True)
class Port:
    """A port the service listens on; `published` only when a person chose it themselves."""

    number: int
    published: int | None = None


@dataclass(frozen=True, slots=True)
class Service:
    """One service of the file, interpolated. Durations are seconds."""

    name: str
    kind: str
    entrypoint: tuple[str, ...]
    command: tuple[str, ...]
    environment: Mapping[str, str]
    mounts: tuple[Mount, ...]
    ports: tuple[Port, ...]
    depends_on: frozenset[str]
    replicas: int
    profiles: frozenset[str]
    stop_signal: str
    stop_grace_s: float
    working_dir: str | None
    open_files: int | None


@dataclass(frozen=True, slots=True)
class ComposeFile:
    """The services by name, and the subnets the file gives its networks."""

    path: Path
    services: Mapping[str, Service]
    subnets: tuple[str, ...]


def raw_text(home: Path) -> str:
    """The compose file of the checkout `home`. Raises `StackError` when there is none."""
    path = home / FILE
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise StackError(f"no {FILE} in {home}: run this from the checkout") from None


def pods(home: Path) -> int | None:
    """How many pods the compose file of `home` says; None where it says nothing of pods."""
    body = _document(home)["services"].get("backend") or {}
    said = body.get("deploy", {}).get("replicas")
    return None if said is None else int(said)


def read(home: Path, variables: Mapping[str, str]) -> ComposeFile:
    """The compose file of `home` with `variables` filled in.

    Raises `StackError` when it is missing, not YAML, or lacks what the engine needs.
    """
    document = _document(home)
    services = {
        name: _service(name, body, variables) for name, body in document["services"].items()
    }
    for service in services.values():
        for needed in service.depends_on - services.keys():
            raise StackError(f"{FILE}: {service.name} depends on {needed}, which is not there")
    return ComposeFile(home / FILE, services, _subnets(document, variables))


def filled(home: Path, variables: Mapping[str, str]) -> dict[str, Any]:
    """The whole file as Docker reads it, `variables` filled in: for who asks what it says.

    Raises `StackError` as `read` does.
    """
    document: dict[str, Any] = _fill(_document(home), variables)
    return document


def _document(home: Path) -> dict[str, Any]:
    return _parsed(raw_text(home))


@lru_cache(maxsize=1)
def _parsed(text: str) -> dict[str, Any]:
    """The document, which is only read: parsing takes longer than all that is done with it."""
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise StackError(f"{FILE} is not valid YAML: {' '.join(str(error).split())}") from None
    if not isinstance(document, dict) or not isinstance(document.get("services"), dict):
        raise StackError(f"{FILE} has no services")
    return document


def _service(name: str, body: dict[str, Any], variables: Mapping[str, str]) -> Service:
    filled = _fill(body, variables)
    kind = (filled.get("labels") or {}).get(KIND_LABEL)
    if not kind:
        raise StackError(f"{FILE}: service {name} has no label {KIND_LABEL}")
    ports = [_published(str(entry), variables) for entry in body.get("ports", [])]
    ports += [Port(int(number)) for number in filled.get("expose", [])]
    return Service(
        name=name,
        kind=str(kind),
        entrypoint=_words(name, "entrypoint", filled),
        command=_words(name, "command", filled),
        environment={key: _scalar(value) for key, value in _environment(filled).items()},
        mounts=tuple(_mounts(name, filled)),
        ports=tuple(ports),
        depends_on=frozenset(filled.get("depends_on", ())),
        replicas=int(filled.get("deploy", {}).get("replicas", 1)),
        profiles=frozenset(filled.get("profiles", ())),
        stop_signal=str(filled.get("stop_signal", "SIGTERM")),
        stop_grace_s=_duration(name, str(filled.get("stop_grace_period", "10s"))),
        working_dir=filled.get("working_dir"),
        open_files=_open_files(filled),
    )


def _fill(value: Any, variables: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return interpolate(value, variables)
    if isinstance(value, dict):
        return {key: _fill(item, variables) for key, item in value.items()}
    if isinstance(value, list):
        return [_fill(item, variables) for item in value]
    return value


def _scalar(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _words(name: str, key: str, filled: dict[str, Any]) -> tuple[str, ...]:
    words = filled.get(key, [])
    if not isinstance(words, list):
        raise StackError(f"{FILE}: write {key} of {name} as a list")
    return tuple(_scalar(word) for word in words)


def _environment(filled: dict[str, Any]) -> dict[str, Any]:
    environment = filled.get("environment") or {}
    if isinstance(environment, list):
        return dict(entry.partition("=")[::2] for entry in environment)
    return dict(environment)


def _mounts(name: str, filled: dict[str, Any]) -> list[Mount]:
    mounts = []
    for entry in filled.get("volumes", []):
        if not isinstance(entry, str) or ":" not in entry:
            raise StackError(f"{FILE}: write the volumes of {name} as source:target")
        source, target = entry.split(":")[:2]
        kind: Literal["bind", "volume"] = "bind" if source.startswith((".", "/")) else "volume"
        mounts.append(Mount(kind, source, target))
    empty = [str(entry).partition(":")[0] for entry in filled.get("tmpfs", [])]
    return [*mounts, *(Mount("tmpfs", "", target) for target in empty)]


def _published(entry: str, variables: Mapping[str, str]) -> Port:
    filled = interpolate(entry, variables).split(":")
    # The last variable is the port's; one before it would be the address's.
    chosen = any(name in variables for name in _VARIABLE.findall(entry)[-1:])
    return Port(_number(filled[-1]), _number(filled[-2]) if chosen and len(filled) > 1 else None)


def _number(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= _LAST_PORT:
        raise StackError(f"{FILE}: {text!r} is no port; choose a number from 1 to {_LAST_PORT}")
    return int(text)


def _duration(name: str, text: str) -> float:
    parts = re.findall(r"(\d+)(ms|s|m|h|)", text)
    if "".join(number + unit for number, unit in parts) != text:
        raise StackError(f"{FILE}: stop_grace_period {text!r} of {name} is not a duration")
    return sum(int(number) * _SECONDS[unit] for number, unit in parts)


def _open_files(filled: dict[str, Any]) -> int | None:
    limit = filled.get("ulimits", {}).get("nofile")
    if isinstance(limit, dict):
        limit = limit.get("hard")
    return None if limit is None else int(limit)


def _subnets(document: dict[str, Any], variables: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(
        interpolate(str(pool["subnet"]), variables)
        for network in (document.get("networks") or {}).values()
        for pool in ((network or {}).get("ipam") or {}).get("config", [])
    )
