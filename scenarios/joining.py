"""A worker of a load that a master elsewhere sends: asks for its part, sends it, goes.

This side imports neither Locust nor gevent, and knows only the one message by which a
worker asks; all that follows is said between the Locust processes.
"""

import ipaddress
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import msgpack
import zmq

from capacity.errors import UsageError
from scenarios import messages
from scenarios.errors import ScenarioError
from scenarios.launch import Generator
from scenarios.orders import BUILT_IN, SPOOL, Orders

_ASK_EVERY_MS = 1000
_POLL_S = 0.1
_STOP_S = 3.0


@dataclass(frozen=True, slots=True)
class Place:
    """Where a master is, and how long to look for it."""

    host: str
    port: int
    wait_s: float


def join(
    journeys: str | Path,
    place: Place,
    check_target: Callable[[str], object],
    say: Callable[[str], None],
) -> None:
    """Send a share of the load of the master at `place`, until it lets go.

    `journeys` is the name of a built-in scenario or a locustfile, and must be what the master
    runs. `check_target` raises for a host that must not be loaded from here. Raises
    `ScenarioError` when there is no master, it has no use for this worker or is lost, and
    `UsageError` for a target that is this machine's own while the master is on another.
    """
    orders = _ask(journeys, place)
    elsewhere = not is_loopback(place.host)
    target = urlsplit(orders.host).hostname or ""
    if elsewhere and is_loopback(target):
        raise UsageError(
            f"the master loads {orders.host}, which from here would be this machine: give the "
            f"master a --host that every worker reaches"
        )
    check_target(orders.host)
    assert orders.post is not None  # noqa: S101  # a worker has one
    post = orders.post.model_copy(
        update={"host": place.host, "port": place.port, "elsewhere": elsewhere}
    )
    with TemporaryDirectory(prefix="hmb-worker-") as folder:
        mine = orders.model_copy(
            update={
                "post": post,
                "spool": Path(folder) / SPOOL,
                "locustfile": BUILT_IN if isinstance(journeys, str) else journeys.resolve(),
            }
        )
        say(f"{mine.generator} of {post.workers}: {mine.users} users, load on {mine.host}")
        _stay(Generator(mine), mine.generator, say)


def is_loopback(host: str) -> bool:
    """Whether `host` names this machine as every machine names itself."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _stay(generator: Generator, name: str, say: Callable[[str], None]) -> None:
    """Wait for the generator's end, however long its master has it stay."""
    try:
        while not generator.ended:
            time.sleep(_POLL_S)
    finally:
        generator.stop(_STOP_S)
    if generator.exit_code:
        words = [line for line in generator.last_words().splitlines() if line.strip()]
        last = words[-1] if words else "it said nothing"
        raise ScenarioError(f"{name} ended before its master let it go: {last}")
    say(f"{name}: done, the master has its counts")


def _ask(journeys: str | Path, place: Place) -> Orders:
    """The orders a master gives, asked for until one answers."""
    try:
        told = messages.journeys_told(journeys)
    except OSError as error:
        raise ScenarioError(f"cannot read {journeys}: {error.strerror}") from error
    me = f"joining_{uuid4().hex}"
    question = {"version": messages.version(), "journeys": told}
    with zmq.Context() as context, context.socket(zmq.DEALER) as socket:
        socket.setsockopt(zmq.LINGER, 0)
        socket.setsockopt(zmq.IDENTITY, me.encode())
        socket.connect(f"tcp://{place.host}:{place.port}")
        patience = time.monotonic() + place.wait_s
        while time.monotonic() < patience:
            # as Locust writes its messages: type, data, sender
            socket.send(msgpack.dumps((messages.JOIN, question, me)))
            if socket.poll(_ASK_EVERY_MS):
                return _orders(msgpack.loads(socket.recv()), place)
    raise ScenarioError(
        f"no master answers at {place.host}:{place.port} within {place.wait_s:.0f} s: start "
        f"hmb loadtest --master there, with --master-bind-host when it is another machine"
    )


def _orders(answer: Any, place: Place) -> Orders:
    try:
        kind, data, _sender = answer
        if kind == messages.JOIN and "refusal" in data:
            raise ScenarioError(f"the master at {place.host} refuses: {data['refusal']}")
        return Orders.model_validate_json(data["orders"])
    except (ValueError, TypeError, KeyError) as error:
        raise ScenarioError(
            f"what answers at {place.host}:{place.port} is no hmb master"
        ) from error
