"""The compose engine: hands the compose file to Docker."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stack import state
from stack.budget import budget_of
from stack.compose import FILE, KIND_LABEL, raw_text, read
from stack.errors import StackError
from stack.interpolation import required_names
from stack.state import Choices, Phase, Record, Running

_ENVIRONMENT_FILE = ".env"
_FILES = "COMPOSE_FILE"
"""Docker Compose's own variable: the files that make up the stack, for whoever adds some."""
_PROFILES = "COMPOSE_PROFILES"
_PODS = "backend"
_TASK = "task"
_SERVICE, _ONCE = "com.docker.compose.service", "com.docker.compose.oneoff"
_DEFAULT_PLAIN_PORT, _DEFAULT_TLS_PORT = "8080", "443"
_HEALTHY_SECONDS = 300.0
_POLL_SECONDS = 1.0


ALL = Choices(engine="compose", pods=0, replicas=2)
"""What `docker compose up` starts of itself; how many pods the files say."""


@dataclass(frozen=True, slots=True)
class Container:
    """A container as Docker sees it; `health` is None where nothing checks it.

    `is_task`: it does something once and ends.
    """

    name: str
    service: str
    state: str
    health: str | None
    exit_code: int
    is_task: bool = False

    @property
    def is_well(self) -> bool:
        """Whether it does its work, or has done it."""
        if self.is_task and self.state == "exited":
            return self.exit_code == 0
        return self.state == "running" and self.health in {None, "healthy"}

    @property
    def word(self) -> str:
        """Its state in a word: Docker's own, or what its health check says while it runs."""
        if self.is_task and self.is_well and self.state == "exited":
            return "done"
        return self.health or self.state if self.state == "running" else self.state


def up(home: Path, choices: Choices, progress: Callable[[str], None], *, scale: bool) -> Running:
    """`docker compose up`, waiting for health. Raises `StackError` with Docker's last lines.

    What runs already stays, unless its settings have changed. Without `scale` there are as many
    pods as the files say.
    """
    variables = chosen_variables(home)
    given = {name for name, value in variables.items() if value}
    missing = sorted(required_names(raw_text(home)) - given)
    if missing:
        raise StackError(
            f"not set: {', '.join(missing)}; copy .env.production.example to "
            f"{_ENVIRONMENT_FILE} and fill it in, or let `sh deploy/env.sh` do both"
        )
    progress("docker compose: building and starting")
    words = [*_profiles(choices.profiles), "up", "--detach", "--build"]
    if scale:
        words += ["--scale", f"{_PODS}={choices.pods}"]
    for name in _left_out(choices):
        words += ["--scale", f"{name}=0"]
    compose(home, [*words, *(choices.services or ())])
    progress("docker compose: waiting until all are healthy")
    _wait(home, choices)
    running = described(home, choices, containers(home, choices))
    for problem in running.budget.problems if running.budget else ():
        progress(f"the pool budget does not hold: {problem}")
    state.write(home, Record(phase=Phase.RUNNING, running=running))
    return running


def described(home: Path, choices: Choices, found: Sequence[Container]) -> Running:
    """The stack of the containers `found`, with as many pods as there are."""
    variables = chosen_variables(home)
    file = read(home, variables)
    pods = sum(one.service == _PODS and one.state == "running" for one in found)
    return Running(
        home=home,
        choices=choices.model_copy(update={"pods": pods}),
        base_url=f"http://127.0.0.1:{variables.get('PLAIN_PORT', _DEFAULT_PLAIN_PORT)}",
        base_url_tls=f"https://127.0.0.1:{variables.get('HTTPS_PORT', _DEFAULT_TLS_PORT)}",
        services={},
        environment=dict(file.services[_PODS].environment),
        monitor={},
        budget=budget_of(
            file, home, pods=pods, running=file.services.keys() - set(_left_out(choices))
        ),
        topology={"engine": "compose", "pods": pods, "replicas": choices.replicas},
        versions={},
    )


def expected_services(home: Path, choices: Choices) -> set[str]:
    """The services of the compose file that should run, or have run."""
    variables = chosen_variables(home)
    chosen = {*choices.profiles, *variables.get(_PROFILES, "").split(",")}
    expected = choices.services or {
        name
        for name, one in read(home, variables).services.items()
        if not one.profiles or one.profiles & chosen
    }
    return set(expected) - set(_left_out(choices))


def _left_out(choices: Choices) -> list[str]:
    return [f"replica-{number}" for number in range(choices.replicas + 1, 3)]


def down(home: Path, record: Record) -> list[str]:
    """`docker compose down`; the volumes stay."""
    profiles = () if record.running is None else record.running.choices.profiles
    compose(home, [*_profiles(profiles), "down", "--remove-orphans"])
    state.write(home, Record(phase=Phase.STOPPED, ports=record.ports, data=record.data))
    return ["docker compose: the stack is stopped"]


def containers(home: Path, choices: Choices = ALL) -> list[Container]:
    """Docker's view of the containers, of those too that have ended and should not have.

    What somebody ran once, by `docker compose run`, is none of them, and neither is what has
    ended of a service that is not expected.
    """
    numbers = compose(home, ["ps", "--all", "--quiet"]).split()
    if not numbers:
        return []
    found = json.loads(_run(home, ["docker", "inspect", *numbers]))
    lasting = (_container(one) for one in found if one["Config"]["Labels"].get(_ONCE) != "True")
    expected = expected_services(home, choices)
    return [one for one in lasting if one.state == "running" or one.service in expected]


def _container(entry: dict[str, Any]) -> Container:
    state, labels = entry["State"], entry["Config"]["Labels"]
    health = state.get("Health")
    return Container(
        name=entry["Name"].lstrip("/"),
        service=labels[_SERVICE],
        state=state["Status"],
        health=health and health["Status"],
        exit_code=state["ExitCode"],
        is_task=labels.get(KIND_LABEL) == _TASK,
    )


def found_by_chance(home: Path) -> list[Container]:
    """The containers of a stack that `docker compose up` started; none where it cannot tell."""
    if not (home / _ENVIRONMENT_FILE).exists():
        return []
    try:
        return containers(home)
    except StackError:
        return []


def _wait(home: Path, choices: Choices) -> None:
    """Return when every container is well. Raises `StackError` when one stays unwell."""
    deadline = time.monotonic() + _HEALTHY_SECONDS
    while unwell := [one.name for one in containers(home, choices) if not one.is_well]:
        if time.monotonic() > deadline:
            raise StackError(
                f"not healthy after {_HEALTHY_SECONDS:.0f} s: {', '.join(unwell)}; "
                f"see `docker logs {unwell[0]}`"
            )
        time.sleep(_POLL_SECONDS)


def _profiles(names: Iterable[str]) -> list[str]:
    return [word for name in names for word in ("--profile", name)]


def chosen_variables(home: Path) -> dict[str, str]:
    """What the environment file says, and this process' environment, which wins."""
    found = {}
    path = home / _ENVIRONMENT_FILE
    if path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            name, equals, value = line.strip().partition("=")
            if equals and not name.startswith("#"):
                found[name.strip()] = value.strip().strip("\"'")
    return found | dict(os.environ)


def command(home: Path) -> list[str]:
    """`docker compose`, or the older `docker-compose`; with the checkout's file and settings.

    The file is named unless `COMPOSE_FILE` names it, perhaps with others.
    """
    if shutil.which("docker") and _succeeds(["docker", "compose", "version"]):
        words = ["docker", "compose"]
    elif shutil.which("docker-compose"):
        words = ["docker-compose"]
    else:
        raise StackError(
            "neither `docker compose` nor docker-compose is installed: Debian packages "
            "docker.io and docker-compose; or use the native engine"
        )
    return words if chosen_variables(home).get(_FILES) else [*words, "--file", str(home / FILE)]


def _succeeds(words: list[str]) -> bool:
    return subprocess.run(words, capture_output=True, check=False).returncode == 0


def compose(home: Path, words: list[str]) -> str:
    """What Docker Compose answers. Raises `StackError` with its last lines when it fails."""
    return _run(home, [*command(home), *words])


def _run(home: Path, words: list[str]) -> str:
    result = subprocess.run(words, cwd=home, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        last = "\n".join((result.stderr or result.stdout).splitlines()[-15:])
        raise StackError(f"`{words[0]}` failed", last)
    return result.stdout
