"""Read your own writes, by position in the write-ahead log (WAL).

After a commit the primary's WAL position is kept for the user who made it.
That user's reads take a replica only once it has replayed that far; everyone
else's take any replica that is alive and not too far behind.
"""

from collections.abc import Awaitable, Callable, Sequence
from itertools import count
from math import inf
from time import monotonic

from redis.asyncio import Redis

from reference_app.kit import metrics
from reference_app.kit.store import Store, StoreGoneError

UNKNOWN = 2**62
"""A position no replica has reached: only the primary is sure to have everything."""

_ASK_EVERY_S = 0.1

# KEYS: the user's position. ARGV: the position reached now, for how long to keep it.
# Two pods may report in any order; the later position stays.
_REACHED = """
local known = tonumber(redis.call('GET', KEYS[1]) or '0')
if tonumber(ARGV[1]) > known then redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2]) end
"""


class OwnWrites:
    """How far the WAL was after each user's last write, shared by all pods."""

    def __init__(self, store: Store, keep_s: int) -> None:
        self._store = store
        self._keep_s = keep_s

    async def reached(self, user_id: int, position: int) -> None:
        """Remember that `user_id` wrote up to `position`."""

        async def remember(redis: Redis) -> None:
            await redis.eval(_REACHED, 1, _key(user_id), position, self._keep_s)

        await self._store.deliver(remember)

    async def position(self, user_id: int) -> int:
        """How far a server must be to show `user_id` their own writes; `UNKNOWN` without Redis."""
        try:
            found = await self._store.run(lambda redis: redis.get(_key(user_id)))
        except StoreGoneError:
            return UNKNOWN
        return int(found) if found is not None else 0


def _key(user_id: int) -> str:
    return f"wal:{user_id}"


class Replica:
    """What is known of one replica: whether it answers, and how far it has replayed.

    `ask` reads the replayed position and the lag in seconds from the replica
    itself and raises when it cannot. `max_lag_s` is the lag beyond which it
    serves nobody. `has_room` tells whether it can be asked without waiting for
    a connection.
    """

    def __init__(
        self,
        name: str,
        ask: Callable[[], Awaitable[tuple[int, float]]],
        *,
        max_lag_s: float,
        has_room: Callable[[], bool] = lambda: True,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self.name = name
        self.answers = True
        self.serves = True
        self.has_room = has_room
        self._ask = ask
        self._max_lag_s = max_lag_s
        self._clock = clock
        self._replayed = 0
        self._asked_at = -_ASK_EVERY_S

    async def has_reached(self, position: int) -> bool:
        """Whether what was written up to `position` can be read here.

        What it had replayed when last asked it still has; only if that is too
        little, and not asked just now, is it asked again.
        """
        if self._replayed >= position:
            return True
        if position >= UNKNOWN or self._clock() - self._asked_at < _ASK_EVERY_S:
            return False
        await self.look()
        return self.answers and self._replayed >= position

    async def look(self) -> None:
        """Ask the replica how it is. Never raises on its account: it then does not serve."""
        self._asked_at = self._clock()
        try:
            self._replayed, lag_s = await self._ask()
        except Exception:
            self.failed()
            return
        self.answers = True
        self.serves = lag_s <= self._max_lag_s
        metrics.replica_lag(self.name, lag_s)

    def failed(self) -> None:
        """It did not answer: it serves nobody until it does, and may come back a different one."""
        self.answers = False
        self.serves = False
        self._replayed = 0
        metrics.replica_lag(self.name, inf)


class Replicas:
    """The replicas, taken in turn."""

    def __init__(self, replicas: Sequence[Replica]) -> None:
        self.all = tuple(replicas)
        self._turn = count()

    async def choose(self, position: int, *, primary_gone: bool = False) -> Replica | None:
        """The next replica that has reached `position`; None: only the primary will do.

        One with room is taken before one whose connections are all in use. With the
        `primary_gone` one that lags is better than nothing, and where it is not known
        what must be shown, so is any.
        """
        if position >= UNKNOWN:
            if not primary_gone:
                return None
            position = 0
        first = next(self._turn)
        full = None
        for offset in range(len(self.all)):
            replica = self.all[(first + offset) % len(self.all)]
            able = replica.answers if primary_gone else replica.serves
            if able and await replica.has_reached(position):
                if replica.has_room():
                    return replica
                full = full or replica
        return full
