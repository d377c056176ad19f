"""The steps of the checklist, read from the TOML files beside this one, one or two per phase.

A step says what to do, why, who does it, how many days it takes and how it is checked:
by a program (`check`) or by a person (no `check`). A step with `every_days` has to be
done again when it was last done longer ago than that.
"""

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from capacity.errors import HmbError
from capacity.inputs import first_problem

_FOLDER = Path(__file__).parent


class ChecklistError(HmbError):
    """A file of the checklist that cannot be read: which, where and why."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _is_pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"{text!r} is no pattern: {error}") from error
    return text


class Setting(_Strict):
    """A variable of the environment file, or what the template says it is without."""

    kind: Literal["setting"]
    name: str
    secret: bool = False
    pattern: str = "."
    least: float | None = None
    most: float | None = None

    _pattern = field_validator("pattern")(_is_pattern)

    @property
    def told(self) -> str:
        """How it is checked."""
        if self.secret:
            return f"`{self.name}` is long, varied and no placeholder"
        if self.least is not None or self.most is not None:
            ends = [f"at least {self.least:g}" if self.least is not None else ""]
            ends.append(f"at most {self.most:g}" if self.most is not None else "")
            return f"`{self.name}` is {' and '.join(filter(None, ends))}"
        return f"`{self.name}` is set" if self.pattern == "." else f"`{self.name}` is as it must be"


class Text(_Strict):
    """A file of the checkout that must hold a pattern."""

    kind: Literal["file"]
    path: str
    pattern: str = "."

    _pattern = field_validator("pattern")(_is_pattern)

    @property
    def told(self) -> str:
        """How it is checked."""
        return f"`{self.path}` says so"


class Answer(_Strict):
    """What the deployment (or Grafana) must answer to one request."""

    kind: Literal["answer"]
    of: Literal["url", "grafana"] = "url"
    method: Literal["GET", "POST", "OPTIONS", "HEAD"] = "GET"
    path: str
    sends: dict[str, str] = {}
    body: str | None = None
    status: list[int] = [200]
    header: str | None = None
    pattern: str | None = None
    """Of the header named, else of the body."""
    absent: bool = False
    """The header must not be there."""

    @field_validator("pattern")
    @classmethod
    def _pattern(cls, text: str | None) -> str | None:
        return None if text is None else _is_pattern(text)

    @property
    def told(self) -> str:
        """How it is checked."""
        answers = f"`{self.method} {self.path}`"
        if self.header:
            return f"{answers} answers {'without' if self.absent else 'with'} `{self.header}`"
        return f"{answers} answers {' or '.join(str(one) for one in self.status)}"


class Query(_Strict):
    """What Prometheus must say of an expression."""

    kind: Literal["query"]
    expression: str
    least: float | None = None
    most: float | None = None

    @property
    def told(self) -> str:
        """How it is checked."""
        return f"Prometheus: `{self.expression}`"


class Alert(_Strict):
    """An alert that Prometheus must have loaded."""

    kind: Literal["alert"]
    name: str

    @property
    def told(self) -> str:
        """How it is checked."""
        return f"Prometheus has loaded `{self.name}`"


class Named(_Strict):
    """A check that is a function of its own."""

    kind: Literal["named"]
    name: Literal[
        "no_unknown",
        "all_required",
        "distinct_secrets",
        "private_file",
        "pool_budget",
        "pods_into_redis",
        "redis_in_memory",
        "stripe_is_live",
        "certificate_valid",
        "certificate_days",
        "modern_tls",
        "to_https",
        "cookies",
        "foreign_origin",
        "own_origin",
        "sign_in_limit",
        "quick_health",
        "own_request_ids",
    ]

    @property
    def told(self) -> str:
        """How it is checked."""
        return self.name.replace("_", " ")


Check = Annotated[Setting | Text | Answer | Query | Alert | Named, Field(discriminator="kind")]


class Step(_Strict):
    """One step of a phase."""

    id: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")
    do: str = Field(min_length=8)
    why: str = Field(min_length=8)
    owner: str
    days: float = Field(gt=0, le=20)
    check: Check | None = None
    every_days: int | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _only_a_persons_work_grows_old(self) -> Self:
        if self.check and self.every_days:
            raise ValueError("every_days is for steps a person ticks")
        return self

    @property
    def checked(self) -> str:
        """How it is checked, for people."""
        if self.check:
            return self.check.told
        again = f", again within {self.every_days} days" if self.every_days else ""
        return f"by hand{again}"


class Phase(_Strict):
    """A phase of the launch: its title, its week, its steps."""

    title: str
    week: str
    steps: tuple[Step, ...] = Field(alias="step", min_length=1)


def read_phase(path: Path) -> Phase:
    """The phase in the file at `path`. Raises `ChecklistError` in one line."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
        return Phase.model_validate(tables)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ChecklistError(f"cannot read {path.name}: {error}") from error
    except ValidationError as error:
        raise ChecklistError(f"{path.name}: {first_problem(error)}") from error


@cache
def phases() -> tuple[Phase, ...]:
    """All phases in order. Raises `ChecklistError` for an id used twice."""
    found: dict[str, Phase] = {}
    for path in sorted(_FOLDER.glob("*.toml")):
        part = read_phase(path)
        before = found.get(part.title)
        joined = part.steps if before is None else (*before.steps, *part.steps)
        found[part.title] = part.model_copy(update={"steps": joined})
    seen: set[str] = set()
    for step in (step for phase in found.values() for step in phase.steps):
        if step.id in seen:
            raise ChecklistError(f"two steps are called {step.id}")
        seen.add(step.id)
    return tuple(found.values())


def steps() -> tuple[Step, ...]:
    """The steps of all phases."""
    return tuple(step for phase in phases() for step in phase.steps)
