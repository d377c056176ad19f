"""The rules a plan is made by: pod, autoscaler, fill levels, targets, regret."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from capacity.inputs import InputError, document, first_problem
from capacity.nearest import nearest

_FILE = Path(__file__).with_name("rules.toml")


class _Group(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Pod(_Group):
    """One pod's size and settings."""

    vcpu: float = Field(gt=0)
    gb: float = Field(gt=0)
    workers: int = Field(ge=1)
    slots: int = Field(ge=1)
    pool: int = Field(ge=1)
    redis_connections: int = Field(ge=1)


class Autoscale(_Group):
    """When pods come and go: shares of CPU and memory, minutes they must last."""

    least: int = Field(ge=1)
    most: int = Field(ge=1)
    up_cpu: float = Field(gt=0, lt=1)
    up_memory: float = Field(gt=0, lt=1)
    up_minutes: int = Field(ge=1)
    down_cpu: float = Field(gt=0, lt=1)
    down_memory: float = Field(gt=0, lt=1)
    down_minutes: int = Field(ge=1)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.least > self.most:
            raise ValueError("least pods above the most")
        return self


class Fill(_Group):
    """How full a station may be planned, as a share; and sizes that end somewhere."""

    database: float = Field(gt=0, lt=1)
    redis: float = Field(gt=0, lt=1)
    nginx: float = Field(gt=0, lt=1)
    pgbouncer: float = Field(gt=0, lt=1)
    largest_database: int = Field(ge=1)
    pool: float = Field(gt=0, le=1)
    reserved_connections: int = Field(ge=0)
    max_connections: int = Field(ge=1)
    pgbouncer_clients: int = Field(ge=1)


class Slo(_Group):
    """Latency targets in ms."""

    p50: float = Field(gt=0)
    p95: float = Field(gt=0)
    p99: float = Field(gt=0)


class Regret(_Group):
    """How much worse too little is than too much."""

    short: float = Field(ge=1)


class Rules(_Group):
    """All rules, and what a person fixed instead of having it planned.

    `pods` and `replicas` are None unless fixed.
    """

    pod: Pod
    autoscale: Autoscale
    fill: Fill
    slo: Slo
    regret: Regret
    pods: int | None = Field(default=None, ge=2)
    replicas: int | None = Field(default=None, ge=1)

    @property
    def names(self) -> tuple[str, ...]:
        """Everything that can be set: `pods`, `pod.vcpu`..."""
        dumped = self.model_dump()
        return tuple(
            f"{group}.{key}" if isinstance(table, dict) else group
            for group, table in dumped.items()
            for key in (table if isinstance(table, dict) else [None])
        )

    def settled(self, settings: Iterable[str]) -> "Rules":
        """These rules with `name=value` put in their place. Raises `InputError` in one line."""
        changed: dict[str, Any] = self.model_dump()
        for setting in settings:
            name, _, text = setting.partition("=")
            if name not in self.names:
                raise InputError(f'--set {setting}: no rule "{name}": {nearest(name, self.names)}')
            group, _, key = name.partition(".")
            if key:
                changed[group][key] = text
            else:
                changed[group] = text
            try:
                Rules.model_validate(changed)
            except ValidationError as error:
                raise InputError(f"--set {setting}: {first_problem(error)}") from error
        return Rules.model_validate(changed)


def read_rules(path: Path = _FILE) -> Rules:
    """The rules of a file. Raises `InputError` for one that cannot be used."""
    try:
        return Rules.model_validate(document(path))
    except ValidationError as error:
        raise InputError(f"{path.name}: {first_problem(error)}") from error
