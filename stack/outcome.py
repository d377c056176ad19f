"""What came of looking at one thing: this machine for the stack, a deployment for the checklist."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How it stands."""

    PASSED = "passed"
    FAILED = "failed"
    WANTED = "wanted"
    """It goes without; something is left out or slower."""
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
