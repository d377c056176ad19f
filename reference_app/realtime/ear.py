"""One worker's subscription: a Redis channel for each user who is connected here.

A channel per user, not one for all: with one channel every worker of every pod
reads every message, so the cost of a message grows with the pods. With 100,000
users over 40 workers (ten pods) one message was measured to cost the workers
31 us of CPU together instead of 1,036, and Redis 5 us instead of 15; all those
channels take 21 MB of Redis' memory.
"""

import asyncio
from collections.abc import Callable
from itertools import count
from typing import Any

import structlog
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from reference_app.realtime import counts
from reference_app.realtime.announcer import channel, user_of

_log = structlog.get_logger()

_QUIET_S = 5.0
_CONNECT_S = 2.0
_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 2.0
_AT_ONCE = 500
_IN_A_ROW = 16
_PROOF = b"users"


class Ear:
    """Follows users' channels through every interruption, over one connection.

    `on_news(user_id, payload)` is called for each message. `on_up` is called
    when the subscription is there again after it was lost, when messages may
    have been missed; `on_down` when it is lost.
    """

    def __init__(
        self,
        url: str,
        *,
        on_news: Callable[[int, bytes], None],
        on_up: Callable[[], None],
        on_down: Callable[[], None],
    ) -> None:
        self._url = url
        self._on_news = on_news
        self._on_up = on_up
        self._on_down = on_down
        self._wanted: dict[int, int] = {}
        self._asked: set[int] = set()
        self._unconfirmed: dict[int, int] = {}
        self._waiting: dict[int, asyncio.Future[None]] = {}
        self._changed = asyncio.Event()
        self.hears = False
        """Whether everyone followed when the subscription began is listened to."""

    def follow(self, user_id: int) -> None:
        """Listen for `user_id`, once more than before."""
        self._wanted[user_id] = self._wanted.get(user_id, 0) + 1
        self._changed.set()

    def unfollow(self, user_id: int) -> None:
        """Listen for `user_id` once less; as often as `follow`, and nobody listens."""
        left = self._wanted[user_id] - 1
        if left:
            self._wanted[user_id] = left
        else:
            del self._wanted[user_id]
            self._waiting.pop(user_id, None)
            self._changed.set()

    def confirmation(self, user_id: int) -> asyncio.Future[None] | None:
        """Done when what is said to a followed user will be heard; None: it is heard already."""
        if user_id in self._asked and user_id not in self._unconfirmed:
            return None
        confirmed = self._waiting.get(user_id)
        if confirmed is None:
            confirmed = self._waiting[user_id] = asyncio.get_running_loop().create_future()
        return confirmed

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
                    # A channel of its own: its confirmation says that the server answers.
                    await subscription.subscribe(_PROOF)
                    await self._serve(subscription)
            except (RedisError, OSError, TimeoutError) as error:
                _log.warning("sockets' subscription lost", error=type(error).__name__)
            finally:
                if self.hears:
                    pause = _FIRST_PAUSE_S
                self._lost()
                await client.aclose()
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_S)

    async def _serve(self, subscription: PubSub) -> None:
        asking = asyncio.create_task(self._ask(subscription))
        try:
            await self._listen(subscription, asking)
        finally:
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)

    async def _ask(self, subscription: PubSub) -> None:
        """Keep the subscribed channels what they should be, many in one command."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            new = [user_id for user_id in self._wanted if user_id not in self._asked]
            for start in range(0, len(new), _AT_ONCE):
                some = new[start : start + _AT_ONCE]
                for user_id in some:
                    self._asked.add(user_id)
                    self._unconfirmed[user_id] = self._unconfirmed.get(user_id, 0) + 1
                await subscription.subscribe(*map(channel, some))
            old = [user_id for user_id in self._asked if user_id not in self._wanted]
            self._asked.difference_update(old)
            for start in range(0, len(old), _AT_ONCE):
                await subscription.unsubscribe(*map(channel, old[start : start + _AT_ONCE]))

    async def _listen(self, subscription: PubSub, asking: asyncio.Task[None]) -> None:
        asked_for_echo = False
        for number in count(1):
            if number % _IN_A_ROW == 0:
                # What has arrived together is read without a pause: sockets need one to
                # send, or even the quickest reader's queue would fill.
                await asyncio.sleep(0)
            message = await subscription.get_message(timeout=_QUIET_S)
            if asking.done():
                asking.result()
            if message is None:
                if asked_for_echo:
                    raise TimeoutError
                await subscription.ping()
                asked_for_echo = True
                continue
            asked_for_echo = False
            self._heard(message)

    def _heard(self, message: dict[str, Any]) -> None:
        kind = message["type"]
        if kind == "message":
            self._on_news(user_of(message["channel"]), message["data"])
        elif kind == "subscribe":
            if message["channel"] != _PROOF:
                self._confirm(user_of(message["channel"]))
            if not self.hears and not self._unconfirmed and self._asked >= self._wanted.keys():
                self.hears = True
                self._on_up()

    def _confirm(self, user_id: int) -> None:
        # Dropped and taken up again meanwhile, only the last confirmation counts.
        left = self._unconfirmed[user_id] - 1
        if left:
            self._unconfirmed[user_id] = left
            return
        del self._unconfirmed[user_id]
        waiting = self._waiting.pop(user_id, None)
        if waiting is not None:
            waiting.set_result(None)

    def _lost(self) -> None:
        self._asked.clear()
        self._unconfirmed.clear()
        self._changed.set()
        if self.hears:
            self.hears = False
            counts.subscriptions_lost.inc()
            self._on_down()
