"""The compose engine: hands the compose file to Docker."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from stack import state
from stack.budget import budget_of
from stack.compose import FILE, read
from stack.errors import StackError
from stack.interpolation import required_names
from stack.state import Choices, Phase, Record, Running

_ENVIRONMENT_FILE = ".env.production"
_DEFAULT_PLAIN_PORT, _DEFAULT_TLS_PORT = "8080", "443"


def up(home: Path, choices: Choices, progress: Callable[[str], None]) -> Running:
    """`docker compose up`, waiting for health. Raises `StackError` with Docker's last lines."""
    variables = chosen_variables(home)
    missing = sorted(required_names((home / FILE).read_text(encoding="utf-8")) - variables.keys())
    if missing:
        raise StackError(
            f"not set: {', '.join(missing)}; copy .env.production.example to "
            f"{_ENVIRONMENT_FILE} and fill it in"
        )
    progress("docker compose: building and starting")
    words = [word for profile in choices.profiles for word in ("--profile", profile)]
    words += ["up", "--detach", "--build", "--scale", f"backend={choices.pods}"]
    file = read(home, variables)
    left_out = [f"replica-{number}" for number in range(choices.replicas + 1, 3)]
    for name in left_out:
        words += ["--scale", f"{name}=0"]
    _compose(home, [*words, *(choices.services or ())])
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
    _compose(home, ["down", "--remove-orphans"])
    state.write(home, Record(phase=Phase.STOPPED, ports=record.ports, data=record.data))
    return ["docker compose: the stack is stopped"]


def containers(home: Path) -> list[dict[str, str]]:
    """Docker's view of the file's containers: name, state and status of each."""
    numbers = _compose(home, ["ps", "--quiet"]).split()
    if not numbers:
        return []
    found = _run(home, ["docker", "inspect", *numbers])
    return [
        {"name": entry["Name"].lstrip("/"), "state": entry["State"]["Status"]}
        for entry in json.loads(found)
    ]


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


def _command(home: Path) -> list[str]:
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
    words += ["--file", str(home / FILE)]
    if (home / _ENVIRONMENT_FILE).exists():
        words += ["--env-file", str(home / _ENVIRONMENT_FILE)]
    return words


def _succeeds(words: list[str]) -> bool:
    return subprocess.run(words, capture_output=True, check=False).returncode == 0


def _compose(home: Path, words: list[str]) -> str:
    return _run(home, [*_command(home), *words])


def _run(home: Path, words: list[str]) -> str:
    result = subprocess.run(words, cwd=home, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        last = "\n".join((result.stderr or result.stdout).splitlines()[-15:])
        raise StackError(f"`{' '.join(words[:2])}` failed", last)
    return result.stdout
