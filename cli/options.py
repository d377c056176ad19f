"""What people type, turned into values; every refusal is one clear line."""

import re
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from capacity.errors import UsageError

if TYPE_CHECKING:
    from scenarios.arrivals.stages import Stages

COMPOSE_FILE = "docker-compose.production.yml"
_UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)(s|m|h|)")
_MOST_RATE = 100_000.0


class Spacing(StrEnum):
    """How the arrivals of an open load follow each other."""

    POISSON = "poisson"
    """Independent, as of many people."""
    EVEN = "even"
    """As a metronome."""


def duration(text: str) -> float:
    """Seconds in `90`, `30s`, `1.5m` or `1h30m`. Raises `typer.BadParameter` on anything else."""
    total, end = 0.0, 0
    for part in _DURATION_PART.finditer(text):
        if part.start() != end or (not part[2] and part[0] != text):
            break
        total += float(part[1]) * _UNITS[part[2]]
        end = part.end()
    if not text or end != len(text):
        raise typer.BadParameter(
            f"{text!r} is not a duration: write it like 30s, 5m, 1h30m or a number of seconds"
        )
    return total


def positive_duration(text: str) -> float:
    """A duration above zero seconds."""
    seconds = duration(text)
    if seconds <= 0:
        raise typer.BadParameter("a measurement needs a duration above 0, for example 30s")
    return seconds


def effect(text: str) -> float:
    """A share written as `5%` or `0.05`. Raises `typer.BadParameter` unless within 0 and 100 %."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(%?)", text.strip())
    share = float(found[1]) / (100 if found[2] else 1) if found else 0.0
    if not 0 < share < 1:
        raise typer.BadParameter(f"{text!r} is no change that matters: write it like 5% or 0.05")
    return share


def arrival_rate(text: str) -> float:
    """Arrivals a second, above 0. Raises `typer.BadParameter` on anything else."""
    try:
        rate = float(text)
    except ValueError:
        rate = 0.0
    if not 0 < rate <= _MOST_RATE:
        raise typer.BadParameter(
            f"{text!r} is no arrival rate: give a number of arrivals a second above 0"
        )
    return rate


def levels(text: str) -> "Stages":
    """`50@30s,100@1m` as levels held one after the other. Raises `UsageError` on anything else."""
    from scenarios.arrivals.stages import Level, Stages

    found = []
    for part in text.split(","):
        rate, _, seconds = part.partition("@")
        try:
            found.append(Level(rate=arrival_rate(rate), seconds=positive_duration(seconds)))
        except typer.BadParameter:
            raise UsageError(
                f"--stages {text}: {part!r} is no level; write arrivals a second and for how "
                f"long, one level after the other: 50@30s,100@1m"
            ) from None
    return Stages(levels=tuple(found))


def home() -> Path:
    """The checkout whose stack is meant: the nearest folder above that holds the compose file.

    Falls back to the checkout this command was installed from.
    """
    for folder in (Path.cwd(), *Path.cwd().parents):
        if (folder / COMPOSE_FILE).is_file():
            return folder
    return Path(__file__).resolve().parent.parent


def runs_dir() -> Path:
    """Where run records go: `runs/` in the folder the command is given in."""
    return Path.cwd() / "runs"
