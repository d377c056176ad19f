"""What a master and its workers say to each other, beside Locust's own messages."""

import hashlib
from functools import cache
from importlib import metadata
from pathlib import Path

from scenarios.orders import Post

MASTER = "master"
"""What the record calls the process that sends nothing."""
JOIN = "hmb-join"
"""A worker's asking for its part, with what it would run; the orders, or why there are none."""
READY = "hmb-ready"
"""All users of the worker stand ready."""
CLOCK = "hmb-clock"
"""What the master's clock says; the same with what the worker's clock says."""
GO = "hmb-go"
"""When the load begins, by the worker's own clock."""
LINES = "hmb-lines"
"""Lines of the spool, numbered, so that none goes missing unnoticed."""
END = "hmb-end"
"""The load ends before its time."""
DONE = "hmb-done"
"""All is written down: the worker may go."""

_ROOT = Path(__file__).resolve().parent.parent
_THE_LOAD = ("scenarios", "capacity")


def worker_name(number: int) -> str:
    """What the record calls the worker with share `number` (from 0)."""
    return f"worker-{number + 1}"


def journeys_told(journeys: str | Path) -> str:
    """A built-in scenario by its name, a locustfile by what is in it. Raises `OSError`."""
    if isinstance(journeys, str):
        return f"scenario {journeys}"
    return f"locustfile {hashlib.sha256(journeys.read_bytes()).hexdigest()[:16]}"


@cache
def version() -> str:
    """What this process would send a load with: another version would be another load."""
    text = hashlib.sha256()
    for file in sorted(file for part in _THE_LOAD for file in (_ROOT / part).rglob("*")):
        if file.suffix in (".py", ".toml"):
            text.update(file.read_bytes())
    return f"hmb {text.hexdigest()[:12]}, Locust {metadata.version('locust')}"


def client_prefix(number: int) -> str:
    """What a worker's id begins with: Locust hands users out to workers in order of their ids."""
    return f"{number:06d}"


def share_number(client_id: str) -> int:
    """The share of the worker with that id."""
    return int(client_id.partition("_")[0])


def too_few(post: Post | None) -> str:
    """What to say when the workers did not come."""
    if post is None:
        return "no worker came"
    return (
        f"fewer than {post.workers} workers came to {post.host}:{post.port} "
        f"within {post.wait_s:.0f} s"
    )
