"""Messages on their way: from when one is sent to when a socket of the other side hears of it.

Lives inside the Locust process. Only messages between its own virtual users are followed.
"""

import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

import gevent

PATIENCE_S = 10.0
"""A message not heard of for so long is lost; sockets promise nothing, but are held to this."""

OPENING = "/ws open"
DELIVERY = "/ws message delivered"

Report = Callable[[str, float, float | None, Exception | None], None]


class UndeliveredError(Exception):
    """Nobody who listens heard of a message."""


@dataclass(frozen=True, slots=True)
class _Sent:
    message: int
    at: float


class Deliveries:
    """Matches messages sent with what sockets hear.

    `report` is given what happened, when it began (a Unix time), the seconds it took and
    what went wrong. A message's time runs from its sender's request, and so holds all of
    it: what the server does before it has the message, and the way to the other side.
    """

    def __init__(self, report: Report) -> None:
        self._tell = report
        self._waiting: dict[tuple[int, int], list[_Sent]] = defaultdict(list)
        self._heard: dict[tuple[int, int], tuple[int, float]] = {}
        self._listening: set[int] = set()

    def opened(self, began: float, error: Exception | None) -> None:
        """A socket opened, or did not for `error`."""
        self._tell(OPENING, began, time.time() - began, error)

    def listens(self, person: int) -> None:
        """`person` holds a socket from now on, and hears of new messages."""
        self._listening.add(person)

    def listens_no_more(self, person: int) -> None:
        """The socket is gone: what was on its way is fetched later, and not judged."""
        self._listening.discard(person)
        for place in [place for place in self._waiting if place[0] == person]:
            del self._waiting[place]

    def sent(self, to: int, conversation: int, message: int, at: float) -> None:
        """`message` was accepted; its request was sent at the Unix time `at`."""
        if to not in self._listening:
            return
        place = (to, conversation)
        up_to, heard_at = self._heard.get(place, (0, 0.0))
        if up_to >= message:
            # the news overtook the answer
            self._report(at, max(0.0, heard_at - at))
            return
        self._waiting[place].append(_Sent(message, at))
        gevent.spawn_later(PATIENCE_S, self._give_up, place, message)

    def heard(self, person: int, conversation: int, up_to: int) -> None:
        """A socket of `person` hears now that there are messages up to id `up_to`."""
        now, place = time.time(), (person, conversation)
        if up_to > self._heard.get(place, (0, 0.0))[0]:
            self._heard[place] = (up_to, now)
        waiting = self._waiting.pop(place, [])
        for each in waiting:
            if each.message <= up_to:
                self._report(each.at, now - each.at)
        late = [each for each in waiting if each.message > up_to]
        if late:
            self._waiting[place] = late

    def _report(self, sent_at: float, taken_s: float | None) -> None:
        error = None if taken_s is not None else UndeliveredError("not delivered")
        self._tell(DELIVERY, sent_at, taken_s, error)

    def _give_up(self, place: tuple[int, int], message: int) -> None:
        for each in self._waiting.get(place, []):
            if each.message == message:
                self._waiting[place].remove(each)
                self._report(each.at, None)
                return
