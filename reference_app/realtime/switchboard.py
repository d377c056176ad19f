"""All sockets of one worker: news to those it concerns, pings, farewells."""

import asyncio
import secrets
from collections.abc import Coroutine, Iterator
from contextlib import suppress
from random import randrange
from time import monotonic, time

from reference_app.kit.store import Store, StoreGoneError
from reference_app.realtime import counts, frames
from reference_app.realtime.announcer import Announcer, opened
from reference_app.realtime.connection import (
    RESTARTING,
    SIGNED_OUT,
    SILENT,
    TOO_MANY,
    Bounds,
    Connection,
)
from reference_app.realtime.door import Door
from reference_app.realtime.ear import Ear
from reference_app.realtime.places import Places, Tickets

_CONFIRMED_S = 2.0
_SILENT_AFTER_PINGS = 2.5
_SLOWEST_RETURN_MS = 30_000
_QUICKEST_RETURN_MS = 1_000
_RETURN_MS_PER_SOCKET = 5


class Switchboard:
    """What one worker holds for its sockets.

    Pings go out by turns: a socket belongs to one second of the ping period, so
    that a thousand sockets are no burst.
    """

    def __init__(
        self,
        redis_url: str,
        store: Store,
        *,
        bounds: Bounds,
        ping_s: int,
        ticket_s: int,
        sockets_per_user: int,
        handshakes: int,
    ) -> None:
        self.tickets = Tickets(store, ticket_s)
        self.announcer = Announcer(store)
        self.bounds = bounds
        self.door = Door(handshakes)
        self.leaving = False
        self._places = Places(store, sockets_per_user)
        self._most_per_user = sockets_per_user
        self._ear = Ear(redis_url, on_news=self._on_news, on_up=self._on_up, on_down=self._on_down)
        self._of_user: dict[int, list[Connection]] = {}
        self._turns: list[set[Connection]] = [set() for _ in range(ping_s)]
        self._silent_after_s = _SILENT_AFTER_PINGS * ping_s
        self._open = 0

    def works(self) -> tuple[Coroutine[None, None, None], ...]:
        """What must run while it serves: each listens, announces or pings until cancelled."""
        return self._ear.run(), self.announcer.run(), self._ping()

    async def join(self, connection: Connection) -> None:
        """Take a socket in, and tell it to fetch as soon as it will be told of what is new."""
        user_id = connection.user_id
        self._of_user.setdefault(user_id, []).append(connection)
        self._turns[randrange(len(self._turns))].add(connection)  # noqa: S311 - no secret
        self._open += 1
        self._ear.follow(user_id)
        connection.on_drop = self._forget_pings
        if self.leaving:
            self._see_off(connection)
            return
        try:
            oldest = await self._places.take(user_id, connection.id)
        except StoreGoneError:
            oldest = [each.id for each in self._of_user[user_id][: -self._most_per_user]]
        for each in oldest:
            self._make_room(user_id, each)
        confirmed = self._ear.confirmation(user_id)
        if confirmed is not None:
            await asyncio.wait({confirmed}, timeout=_CONFIRMED_S)
            if not confirmed.done():
                connection.offer(frames.DEGRADED)
                confirmed.add_done_callback(lambda _: connection.offer(frames.fetch(0)))
                return
        connection.offer(frames.fetch(0))

    async def part(self, connection: Connection) -> None:
        """Forget a socket that is over."""
        user_id = connection.user_id
        connection.ended()
        self._forget_pings(connection)
        left = self._of_user[user_id]
        left.remove(connection)
        if not left:
            del self._of_user[user_id]
        self._open -= 1
        self._ear.unfollow(user_id)
        if not self.leaving:
            with suppress(StoreGoneError):  # the place then goes when it is the oldest
                await self._places.leave(user_id, connection.id)

    def leave(self) -> None:
        """Close every socket, since this worker stops.

        Clients are told when to return, each at another time.
        """
        self.leaving = True
        for connection in list(self._all()):
            self._see_off(connection)

    def _see_off(self, connection: Connection) -> None:
        latest = min(_SLOWEST_RETURN_MS, _QUICKEST_RETURN_MS + self._open * _RETURN_MS_PER_SOCKET)
        connection.drop(RESTARTING, frames.closing(randrange(latest)))  # noqa: S311 - no secret

    def _make_room(self, user_id: int, connection_id: str) -> None:
        for connection in self._of_user.get(user_id, ()):
            if connection.id == connection_id:
                connection.drop(TOO_MANY)
                return
        self.announcer.tell([(user_id, frames.end_of(connection_id))])

    def _on_news(self, user_id: int, payload: bytes) -> None:
        made, frame = opened(payload)
        for connection in list(self._of_user.get(user_id, ())):
            if not frame.startswith(frames.END):
                connection.offer(frame)
                counts.delivery.observe(max(0.0, time() - made))
            elif frame == frames.END:
                connection.drop(SIGNED_OUT)
            elif frame == frames.end_of(connection.id):
                connection.drop(TOO_MANY)

    def _on_up(self) -> None:
        frame = frames.fetch(min(_SLOWEST_RETURN_MS, self._open * _RETURN_MS_PER_SOCKET))
        for connection in list(self._all()):
            connection.offer(frame)

    def _on_down(self) -> None:
        for connection in list(self._all()):
            connection.offer(frames.DEGRADED)

    async def _ping(self) -> None:
        while True:
            for turn in self._turns:
                await asyncio.sleep(1)
                counts.connections.set(self._open)
                now = monotonic()
                for connection in list(turn):
                    if now - connection.heard_at > self._silent_after_s:
                        connection.drop(SILENT)
                    else:
                        connection.offer(frames.PING)

    def _forget_pings(self, connection: Connection) -> None:
        for turn in self._turns:
            turn.discard(connection)

    def _all(self) -> Iterator[Connection]:
        for connections in self._of_user.values():
            yield from connections


def new_connection_id() -> str:
    """A name for a socket that no other has, in any pod."""
    return secrets.token_hex(8)
