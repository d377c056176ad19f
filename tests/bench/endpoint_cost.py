"""What each kind of request costs each tier: CPU milliseconds, one request at a time.

The journeys of the mixed load are sent one by one through nginx, and the tiers' clocks are
read after each: what they show, less what the tiers spend idle just before and after, belongs
to that request. A kind is the route and how deep the answer lay, since a request costs what
it does according to what the caches hold, and that is as it is in this mixture only. Between
such stretches come others, which are read as a whole: what the pods spent on those is held
against the sum of their parts. Chores, which would fall to whatever request they meet, are held
back until all is sent, and what they then have to do is counted apart.

    python -m tests.bench.endpoint_cost
"""

import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean, median

from pwdlib.hashers.bcrypt import BcryptHasher
from redis import Redis

from scenarios import catalogue
from scenarios.journeys.account import Member
from scenarios.journeys.browsing import Journey
from scenarios.journeys.call import Call
from scenarios.journeys.employer import Employer
from scenarios.journeys.looking import Visitor
from scenarios.journeys.seeker import Seeker
from scenarios.journeys.world import World
from scenarios.load_data import read_load_data
from scenarios.sources import source_address
from stack import data, engine
from stack.state import Running
from tests.bench.counters import counted
from tests.bench.cpu_meter import TIERS, Cost, Meter, between
from tests.bench.homes import a_home
from tests.scenarios.person import Person

ROUNDS, IN_A_STRETCH, WARM = 5, 800, 1_200
SEEKERS, EMPLOYERS, VISITORS = 170, 30, 200
RARE_SHARE = 0.25
"""Of the requests that are read one by one, those drawn from all kinds alike."""
REST_S = 10.0
"""As long as the slowest health check has between two looks."""
HELD_S = 90
SETTLED_S = 0.003
"""What a worker does after the answer, such as telling the others to forget, is its request's."""
TARGET = 0.05
LAYERS = ("nginx", "app", "l1", "l2", "db")
_SIGN_IN = "POST /api/v1/auth/login"
_A_DAY_S = 86_400
_KEPT = ("HIT", "STALE", "UPDATING")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of request: its route, and the deepest layer it touched."""

    route: str
    layer: str


class Cast:
    """People of every journey, as many of each as the scenario has."""

    def __init__(self, running: Running, home: Path) -> None:
        scenario = catalogue.load("mixed")
        file = home / "load.json"
        people = {"seeker": {"any": SEEKERS}, "employer": {"any": EMPLOYERS}}
        data.export_load_data(running, people, 1, file)
        world = World.of(scenario, read_load_data(file), 1)
        loaded = world.data
        self.chance = world.chance(0, "bench")
        journeys: list[Journey] = [Visitor(world, self.chance) for _ in range(VISITORS)]
        journeys += [Seeker(world, self.chance, one) for one in loaded.seekers]
        journeys += [Employer(world, self.chance, one) for one in loaded.employers]
        self._people = [
            Person(running.base_url or "", source_address(number), journey)
            for number, journey in enumerate(journeys)
        ]
        self._actions = sorted({name for one in self._people for name in self._can(one)})

    def send_next(self, *, rare: float = 0.0) -> Kind:
        """What anybody does next; a share `rare` of all that can be done, alike."""
        if self.chance.random() < rare:
            action = self.chance.choice(self._actions)
            person = self.chance.choice([one for one in self._people if action in self._can(one)])
            call = self._call(person.journey, action)
        else:
            person = self.chance.choice(self._people)
            call = person.journey.next_call(time.time())
        headers = person.send(call)
        kept = headers.get("x-cache") in _KEPT
        layer = "nginx" if kept else headers.get("x-served-from", "nginx")
        return Kind(f"{call.method} {call.route}", layer)

    def _can(self, person: Person) -> Sequence[str]:
        weighed = person.journey.world.scenario.journeys[person.journey.name]
        signs = ("sign_in", "refresh") if isinstance(person.journey, Member) else ()
        return (*weighed, *signs)

    def _call(self, journey: Journey, action: str) -> Call:
        if isinstance(journey, Member) and action in ("sign_in", "refresh"):
            return journey.sign_in() if action == "sign_in" else journey.refresh()
        return journey.actions()[action]()


class Chores:
    """What the workers do unasked: held back, then let go."""

    def __init__(self, running: Running) -> None:
        self._redis = Redis.from_url(running.environment["REDIS_URL"])
        self._running = running

    def hold(self) -> None:
        """Have none done within `HELD_S`; those of a day are not due anyway."""
        for key in self._redis.scan_iter("chore:*"):
            if self._redis.ttl(key) < _A_DAY_S / 2:
                self._redis.expire(key, HELD_S)

    def let_go(self) -> float:
        """The CPU milliseconds of all that was held back."""
        before = self._spent_ms()
        for key in self._redis.scan_iter("chore:*"):
            if self._redis.ttl(key) <= HELD_S:
                self._redis.expire(key, 1)
        # A worker looks again when it was told that one is due.
        time.sleep(HELD_S + REST_S)
        return self._spent_ms() - before

    def _spent_ms(self) -> float:
        return 1000 * sum(
            sample.value for sample in counted(self._running, "chore_cpu_seconds_total")
        )


@dataclass(slots=True)
class Stretch:
    """Requests read as a whole, and what they were."""

    kinds: list[Kind]
    spent: Cost


@dataclass(slots=True)
class Figures:
    """What each request of a kind cost; and the stretches to hold the sum of parts against."""

    parts: dict[Kind, list[Cost]] = field(default_factory=lambda: defaultdict(list))
    stretches: list[Stretch] = field(default_factory=list)
    chores_ms: float = 0.0

    def predicted(self, kinds: Sequence[Kind]) -> float:
        """The pods' milliseconds that `kinds` add up to."""
        means = {kind: mean(cost["pods"] for cost in costs) for kind, costs in self.parts.items()}
        every = mean(cost["pods"] for costs in self.parts.values() for cost in costs)
        return sum(means.get(kind, every) for kind in kinds)

    @property
    def unknown(self) -> int:
        """How many requests of the stretches are of no kind that was read."""
        return sum(kind not in self.parts for one in self.stretches for kind in one.kinds)


def measure() -> Figures:
    """Stretches of either sort in turns."""
    found = Figures()
    with a_home() as home:
        running = engine.up(home, pods=2, replicas=2, bound=True)
        data.ensure_seeded(running, "small", 1, lambda line: None)
        cast = Cast(running, home)
        for _ in range(WARM):
            cast.send_next(rare=RARE_SHARE)
        chores, meter = Chores(running), Meter(running)
        chores.hold()
        idle = meter.rest(REST_S)
        for _ in range(ROUNDS):
            chores.hold()
            idle = _one_by_one(cast, meter, idle, found)
            chores.hold()
            idle = _as_a_whole(cast, meter, idle, found)
        found.chores_ms = chores.let_go()
    return found


def _one_by_one(cast: Cast, meter: Meter, idle: Cost, found: Figures) -> Cost:
    """Read the clocks after each request; what the tiers spend idle afterwards."""
    readings, kinds = [meter.read()], []
    for _ in range(IN_A_STRETCH):
        kinds.append(cast.send_next(rare=RARE_SHARE))
        time.sleep(SETTLED_S)
        readings.append(meter.read())
    after = meter.rest(REST_S)
    for number, kind in enumerate(kinds):
        spent = readings[number + 1].since(readings[number], between(idle, after))
        found.parts[kind].append(spent)
    return after


def _as_a_whole(cast: Cast, meter: Meter, idle: Cost, found: Figures) -> Cost:
    """Read them before and after all of them; what the tiers spend idle afterwards."""
    before = meter.read()
    kinds = [cast.send_next() for _ in range(IN_A_STRETCH)]
    time.sleep(SETTLED_S)
    spent = meter.read()
    after = meter.rest(REST_S)
    found.stretches.append(Stretch(kinds, spent.since(before, between(idle, after))))
    return after


def bcrypt_ms() -> float:
    """What one password's check costs, by itself."""
    hasher = BcryptHasher(rounds=10)
    hashed = hasher.hash("Bahamas-2026!")
    taken = []
    for _ in range(9):
        began = time.process_time()
        hasher.verify("Bahamas-2026!", hashed)
        taken.append(1000 * (time.process_time() - began))
    return median(taken)


def main() -> None:
    """Print the table, and whether its parts explain the whole."""
    found = measure()
    _tell_parts(found)
    predicted = [found.predicted(one.kinds) for one in found.stretches]
    spent = [one.spent["pods"] for one in found.stretches]
    rounds = ", ".join(
        f"{part / whole - 1:+.1%}" for part, whole in zip(predicted, spent, strict=True)
    )
    print(
        f"{len(spent) * IN_A_STRETCH:,} requests as the scenario mixes them: their parts add up to "
        f"{sum(predicted):.0f} ms of the pods, they spent {sum(spent):.0f} ms: "
        f"{sum(predicted) / sum(spent) - 1:+.1%} (target: within {TARGET:.0%}; by round {rounds}; "
        f"{found.unknown} of kinds not read)"
    )
    sent = 2 * len(spent) * IN_A_STRETCH
    print(f"chores after {sent:,} requests: {found.chores_ms:.0f} ms of the pods")
    sign_in = mean(
        cost["pods"]
        for kind, costs in found.parts.items()
        if kind.route == _SIGN_IN
        for cost in costs
    )
    alone = bcrypt_ms()
    print(
        f"sign-ins per vCPU and second: {1000 / sign_in:.1f} by the pods' CPU; bcrypt alone, "
        f"{alone:.0f} ms, bounds them to {1000 / alone:.1f}"
    )


def _tell_parts(found: Figures) -> None:
    tiers = list(TIERS.values())
    print(f"{'CPU ms per request':<44}{'requests':>9}" + "".join(f"{tier:>11}" for tier in tiers))
    by_route: dict[str, dict[str, list[Cost]]] = defaultdict(dict)
    for kind, costs in found.parts.items():
        by_route[kind.route][kind.layer] = costs
    for route, layers in sorted(by_route.items()):
        for layer in LAYERS:
            if layer in layers:
                costs = layers[layer]
                cells = "".join(f"{mean(cost[tier] for cost in costs):>11.2f}" for tier in tiers)
                print(f"{f'{route}  ({layer})':<44}{len(costs):>9}{cells}")


if __name__ == "__main__":
    main()
