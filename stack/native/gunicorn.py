"""What runs in the app's image: pods and stand-ins under Gunicorn, tasks that run once."""

import os
import re
import signal
import sys
from pathlib import Path

from stack.native.adapter import Adapter, Run, answers
from stack.native.nginx import PLAIN
from stack.native.pgbouncer import tracks_prepared_statements
from stack.rewriting import LOOPBACK

PORT = 8000
_LEADS_TO = {
    "FRONTEND_URL": "",
    "STRIPE_SUCCESS_URL": "/billing/done",
    "STRIPE_CANCEL_URL": "/pricing",
    "STRIPE_PORTAL_RETURN_URL": "/billing",
}
_POOLED = re.compile(r"@pgbouncer:\d+/(?P<database>\w+)$")

_OF_THE_IMAGE = {
    "PYTHONUNBUFFERED": "1",
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_TRIM_THRESHOLD_": "131072",
}
"""What `deploy/Dockerfile` sets for a pod, with the reasons."""


class Task(Adapter):
    """A one-shot: migrations, a certificate. Ready when it ended well."""

    as_caller = True
    runs_once = True
    death_signal = signal.SIGKILL
    patience_s = 600.0

    def program(self, words: list[str]) -> list[str]:
        """Python's own programs run under this very Python."""
        if words[0] == "python":
            return [sys.executable, *words[1:]]
        return super().program(words)

    def environment(self) -> dict[str, str]:
        """The app's, fitted to what runs."""
        return self.base_environment() | app_environment(self)

    async def ready(self) -> bool:
        """Never while it runs: the engine waits for its end."""
        return False

    async def finish(self, run: Run) -> None:
        """Leave what it made in a volume to the servers that read it."""
        for mount in self.service.mounts:
            if mount.kind == "volume":
                self.site.places.own_all(Path(self.paths[mount.target]))


class Pod(Adapter):
    """One pod of the app: a Gunicorn master and its workers."""

    as_caller = True
    # Its workers end at once; SIGTERM would wait for requests nobody sees answered.
    death_signal = signal.SIGQUIT

    def program(self, words: list[str]) -> list[str]:
        """Gunicorn of this very Python."""
        return [sys.executable, "-m", *words]

    def base_environment(self) -> dict[str, str]:
        """As the image sets it; a container's host name is the pod's, here we name it."""
        return super().base_environment() | _OF_THE_IMAGE | {"POD_NAME": self.name}

    def environment(self) -> dict[str, str]:
        """The app's, fitted to what runs."""
        return self.base_environment() | app_environment(self)

    def urls(self) -> dict[str, str]:
        """Where the pod itself answers, past nginx."""
        base = f"http://{LOOPBACK}:{self.port(PORT)}"
        return {"http": base, "metrics": f"{base}/metrics"}

    def metrics_folder(self) -> Path:
        """As the app's metrics library is told."""
        return Path(self.environment()["PROMETHEUS_MULTIPROC_DIR"])

    async def ready(self) -> bool:
        """Whether it says it can serve."""
        return await answers(self.port(PORT), "/ready")


class StandIn(Adapter):
    """A small server of ours in one process: in place of Stripe or a store, or the uptime probe."""

    as_caller = True

    def program(self, words: list[str]) -> list[str]:
        """Gunicorn of this very Python."""
        return [sys.executable, "-m", *words]

    def urls(self) -> dict[str, str]:
        """Where the app calls it, and people do."""
        return {"http": f"http://{LOOPBACK}:{self.main_port}"}

    def uses(self) -> set[str]:
        """None: the pods use it, and what it has to tell them later it keeps."""
        return set()

    async def ready(self) -> bool:
        """Whether it answers."""
        return self.main_port is not None and await answers(self.main_port, "/_local/health")


def app_environment(adapter: Adapter) -> dict[str, str]:
    """The app's environment from the compose file, fitted to what runs.

    Databases that PgBouncer does not have, because their replica is not part of this
    stack, are left out; prepared statements are off when PgBouncer loses them, unless a
    person decides otherwise.
    """
    raw = dict(adapter.service.environment)
    databases = adapter.site.databases
    if databases is not None:
        raw = {name: _without_missing(value, databases) for name, value in raw.items()}
        if "DATABASE_PREPARED_STATEMENTS" in raw and not chosen("DATABASE_PREPARED_STATEMENTS"):
            raw["DATABASE_PREPARED_STATEMENTS"] = str(tracks_prepared_statements()).lower()
    return adapter.rewriter.environment(raw) | _ways_back(adapter)


def _ways_back(adapter: Adapter) -> dict[str, str]:
    """Links in letters, and the way back from paying, lead to this stack's own pages.

    No address of the compose file's, as a pod would be stopped before nginx that used it.
    """
    listening = next(iter(adapter.site.addresses.ports.get("nginx", ())), None)
    if listening is None:
        return {}
    pages = f"http://{LOOPBACK}:{listening[PLAIN]}"
    return {
        name: pages + path
        for name, path in _LEADS_TO.items()
        if name in adapter.service.environment and not chosen(name)
    }


def chosen(name: str) -> bool:
    """Whether the person set this variable."""
    return name in os.environ


def _without_missing(value: str, databases: frozenset[str]) -> str:
    kept = []
    for part in value.split(","):
        pooled = _POOLED.search(part)
        if pooled is None or pooled["database"] in databases:
            kept.append(part)
    return ",".join(kept)
