"""The compose engine: hands the compose file to Docker."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stack import state
from stack.budget import budget_of
from stack.compose import FILE, read
from stack.errors import StackError
from stack.interpolation import required_names
from stack.state import Choices, Phase, Record, Running

_ENVIRONMENT_FILE = ".env"
_DEFAULT_PLAIN_PORT, _DEFAULT_TLS_PORT = "8080", "443"
_HEALTHY_SECONDS = 300.0
_POLL_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Container:
    """A container as Docker sees it; `health` is None where nothing checks it."""

    name: str
    state: str
    health: str | None
    exit_code: int

    @property
    def is_well(self) -> bool:
        """Whether it does its work, or has done it."""
        if self.state == "exited":
            return self.exit_code == 0
        return self.state == "running" and self.health in {None, "healthy"}


def up(home: Path, choices: Choices, progress: Callable[[str], None]) -> Running:
    """`docker compose up`, waiting for health. Raises `StackError` with Docker's last lines."""
    variables = chosen_variables(home)
    given = {name for name, value in variables.items() if value}
    missing = sorted(required_names((home / FILE).read_text(encoding="utf-8")) - given)
    if missing:
        raise StackError(
            f"not set: {', '.join(missing)}; copy .env.production.example to "
            f"{_ENVIRONMENT_FILE} and fill it in, or let `sh deploy/env.sh` do both"
        )
    progress("docker compose: building and starting")
    words = [*_profiles(choices.profiles), "up", "--detach", "--build"]
    words += ["--scale", f"backend={choices.pods}"]
    file = read(home, variables)
    left_out = [f"replica-{number}" for number in range(choices.replicas + 1, 3)]
    for name in left_out:
        words += ["--scale", f"{name}=0"]
    compose(home, [*words, *(choices.services or ())])
    progress("docker compose: waiting until all are healthy")
    _wait(home)
    environment = dict(file.services["backend"].environment)
    running = Running(
        home=home,
        choices=choices,
        base_url=f"http://127.0.0.1:{variables.get('PLAIN_PORT', _DEFAULT_PLAIN_PORT)}",
        base_url_tls=f"https://127.0.0.1:{variables.get('HTTPS_PORT', _DEFAULT_TLS_PORT)}",
        services={},
        environment=environment,
        monitor={},
        budget=budget_of(
            file, home, pods=choices.pods, running=file.services.keys() - set(left_out)
        ),
        topology={"engine": "compose", "pods": choices.pods, "replicas": choices.replicas},
        versions={},
    )
    state.write(home, Record(phase=Phase.RUNNING, running=running))
    return running


def down(home: Path, record: Record) -> list[str]:
    """`docker compose down`; the volumes stay."""
    profiles = () if record.running is None else record.running.choices.profiles
    compose(home, [*_profiles(profiles), "down", "--remove-orphans"])
    state.write(home, Record(phase=Phase.STOPPED, ports=record.ports, data=record.data))
    return ["docker compose: the stack is stopped"]


def containers(home: Path) -> list[Container]:
    """Docker's view of the file's containers."""
    numbers = compose(home, ["ps", "--quiet"]).split()
    if not numbers:
        return []
    found = json.loads(_run(home, ["docker", "inspect", *numbers]))
    return [_container(entry["Name"].lstrip("/"), entry["State"]) for entry in found]


def _container(name: str, state: dict[str, Any]) -> Container:
    health = state.get("Health")
    return Container(name, state["Status"], health and health["Status"], state["ExitCode"])


def _wait(home: Path) -> None:
    """Return when every container is well. Raises `StackError` when one stays unwell."""
    deadline = time.monotonic() + _HEALTHY_SECONDS
    while unwell := [one.name for one in containers(home) if not one.is_well]:
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
    """`docker compose`, or the older `docker-compose`; with the checkout's file and settings."""
    if shutil.which("docker") and _succeeds(["docker", "compose", "version"]):
        words = ["docker", "compose"]
    elif shutil.which("docker-compose"):
        words = ["docker-compose"]
    else:
        raise StackError(
            "neither `docker compose` nor docker-compose is installed: Debian packages "
            "docker.io and docker-compose; or use the native engine"
        )
    return [*words, "--file", str(home / FILE)]


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
