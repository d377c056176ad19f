"""A small discrete-event simulation: what a request waits for, one by one, and so the tails.

A request is a row of steps: it works at stations, takes and gives back places (slots,
pool connections, PgBouncer's servers) and pauses. Stations serve in order of arrival or
share themselves out evenly (processor sharing: Kleinrock 1976, Queueing Systems II, 4.4),
as an operating system shares cores. Seeded: the same input gives the same answer.
Times in seconds.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, slots=True)
class Work:
    """Service at a station."""

    station: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Take:
    """Wait for one of a kind of place, first come, first served, and keep it."""

    place: str


@dataclass(frozen=True, slots=True)
class Give:
    """Let go of a place taken before."""

    place: str


@dataclass(frozen=True, slots=True)
class Pause:
    """Time that waits for nobody."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer is out; steps after it are load, but no part of the response time."""


Step = Work | Take | Give | Pause | Answer


@dataclass(frozen=True, slots=True)
class Cores:
    """A station of `servers`; with `sharing` they may be a fraction, and all work at once."""

    servers: float
    sharing: bool = True


@dataclass(frozen=True, slots=True)
class Open:
    """Requests come by themselves, `rate` a second, one by one at random (Poisson)."""

    rate: float


@dataclass(frozen=True, slots=True)
class Closed:
    """`users` who each wait `think_s` (exponential) between an answer and the next request."""

    users: int
    think_s: float


Route = Callable[[Random], tuple[str, Sequence[Step]]]
"""Draws the next request: its class and its steps."""


@dataclass(frozen=True, slots=True)
class Simulated:
    """What was seen after the warm-up, `requests` answers long.

    `response_s` and `own_s` (what the request itself took, without any waiting) by class, in
    the same order; `busy` the share of each station's servers at work, `held` the mean number
    of places taken.
    """

    seconds: float
    response_s: "dict[str, np.ndarray]"
    own_s: "dict[str, np.ndarray]"
    busy: dict[str, float]
    held: dict[str, float]

    @property
    def requests(self) -> int:
        """How many answers were counted."""
        return sum(len(times) for times in self.response_s.values())

    @property
    def throughput(self) -> float:
        """Answers per second."""
        return self.requests / self.seconds

    def everything(self) -> "np.ndarray":
        """Response times of all classes together."""
        import numpy as np

        return np.concatenate(list(self.response_s.values()))


@dataclass(slots=True)
class _Request:
    name: str
    steps: Iterator[Step]
    began: float
    own_s: float = 0.0
    answered: bool = False


@dataclass(slots=True)
class _Place:
    free: int
    queue: deque[_Request] = field(default_factory=deque)
    taken: int = 0
    area: float = 0.0
    since: float = 0.0

    def change(self, now: float, by: int) -> None:
        self.area += self.taken * (now - self.since)
        self.since, self.taken, self.free = now, self.taken + by, self.free - by


class _Station:
    """Jobs in service; `soonest` is when the next of them is done, were nothing to change."""

    def __init__(self, cores: Cores) -> None:
        self.cores = cores
        self.version = 0
        self.area = 0.0
        self._since = 0.0
        self._served = 0.0
        """Service each job present since the beginning would have had (sharing)."""
        self._jobs: list[tuple[float, int, _Request]] = []
        self._queue: deque[tuple[float, _Request]] = deque()
        self._numbers = count()

    def _pace(self) -> float:
        if not self.cores.sharing:
            return 1.0
        return min(1.0, self.cores.servers / len(self._jobs)) if self._jobs else 0.0

    def advance(self, now: float) -> None:
        """Bring what was served up to date."""
        passed = now - self._since
        self._served += passed * self._pace()
        self.area += passed * min(len(self._jobs), self.cores.servers)
        self._since = now

    def add(self, now: float, request: _Request, seconds: float) -> None:
        self.advance(now)
        if not self.cores.sharing and len(self._jobs) >= self.cores.servers:
            self._queue.append((seconds, request))
            return
        heappush(self._jobs, (self._served + seconds, next(self._numbers), request))
        self.version += 1

    def soonest(self, now: float) -> float | None:
        if not self._jobs:
            return None
        return now + max(0.0, self._jobs[0][0] - self._served) / self._pace()

    def done(self, now: float) -> _Request:
        self.advance(now)
        request = heappop(self._jobs)[2]
        if self._queue:
            seconds, following = self._queue.popleft()
            heappush(self._jobs, (self._served + seconds, next(self._numbers), following))
        self.version += 1
        return request


class _Simulation:
    def __init__(
        self, stations: Mapping[str, Cores], places: Mapping[str, int], route: Route, seed: int
    ) -> None:
        self.stations = {name: _Station(cores) for name, cores in stations.items()}
        self.places = {name: _Place(most) for name, most in places.items()}
        self.chance = Random(seed)
        self.now = 0.0
        self._route = route
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = count()
        self.finished: Callable[[_Request], None] = lambda request: None
        self.answered: Callable[[_Request], None] = lambda request: None

    def after(self, seconds: float, do: Callable[[], None]) -> None:
        heappush(self._events, (self.now + seconds, next(self._numbers), do))

    def arrive(self) -> None:
        name, steps = self._route(self.chance)
        self.go_on(_Request(name, iter(steps), self.now))

    def go_on(self, request: _Request) -> None:
        """Take the request through its steps until one takes time."""
        for step in request.steps:
            match step:
                case Work(station, seconds):
                    request.own_s += 0.0 if request.answered else seconds
                    self._work(station, request, seconds)
                    return
                case Take(name):
                    place = self.places[name]
                    if place.free == 0:
                        place.queue.append(request)
                        return
                    place.change(self.now, 1)
                case Give(name):
                    self._give(self.places[name])
                case Pause(seconds):
                    request.own_s += 0.0 if request.answered else seconds
                    self.after(seconds, lambda: self.go_on(request))
                    return
                case Answer():
                    request.answered = True
                    self.answered(request)
        self.finished(request)

    def _give(self, place: _Place) -> None:
        if not place.queue:
            place.change(self.now, -1)
            return
        following = place.queue.popleft()  # it takes over the place as it is
        self.after(0.0, lambda: self.go_on(following))

    def _work(self, name: str, request: _Request, seconds: float) -> None:
        station = self.stations[name]
        station.add(self.now, request, seconds)
        self._expect(station)

    def _expect(self, station: _Station) -> None:
        moment, version = station.soonest(self.now), station.version
        if moment is None:
            return

        def due() -> None:
            if station.version == version:
                request = station.done(self.now)
                self._expect(station)
                self.go_on(request)

        heappush(self._events, (moment, next(self._numbers), due))

    def run_until(self, enough: Callable[[], bool]) -> None:
        while self._events and not enough():
            self.now, _, do = heappop(self._events)
            do()


def simulate(
    stations: Mapping[str, Cores],
    places: Mapping[str, int],
    source: Open | Closed,
    route: Route,
    *,
    requests: int = 20_000,
    warmup: int = 2_000,
    seed: int = 1,
) -> Simulated:
    """`requests` answers of a system with these stations and places, after `warmup` others.

    Every `Take` of a route needs its `Give`. A load beyond what the stations carry gives
    response times that grow with `requests`: ask `capacity.model.bounds` first.
    """
    import numpy as np

    world = _Simulation(stations, places, route, seed)
    kept: dict[str, list[tuple[float, float]]] = {}
    seen = 0
    began, before = 0.0, _areas(world)

    def answered(request: _Request) -> None:
        nonlocal seen, began, before
        seen += 1
        if seen == warmup:
            began, before = world.now, _areas(world)
        elif seen > warmup:
            kept.setdefault(request.name, []).append((world.now - request.began, request.own_s))

    world.answered = answered
    _begin(world, source)
    world.run_until(lambda: seen >= warmup + requests)
    lasted = world.now - began
    after = _areas(world)
    found = {name: np.array(times) for name, times in sorted(kept.items())}
    return Simulated(
        seconds=lasted,
        response_s={name: times[:, 0] for name, times in found.items()},
        own_s={name: times[:, 1] for name, times in found.items()},
        busy={
            name: (after[name] - before[name]) / lasted / cores.servers
            for name, cores in stations.items()
        },
        held={name: (after[name] - before[name]) / lasted for name in places},
    )


def _begin(world: _Simulation, source: Open | Closed) -> None:
    if isinstance(source, Open):
        rate = source.rate

        def next_one() -> None:
            world.after(world.chance.expovariate(rate), next_one)
            world.arrive()

        world.after(world.chance.expovariate(rate), next_one)
        return

    def think() -> None:
        pause = world.chance.expovariate(1 / source.think_s) if source.think_s else 0.0
        world.after(pause, world.arrive)

    world.finished = lambda request: think()
    for _ in range(source.users):
        think()


def _areas(world: _Simulation) -> dict[str, float]:
    """Server- and place-seconds used up to now, by name."""
    for station in world.stations.values():
        station.advance(world.now)
    for place in world.places.values():
        place.change(world.now, 0)
    return {name: station.area for name, station in world.stations.items()} | {
        name: place.area for name, place in world.places.items()
    }
