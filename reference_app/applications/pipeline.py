"""Which steps an application may take. Read once from `pipeline.toml`."""

import tomllib
from collections.abc import Mapping
from enum import StrEnum
from importlib.resources import files

from reference_app.applications.models import ApplicationStatus

_Steps = Mapping[ApplicationStatus, frozenset[ApplicationStatus]]


class Side(StrEnum):
    """Whose doing a step is."""

    APPLICANT = "applicant"
    EMPLOYER = "employer"


def _read(lines: Mapping[str, list[str]]) -> _Steps:
    return {
        ApplicationStatus(status): frozenset(map(ApplicationStatus, others))
        for status, others in lines.items()
    }


_DATA = tomllib.loads(
    files("reference_app").joinpath("applications", "pipeline.toml").read_text("utf-8")
)

STEPS: Mapping[Side, _Steps] = {side: _read(_DATA[side]) for side in Side}
"""By side and status: where it may go from there."""


def may_step(side: Side, status: str, to: str) -> bool:
    """Whether `side` may take an application from `status` to another."""
    return to in STEPS[side].get(ApplicationStatus(status), frozenset())


def origins(side: Side, to: str) -> list[str]:
    """From where `side` may take an application to a status."""
    return [status for status in ApplicationStatus if may_step(side, status, to)]


def side_of(to: str) -> Side:
    """Whose doing a step to a status was."""
    withdrawn = to == ApplicationStatus.WITHDRAWN
    return Side.APPLICANT if withdrawn else Side.EMPLOYER
