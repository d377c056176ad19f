"""Pods as they run in production: gunicorn with the deployed settings, on a port of their own."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

import httpx2

from stack import ports
from stack.processes import dying_with_parent
from tests.app.life import Person
from tests.sockets import Socket

# A busy machine must not look like a server that is gone.
PATIENT = {
    "redis_timeout_seconds": 20,
    "db_pool_timeout": 60,
    "db_connect_timeout": 20,
    "request_timeout_seconds": 120,
    "google_timeout_seconds": 20,
    "s3_timeout_seconds": 20,
    "stripe_timeout_seconds": 20,
}

_CHECKOUT = Path(__file__).resolve().parents[2]
_OPEN_FILES = 65_536
_STARTS_WITHIN_S = 120.0


@dataclass
class Pod:
    """One running pod."""

    name: str
    port: int
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def client(self) -> httpx2.AsyncClient:
        """A client whose paths begin at /api/v1."""
        return httpx2.AsyncClient(base_url=f"{self.url}/api/v1", timeout=120)

    async def ready(self) -> None:
        """Wait until it serves."""
        async with asyncio.timeout(_STARTS_WITHIN_S), httpx2.AsyncClient() as client:
            while True:
                assert self.process.poll() is None, self.log.read_text("utf-8")[-2_000:]
                try:
                    if (await client.get(f"{self.url}/ready")).status_code == 200:
                        return
                except httpx2.TransportError:
                    pass
                await asyncio.sleep(0.05)

    async def open(self, person: Person, **how: object) -> Socket:
        """A socket of `person` here, told to fetch."""
        socket = await self.open_early(person, **how)
        await socket.receive_type("fetch")
        return socket

    async def open_early(self, person: Person, **how: object) -> Socket:
        """A socket of `person` here, with nothing received yet."""
        shown = (await person.post("/realtime/ticket", expect=201)).json()
        return await self.socket([shown["protocol"], shown["ticket"]], **how)

    async def socket(self, protocols: list[str], **how: object) -> Socket:
        """A socket opened with these subprotocols."""
        return await Socket.connect(f"ws://127.0.0.1:{self.port}/ws", protocols, **how)  # type: ignore[arg-type]

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Tell it to stop."""
        if self.process.poll() is None:
            self.process.send_signal(how)


@contextmanager
def running_pod(
    name: str, environment: Mapping[str, str], folder: Path, **settings: object
) -> Iterator[Pod]:
    """A pod with `settings` on top of `environment`, ended with the block, or with this process."""
    port = free_port()
    metrics = folder / f"{name}-metrics"
    metrics.mkdir(exist_ok=True)
    log = folder / f"{name}.log"
    given = {
        "ENVIRONMENT": "test",
        "SECRET_KEY": "test-" + "0123456789abcdef" * 3,
        "WEB_CONCURRENCY": "1",
        "BCRYPT_ROUNDS": "4",
        "API_RATE_PER_MINUTE": "1000000",
        # It would open all its connections, and many pods share a primary here.
        "WARM_START": "false",
        "POD_NAME": name,
        "BIND": f"127.0.0.1:{port}",
        "GRACEFUL_TIMEOUT": "10",
        "PROMETHEUS_MULTIPROC_DIR": str(metrics),
        **{key.upper(): str(value) for key, value in (PATIENT | settings).items()},
    }
    command = [sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, "reference_app.app:app"],
            cwd=_CHECKOUT,
            env={**os.environ, **environment, **given},
            stdout=output,
            stderr=output,
            preexec_fn=dying_with_parent(signal.SIGQUIT, _OPEN_FILES),  # noqa: PLW1509
        )
    pod = Pod(name, port, process, log)
    try:
        yield pod
    finally:
        pod.stop(signal.SIGQUIT)
        process.wait(60)


def free_port() -> int:
    """A port nobody listens on, outside the range that outgoing connections take theirs from."""
    chance = Random()
    while not ports.is_free(port := chance.randint(12_000, 31_999)):
        pass
    return port
