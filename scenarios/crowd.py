"""The virtual users of one generator process: who each of them is, and when they begin.

Lives inside the Locust process.
"""

import itertools
from collections.abc import Callable

from gevent.event import Event
from gevent.lock import BoundedSemaphore
from gevent.timeout import Timeout

from scenarios.deliveries import Deliveries
from scenarios.journeys.account import Member
from scenarios.journeys.browsing import Journey
from scenarios.journeys.employer import Employer
from scenarios.journeys.looking import Visitor
from scenarios.journeys.seeker import Seeker
from scenarios.journeys.world import World
from scenarios.load_data import SignedIn
from scenarios.object_store import ObjectStore
from scenarios.share import Share

CONNECTING_AT_ONCE = 64
"""Two thousand connections in one moment would overrun a server's backlog."""
_PATIENCE_S = 15

_MEMBERS: dict[str, type[Member]] = {"seeker": Seeker, "employer": Employer}


class Crowd:
    """Hands out parts, and opens the load when everyone stands ready.

    Of `users` in all, those of `share` are in this process. `begin` is called once, and
    gives the Unix time at which the load begins.
    """

    def __init__(
        self,
        world: World,
        users: int,
        share: Share,
        lasts_s: float,
        begin: Callable[[], float],
        deliveries: Deliveries,
        store: ObjectStore,
    ) -> None:
        self.world = world
        self.deliveries = deliveries
        self.store = store
        self._lasts_s = lasts_s
        self.connecting = BoundedSemaphore(CONNECTING_AT_ONCE)
        self._parts = world.scenario.cast(users)
        self._numbers = itertools.count(share.number, share.of)
        self._begin = begin
        self._missing = share.count(users)
        self._everyone = Event()
        self._gate = Event()
        self._epoch = 0.0

    def join(self) -> tuple[int, Journey]:
        """The next virtual user's number and journey."""
        number = next(self._numbers)
        name, index = self._parts[number % len(self._parts)]
        chance = self.world.chance(number, "decisions")
        if name == "visitor":
            return number, Visitor(self.world, chance)
        return number, _MEMBERS[name](self.world, chance, self._session(name, index))

    def _session(self, name: str, index: int) -> SignedIn:
        data = self.world.data
        return data.seekers[index] if name == "seeker" else data.employers[index]

    def stand_ready(self) -> float:
        """Wait for the others; the Unix time at which the load begins."""
        self._missing -= 1
        if self._missing == 0:
            self._open()
        try:
            with Timeout(_PATIENCE_S):
                self._everyone.wait()
        except Timeout:
            # someone never came (a user that could not be made): begin without
            self._open()
        self._gate.wait()
        return self._epoch

    def is_over(self, due: float) -> bool:
        """Whether the load has ended by the Unix time `due`: nothing is sent then."""
        return due >= self._epoch + self._lasts_s

    def _open(self) -> None:
        if self._everyone.is_set():
            return
        self._everyone.set()
        self._epoch = self._begin()
        self._gate.set()
