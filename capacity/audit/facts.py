"""Facts about a project, and what a claim expects of them.

Somebody who may read files gathers the facts (`stack.inventory`); here they are only
compared.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from pydantic import BaseModel, ConfigDict, model_validator

from capacity import figures

Value = bool | int | float | str | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fact:
    """What was found at `where` (a file, from the checkout); None when it is not there."""

    value: Value | None
    where: str


Facts = Mapping[str, Fact]
"""Facts by dotted name: `nginx.keepalive`. A name that is missing was never looked for."""


OPEN = ("app", "tiers")
"""Families whose names are the project's own: one that is missing there is not there."""


class Expectation(BaseModel):
    """One fact and what it must be. Exactly one of `equals`, `least`, `most`, `has`, `lacks`.

    `has` and `lacks` speak of a list, all of their words; `lacks` also holds of a fact that
    is not there.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    fact: str
    equals: bool | int | float | str | None = None
    least: float | None = None
    most: float | None = None
    has: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _one(self) -> Self:
        stated = (self.equals is not None, self.least is not None, self.most is not None)
        if sum((*stated, bool(self.has), bool(self.lacks))) != 1:
            raise ValueError("needs exactly one of equals, least, most, has, lacks")
        return self

    def holds(self, value: Value | None) -> bool:
        """Whether a fact of this value is as expected."""
        if self.lacks:
            return not isinstance(value, tuple) or not set(self.lacks) & set(value)
        if value is None:
            return False
        if self.has:
            return isinstance(value, tuple) and set(self.has) <= set(value)
        if self.equals is not None:
            return type(value) is not tuple and value == self.equals
        if isinstance(value, str | tuple):
            return False
        least, most = self.least, self.most
        return (least is None or value >= least) and (most is None or value <= most)

    @property
    def wanted(self) -> str:
        """What is expected, in words."""
        if self.has:
            return ", ".join(self.has)
        if self.lacks:
            return f"not {', '.join(self.lacks)}"
        if self.least is not None:
            return f"at least {figures.exact(self.least)}"
        if self.most is not None:
            return f"at most {figures.exact(self.most)}"
        return told(self.equals)


def told(value: Value | None) -> str:
    """A fact's value as people read it."""
    if value is None:
        return "not there"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(value) or "none"
    return value if isinstance(value, str) else figures.exact(value)


def label(name: str) -> str:
    """A fact's name as people read it: `nginx keepalive`, `websocket timeout (s)`."""
    words = name.removeprefix("app.").removeprefix("compose.")
    for ending, unit in _UNITS.items():
        if words.endswith(ending):
            words = f"{words.removesuffix(ending)} ({unit})"
    return words.replace(".", " ").replace("_", " ")


_UNITS = {"_s": "s", "_mb": "MB"}


def shown(expected: Expectation, value: Value | None) -> str:
    """The fact as it is, as a clause; of a long list only what was asked for."""
    name = label(expected.fact)
    if expected.has:
        return f"{name}: {', '.join(expected.has)}"
    if expected.lacks:
        return f"{name} without {', '.join(expected.lacks)}"
    return f"{name}: {told(value)}"


def missed(expected: Expectation, value: Value | None) -> str:
    """How the fact differs, as a clause: `nginx keepalive is 16 where 32 is said`."""
    name = label(expected.fact)
    if isinstance(value, tuple) and (expected.has or expected.lacks):
        if expected.has:
            wrong, verb = [word for word in expected.has if word not in value], "not among"
        else:
            wrong, verb = [word for word in expected.lacks if word in value], "among"
        return f"{', '.join(wrong)} {'is' if len(wrong) == 1 else 'are'} {verb} {name}"
    if value is None:
        return f"there is no {name}, where {expected.wanted} is said"
    return f"{name} is {told(value)} where {expected.wanted} is said"
