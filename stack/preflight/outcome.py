"""What came of one step."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How a step stands."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_CHECKED = "not checked"
    DONE = "done"
    """By hand, as a person said."""
    TO_DO = "to do"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it stands, and what was seen or why nothing was."""

    state: State
    note: str


class UnableError(Exception):
    """A check cannot be made; says why."""


def passed(note: str) -> Outcome:
    """The check holds."""
    return Outcome(State.PASSED, note)


def judged(holds: bool, note: str) -> Outcome:
    """Passed or failed, with what was seen."""
    return Outcome(State.PASSED if holds else State.FAILED, note)
