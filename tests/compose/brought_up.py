"""A stack of the compose file under Docker, and what one can ask of it."""

import json
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2

from stack import docker, engine

_PATIENCE_S = 300.0


@dataclass(frozen=True, slots=True)
class BroughtUp:
    """`ports` are the published ones; without official images stand-ins run, and no Grafana."""

    home: Path
    project: str
    ports: dict[str, int]
    is_official: bool

    def up(self) -> None:
        """Build and start all, and wait for health."""
        engine.up(self.home, engine="compose")

    def compose(self, *words: str) -> str:
        """What Docker Compose answers."""
        return self._run([*docker.command(self.home), *words])

    def docker(self, *words: str) -> str:
        """What Docker answers."""
        return self._run(["docker", *words])

    def inside(self, service: str, command: str) -> subprocess.CompletedProcess[str]:
        """A shell's command in the first container of a service."""
        words = ["docker", "exec", self.first(service), "sh", "-c", command]
        return subprocess.run(words, capture_output=True, text=True, check=False)

    def first(self, service: str) -> str:
        """The id of a container of a service."""
        filters = (f"project={self.project}", f"service={service}")
        words = [f"--filter=label=com.docker.compose.{each}" for each in filters]
        return self.docker("ps", "--quiet", *words).split()[0]

    def owners(self, service: str) -> set[str]:
        """The users that a service's own processes run as; a health check is none of them."""
        container = self.first(service)
        mine = {self.docker("inspect", "--format", "{{.State.Pid}}", container).strip()}
        owners = set()
        listed = self.docker("top", container, "-eo", "pid,ppid,uid").splitlines()[1:]
        for pid, parent, user in sorted(
            (line.split() for line in listed), key=lambda one: int(one[0])
        ):
            if pid in mine or parent in mine:
                mine.add(pid)
                owners.add(user)
        return owners

    def containers(self) -> dict[str, list[dict[str, Any]]]:
        """All that Docker knows of every container, by service."""
        found: dict[str, list[dict[str, Any]]] = {}
        for entry in json.loads(
            self.docker("inspect", *self.compose("ps", "--all", "--quiet").split())
        ):
            service = entry["Config"]["Labels"]["com.docker.compose.service"]
            found.setdefault(service, []).append(entry)
        return found

    def ids(self, *services: str) -> set[str]:
        """The containers of these services, or of all."""
        return {
            entry["Id"]
            for name, entries in self.containers().items()
            if not services or name in services
            for entry in entries
        }

    def pods(self) -> set[str]:
        """The pods' names, as they sign their answers."""
        return {entry["Config"]["Hostname"] for entry in self.containers()["backend"]}

    def client(self, *, keeps: bool = True) -> httpx2.Client:
        """A visitor over TLS; unless it `keeps` connections, each request has its own."""
        return httpx2.Client(
            base_url=f"https://127.0.0.1:{self.ports['HTTPS']}",
            verify=False,  # self-signed
            timeout=30,
            limits=httpx2.Limits(max_keepalive_connections=5 if keeps else 0),
        )

    def _run(self, words: list[str]) -> str:
        done = subprocess.run(words, cwd=self.home, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout


class Visitor(threading.Thread):
    """Searches for jobs some fifteen times a second while the `with` block runs.

    Each time with a word nobody has searched for, so that a pod has to answer.
    """

    def __init__(self, stack: BroughtUp) -> None:
        super().__init__()
        self._stack = stack
        self._over = threading.Event()
        self._own = uuid4().hex
        self.answered = 0
        self.failures: list[str] = []
        self.last_seen: dict[str, float] = {}
        """Pod -> when it last answered."""

    def __enter__(self) -> "Visitor":
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self.join()

    def run(self) -> None:
        """threading's."""
        with self._stack.client(keeps=False) as client:
            while not self._over.wait(0.05):
                try:
                    answer = client.get(f"/api/v1/jobs?q={self._own}+{self.answered}")
                except httpx2.HTTPError as error:
                    self.failures.append(repr(error))
                    continue
                self.answered += 1
                if answer.status_code == 200:
                    self.last_seen[answer.headers["x-pod"]] = time.monotonic()
                else:
                    self.failures.append(f"{answer.status_code} {answer.text[:200]}")

    def seen_since(self, moment: float) -> set[str]:
        """The pods that have answered since."""
        return {pod for pod, last in dict(self.last_seen).items() if last > moment}


def until(holds: Callable[[], bool], what: str) -> None:
    """Wait until it holds."""
    deadline = time.monotonic() + _PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, f"{what}: not after {_PATIENCE_S:.0f} s"
        time.sleep(0.5)
