"""Goes through the steps: checks what can be checked, says why of what cannot."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TypeVar

from capacity import figures
from capacity.checklist.steps import Alert, Answer, Check, Named, Query, Setting, Step, Text
from stack.outcome import Outcome, State, UnableError, judged
from stack.preflight import answers, settings
from stack.preflight.asking import Prometheus, Server
from stack.preflight.env_file import EnvFile

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Deployment:
    """What there is to look at; None for what was not named."""

    checkout: Path
    env: EnvFile | None = None
    site: Server | None = None
    prometheus: Server | None = None
    grafana: Server | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A step and what came of it."""

    step: Step
    outcome: Outcome


def go_through(
    steps: Iterable[Step], deployment: Deployment, ticked: Mapping[str, date], today: date
) -> Iterator[Found]:
    """Each step with its outcome, one by one."""
    for step in steps:
        if step.check is None:
            yield Found(step, _by_hand(step, ticked.get(step.id), today))
            continue
        try:
            outcome = _look(step.check, deployment)
        except UnableError as error:
            outcome = Outcome(State.NOT_CHECKED, str(error))
        yield Found(step, outcome)


def _by_hand(step: Step, done: date | None, today: date) -> Outcome:
    if done is None:
        return Outcome(State.TO_DO, f"{step.owner}; tick it with --done {step.id}")
    if step.every_days and (today - done).days > step.every_days:
        allowed = figures.plural(step.every_days, "day")
        return Outcome(State.TO_DO, f"done on {done}, longer ago than {allowed}")
    return Outcome(State.DONE, f"on {done}")


def _look(check: Check, deployment: Deployment) -> Outcome:
    match check:
        case Setting():
            return settings.setting(check, _needed(deployment.env, "--env-file"))
        case Text():
            return _file(check, deployment.checkout)
        case Answer(of="grafana"):
            return answers.answer(check, _needed(deployment.grafana, "--grafana"))
        case Answer():
            return answers.answer(check, _needed(deployment.site, "--url"))
        case Query() | Alert():
            return _monitored(check, Prometheus(_needed(deployment.prometheus, "--prometheus")))
        case Named():
            return _named(check, deployment)


def _named(check: Named, deployment: Deployment) -> Outcome:
    if check.name in settings.NAMED:
        env = _needed(deployment.env, "--env-file")
        return settings.NAMED[check.name](env, deployment.checkout)
    site = _needed(deployment.site, "--url")
    return answers.NAMED[check.name](site, deployment.env)


def _needed(there: _T | None, option: str) -> _T:
    if there is None:
        raise UnableError(f"needs {option}")
    return there


def _file(check: Text, checkout: Path) -> Outcome:
    path = checkout / check.path
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        return judged(False, f"cannot read {check.path}: {error}")
    holds = re.search(check.pattern, text, re.MULTILINE) is not None
    return judged(holds, check.path if holds else f"{check.path} does not hold {check.pattern!r}")


def _monitored(check: Query | Alert, prometheus: Prometheus) -> Outcome:
    if isinstance(check, Alert):
        loaded = prometheus.alerts()
        return judged(check.name in loaded, f"alerts loaded: {len(loaded)}")
    values = prometheus.value(check.expression)
    if not values:
        raise UnableError("Prometheus has no such figure yet")
    low = check.least if check.least is not None else min(values)
    high = check.most if check.most is not None else max(values)
    told = ", ".join(f"{value:g}" for value in sorted(values)[:5])
    return judged(low <= min(values) and max(values) <= high, told)
