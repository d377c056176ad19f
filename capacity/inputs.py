"""The assumptions a plan rests on: each an interval with its reason, each to be overridden.

A file of inputs is TOML, one table per input:

    [activity.daily_share]
    low = 0.10
    mid = 0.15
    high = 0.20
    unit = "share"                # a share lies between 0 and 1
    reason = "why this interval"
    evidence = "assumed"          # optional, one of capacity.evidence
    least = 0                     # optional: no value below it makes sense

An input is drawn from the triangular distribution: `low` and `high` are its ends, `mid`
the likeliest value (Kotz & van Dorp 2004, Beyond Beta, ch. 1).
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from capacity.errors import UsageError
from capacity.evidence import Evidence, Span
from capacity.nearest import nearest

Array = NDArray[np.float64]
Values = Mapping[str, Array]
"""Input name -> its value in every draw; all of one length."""


class InputError(UsageError):
    """An assumption that cannot be: which, why, and how to write it."""


class Input(BaseModel):
    """One assumption: `low`, `mid` and `high` in `unit`, and why."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    low: float
    mid: float
    high: float
    unit: str
    reason: str
    evidence: Evidence = Evidence.ASSUMED
    least: float = 0.0

    @model_validator(mode="after")
    def _sensible(self) -> Self:
        span = self.span
        if span.low < self.least:
            raise ValueError(f"{span.low:g} is below {self.least:g}, the least that makes sense")
        if self.unit == "share" and span.high > 1:
            raise ValueError(f"{span.high:g} is above 1: a share is written as a fraction")
        return self

    @property
    def span(self) -> Span:
        """The interval. Raises `ValueError` when it is out of order."""
        return Span(low=self.low, mid=self.mid, high=self.high)


@dataclass(frozen=True)
class Inputs:
    """Named inputs, in their order."""

    known: Mapping[str, Input]

    def __add__(self, other: "Inputs") -> "Inputs":
        return Inputs({**self.known, **other.known})

    @property
    def names(self) -> tuple[str, ...]:
        """All names; the columns of `at`."""
        return tuple(self.known)

    def settled(self, settings: Iterable[str]) -> "Inputs":
        """These inputs with `name=value` or `name=low:mid:high` put in their place.

        Raises `InputError`, in one line, for an unknown name and a value that cannot be.
        """
        known = dict(self.known)
        for setting in settings:
            name, equals, text = setting.partition("=")
            if not equals:
                raise InputError(f"--set {setting}: write name=value or name=low:mid:high")
            if name not in known:
                raise InputError(f'--set {setting}: no input "{name}": {nearest(name, [*known])}')
            low, mid, high = _three(setting, text)
            changed = {"low": low, "mid": mid, "high": high, "reason": "set on the command line"}
            try:
                known[name] = Input.model_validate(
                    {**known[name].model_dump(), **changed, "evidence": Evidence.ASSUMED}
                )
            except ValidationError as error:
                raise InputError(f"--set {setting}: {first_problem(error)}") from error
        return Inputs(known)

    def mids(self) -> dict[str, Array]:
        """The middle of every input, as one draw."""
        return {name: np.array([one.mid]) for name, one in self.known.items()}

    def draws(self, count: int, seed: int) -> dict[str, Array]:
        """`count` seeded draws of every input."""
        return self.at(np.random.default_rng(seed).random((count, len(self.known))))

    def at(self, uniforms: Array) -> dict[str, Array]:
        """The inputs' quantiles at `uniforms` (draws x inputs, each in [0, 1))."""
        return {
            name: _triangular(one, uniforms[:, column])
            for column, (name, one) in enumerate(self.known.items())
        }


def _triangular(one: Input, uniform: Array) -> Array:
    """Quantiles of the triangular distribution; a point when the interval is one."""
    width = one.high - one.low
    if width <= 0:
        return np.full(uniform.shape, one.mid)
    turn = (one.mid - one.low) / width
    rising = one.low + np.sqrt(uniform * width * (one.mid - one.low))
    falling = one.high - np.sqrt((1 - uniform) * width * (one.high - one.mid))
    return np.where(uniform < turn, rising, falling)


def _three(setting: str, text: str) -> tuple[float, float, float]:
    try:
        numbers = [float(part) for part in text.split(":")]
    except ValueError:
        numbers = []
    if len(numbers) == 1:
        numbers *= 3
    if len(numbers) != 3 or not np.isfinite(numbers).all():
        raise InputError(f"--set {setting}: {text!r} is no number and no low:mid:high")
    low, mid, high = numbers
    return low, mid, high


def first_problem(error: ValidationError) -> str:
    """What is wrong with a table, in one line: the key and the reason."""
    first = error.errors(include_url=False)[0]
    key = ".".join(str(part) for part in first["loc"])
    reason = first["msg"].removeprefix("Value error, ")
    if first["type"] == "missing":
        return f'key "{key}" is missing'
    if first["type"] == "extra_forbidden":
        return f'unknown key "{key}"'
    return f'key "{key}": {reason}' if key else reason


def document(path: Path) -> dict[str, Any]:
    """The TOML document at `path`. Raises `InputError` when it is none or cannot be read."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read {path}: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path} is not TOML: {error}") from error


def read_inputs(path: Path) -> Inputs:
    """The inputs of the file at `path`, named `table.key`.

    Raises `InputError`, in one line, for a file that cannot be read and for an input
    without reason, with an unknown key or an interval out of order.
    """
    known: dict[str, Input] = {}
    for group, tables in document(path).items():
        if not isinstance(tables, dict):
            raise InputError(f"{path.name}: {group} must be tables, [{group}.name]")
        for key, table in tables.items():
            name = f"{group}.{key}"
            try:
                known[name] = Input.model_validate(table)
            except ValidationError as error:
                raise InputError(f"{path.name}: [{name}]: {first_problem(error)}") from error
    return Inputs(known)


def spread(values: Array) -> Span:
    """The 5 %, 50 % and 95 % quantiles over the draws."""
    low, mid, high = (float(one) for one in np.quantile(values, (0.05, 0.5, 0.95)))
    return Span(low=low, mid=mid, high=high)
