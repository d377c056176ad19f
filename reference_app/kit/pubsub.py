"""Listening to Redis channels, through every interruption.

The listener has a connection of its own without a read timeout (a quiet
channel is no failure) and proves that it is alive by asking for an echo.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import structlog
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

_log = structlog.get_logger()

_QUIET_S = 5.0
_CONNECT_S = 2.0
_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 2.0


class Listener:
    """Hands every message of one channel to a function, and tells when it cannot.

    `on_up` is called after each (re)subscription, when messages may have been
    missed; `on_down` when the subscription is lost.
    """

    def __init__(
        self,
        url: str,
        channel: str,
        *,
        on_message: Callable[[bytes], None],
        on_up: Callable[[], None],
        on_down: Callable[[], None],
    ) -> None:
        self._url = url
        self._channel = channel
        self._on_message = on_message
        self._on_up = on_up
        self._on_down = on_down

    async def run(self) -> None:
        """Listen until cancelled, subscribing anew whenever the connection is lost."""
        pause = _FIRST_PAUSE_S
        while True:
            client = Redis.from_url(
                self._url,
                socket_timeout=None,
                socket_connect_timeout=_CONNECT_S,
                health_check_interval=0,
                # Its own silent reconnect would hide that messages were missed.
                retry=Retry(NoBackoff(), 0),
            )
            try:
                async with client.pubsub() as subscription:
                    await subscription.subscribe(self._channel)
                    await _answer(subscription, "subscribe", _CONNECT_S)
                    self._on_up()
                    pause = _FIRST_PAUSE_S
                    await self._listen(subscription)
            except (RedisError, OSError, TimeoutError) as error:
                _log.warning("subscription lost", channel=self._channel, error=type(error).__name__)
            finally:
                self._on_down()
                await client.aclose()
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_S)

    async def _listen(self, subscription: PubSub) -> None:
        while True:
            message = await subscription.get_message(timeout=_QUIET_S)
            if message is None:
                await subscription.ping()
                message = await _answer(subscription, None, _QUIET_S)
            if message["type"] == "message":
                self._on_message(message["data"])


async def _answer(subscription: PubSub, kind: str | None, timeout_s: float) -> dict[str, Any]:
    """The next message, of type `kind` if given. Raises `TimeoutError` when none comes."""
    async with asyncio.timeout(timeout_s):
        while True:
            message = await subscription.get_message(timeout=timeout_s)
            if message is not None and kind in (None, message["type"]):
                found: dict[str, Any] = message
                return found
