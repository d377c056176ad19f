"""The one user Locust knows of in an open load: owns all people, and sends them on schedule."""

import logging
import traceback
from collections.abc import Sequence
from random import Random
from typing import Any

from gevent.pool import Pool
from locust import User, constant
from locust.env import Environment
from locust.exception import InterruptTaskSet, RescheduleTask, StopUser
from locust.user.task import DefaultTaskSet

from capacity.load_model import OpenLoad
from scenarios import load_opening
from scenarios.arrivals.curve import due_times
from scenarios.orders import Orders
from scenarios.recorder import Recorder
from scenarios.walker import Walker

_log = logging.getLogger(__name__)
_READY_AT_ONCE = 64
"""People who make ready at a time: all of them would overrun a server's backlog."""
_FOREVER_S = 86_400.0


class Stranger:
    """A user of a person's own locustfile: each arrival is one of its tasks.

    The first request of the task was meant to start when the arrival was due.
    """

    def __init__(self, user: User) -> None:
        self._user: Any = user  # Locust has no types for most of what it is asked here
        self._tasks: Any = DefaultTaskSet(user)
        self._intended: float | None = None
        self._own_context = user.context
        user._taskset_instance = self._tasks
        user.context = self._context  # type: ignore[method-assign]  # Locust's way to give one

    def make_ready(self) -> None:
        """What the user does before its first task."""
        self._user.on_start()
        self._tasks.on_start()

    def send_due(self, intended: float) -> None:
        """One task; what it raises is told, and ends only this one."""
        self._intended = intended
        try:
            self._tasks.schedule_task(self._tasks.get_next_task())
            self._tasks.execute_next_task()
        except (InterruptTaskSet, RescheduleTask, StopUser):
            return
        except Exception as error:
            _log.error("%s\n%s", error, traceback.format_exc())  # as Locust does

    def _context(self) -> dict[str, Any]:
        context = dict(self._own_context())
        if self._intended is not None:
            context["intended"], self._intended = self._intended, None
        return context

    def on_stop(self) -> None:
        """What the user does at its end."""
        self._user.on_stop()


def conduct(environment: Environment, orders: Orders, recorder: Recorder) -> None:
    """Have `environment` run one conductor in place of the users it has found."""
    load = orders.load
    if not isinstance(load, OpenLoad):
        raise TypeError("a closed load needs no conductor")
    kinds = list(environment.user_classes)
    for kind in kinds:
        kind.host = environment.host or kind.host
    people: list[Any] = []
    due = due_times(orders.pieces, load.spacing, Random(f"{orders.seed}/arrivals"))
    # of the schedule of all each process takes its own arrivals
    walker = Walker(orders.share.pick(due), people, recorder.on_arrival, recorder.is_over)

    class Conductor(User):
        """Makes everyone ready, opens the load, walks the schedule once."""

        wait_time = constant(_FOREVER_S)

        def on_start(self) -> None:
            """Make the people."""
            cast = orders.share.pick(_cast(kinds, load.users))
            people.extend(_made(kind, environment) for kind in cast)
            ready = Pool(_READY_AT_ONCE)
            for person in people:
                ready.spawn(person.make_ready)
            ready.join()

        def walk(self) -> None:
            """The whole load."""
            epoch = load_opening.begin()
            recorder.walking = True
            walker.walk(epoch)
            recorder.walking = False

        tasks = [walk]  # noqa: RUF012  # Locust's way to say what a user does

        def on_stop(self) -> None:
            """Locust calls this when the load is over."""
            walker.end()
            for person in people:
                person.on_stop()

    environment.user_classes = [Conductor]


def _made(kind: type[User], environment: Environment) -> Any:
    user = kind(environment)
    return user if hasattr(user, "send_due") else Stranger(user)


def _cast(kinds: Sequence[type[User]], people: int) -> list[type[User]]:
    """Whose user each of `people` is: the kind furthest behind its weight comes next."""
    counts = dict.fromkeys(kinds, 0)
    everything = sum(kind.weight for kind in kinds)
    cast = []
    for number in range(1, people + 1):
        behind = {kind: kind.weight / everything * number - counts[kind] for kind in kinds}
        chosen = max(kinds, key=behind.__getitem__)
        counts[chosen] += 1
        cast.append(chosen)
    return cast
