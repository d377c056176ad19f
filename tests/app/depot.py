"""A store for files as a process of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.app.till import free_port, serving

KEY = {"S3_BUCKET": "files", "S3_ACCESS_KEY_ID": "local", "S3_SECRET_ACCESS_KEY": "of-the-tests"}


@contextmanager
def depot(logs: Path) -> Iterator[dict[str, str]]:
    """A store on a free port: the settings that lead to it."""
    port = free_port()
    with serving(
        "stack.s3.server:app", port, "/_local/health", KEY, logs / "s3.log", worker="gthread"
    ):
        yield {**KEY, "S3_ENDPOINT_URL": f"http://127.0.0.1:{port}"}
