"""What each kind of request costs each tier: CPU milliseconds, one request at a time.

The journeys of the mixed load are sent one by one through nginx, and the tiers' clocks are
read after each: what they show, less what the tiers spend idle in the same round, belongs
to that request. A kind is the route and how deep the answer lay, since a request costs what
it does according to what the caches hold, and that is as it is in this mixture only. In turn
with such blocks come others, which are read as a whole: what the pods spent on those is held
against the sum of their parts, as read in the same round. The turns are short and both sorts are
sent at the same pace, since what a request costs, and what idling does, drifts with the machine
by more than is to be told. Chores, which would fall to whatever request they meet, are held
back until all is sent, and what they then have to do is counted apart.

    python -m tests.bench.endpoint_cost
"""

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
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
from tests.bench.cpu_meter import TIERS, Cost, Meter, Reading, between
from tests.bench.homes import a_home
from tests.scenarios.person import Person

ROUNDS, HALVES, BLOCKS, IN_A_BLOCK, WARM = 5, 2, 5, 150, 1_200
"""A round rests after each half; each of its blocks is one read one by one, then one read whole."""
SEEKERS, EMPLOYERS, VISITORS = 170, 30, 200
RARE_SHARE = 0.25
"""Of the requests that warm up, those drawn from all kinds alike."""
RARE_IN_A_BLOCK = 50
"""So many more are read one by one. They come last: what they leave behind falls to each other."""
REST_S = 10.0
"""As long as the slowest health check has between two looks."""
HELD_S = 90
SETTLED_S = 0.005
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
class Round:
    """What each request of a kind cost; and those read as a whole, with what they cost the pods."""

    parts: dict[Kind, list[Cost]] = field(default_factory=lambda: defaultdict(list))
    kinds: list[Kind] = field(default_factory=list)
    spent_ms: float = 0.0


@dataclass(slots=True)
class Figures:
    """What was read, round by round."""

    rounds: list[Round] = field(default_factory=list)
    chores_ms: float = 0.0

    def parts(self) -> dict[Kind, list[Cost]]:
        """What each request of a kind cost in all rounds."""
        every: dict[Kind, list[Cost]] = defaultdict(list)
        for one in self.rounds:
            for kind, costs in one.parts.items():
                every[kind] += costs
        return every

    def predicted(self) -> list[float]:
        """The pods' milliseconds that the parts of what was read whole add up to, by round.

        A kind that the round did not read costs what it did in the others.
        """
        every = _means(self.parts())
        any_kind = mean(cost["pods"] for costs in self.parts().values() for cost in costs)
        found = []
        for one in self.rounds:
            means = {**every, **_means(one.parts)}
            found.append(sum(means.get(kind, any_kind) for kind in one.kinds))
        return found

    def unknown(self) -> int:
        """How many requests that were read whole are of no kind that was read."""
        parts = self.parts()
        return sum(kind not in parts for one in self.rounds for kind in one.kinds)


def _means(parts: Mapping[Kind, Sequence[Cost]]) -> dict[Kind, float]:
    return {kind: mean(cost["pods"] for cost in costs) for kind, costs in parts.items()}


def measure() -> Figures:
    """Round after round."""
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
            one, idle = _round(cast, chores, meter, idle)
            found.rounds.append(one)
        found.chores_ms = chores.let_go()
    return found


@dataclass(frozen=True, slots=True)
class Between:
    """What was sent between two readings."""

    kinds: Sequence[Kind]
    before: Reading
    after: Reading

    def spent(self, idle: Cost) -> Cost:
        """What that cost the tiers, which spend `idle` milliseconds a second on nothing."""
        return self.after.since(self.before, idle)


def _round(cast: Cast, chores: Chores, meter: Meter, idle: Cost) -> tuple[Round, Cost]:
    """Blocks of either sort in turns; and what the tiers spend idle afterwards."""
    alone: list[Between] = []
    together: list[Between] = []
    rests = [idle]
    for _ in range(HALVES):
        for _ in range(BLOCKS):
            chores.hold()
            alone += _one_by_one(cast, meter)
            together.append(_as_a_whole(cast, meter))
        rests.append(meter.rest(REST_S))
    found, mean_idle = Round(), between(*rests)
    for one in alone:
        found.parts[one.kinds[0]].append(one.spent(mean_idle))
    for one in together:
        found.kinds += one.kinds
        found.spent_ms += one.spent(mean_idle)["pods"]
    return found, rests[-1]


def _one_by_one(cast: Cast, meter: Meter) -> list[Between]:
    """Read the clocks after each request."""
    found, before = [], meter.read()
    for rare in [0.0] * IN_A_BLOCK + [1.0] * RARE_IN_A_BLOCK:
        kind = _sent(cast, rare)
        after = meter.read()
        found.append(Between([kind], before, after))
        before = after
    return found


def _as_a_whole(cast: Cast, meter: Meter) -> Between:
    """Read them before and after all of them."""
    before = meter.read()
    kinds = [_sent(cast) for _ in range(IN_A_BLOCK)]
    return Between(kinds, before, meter.read())


def _sent(cast: Cast, rare: float = 0.0) -> Kind:
    kind = cast.send_next(rare=rare)
    time.sleep(SETTLED_S)
    return kind


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
    parts = found.parts()
    _tell_parts(parts)
    predicted = found.predicted()
    spent = [one.spent_ms for one in found.rounds]
    rounds = ", ".join(
        f"{part / whole - 1:+.1%}" for part, whole in zip(predicted, spent, strict=True)
    )
    print(
        f"{len(spent) * HALVES * BLOCKS * IN_A_BLOCK:,} requests as the scenario mixes them: "
        f"their parts add up to {sum(predicted):.0f} ms of the pods, they spent {sum(spent):.0f} "
        f"ms: {sum(predicted) / sum(spent) - 1:+.1%} (target: within {TARGET:.0%}; by round "
        f"{rounds}; {found.unknown()} of kinds not read)"
    )
    sent = len(spent) * HALVES * BLOCKS * (2 * IN_A_BLOCK + RARE_IN_A_BLOCK)
    print(f"chores after {sent:,} requests: {found.chores_ms:.0f} ms of the pods")
    sign_in = mean(
        cost["pods"] for kind, costs in parts.items() if kind.route == _SIGN_IN for cost in costs
    )
    alone = bcrypt_ms()
    print(
        f"sign-ins per vCPU and second: {1000 / sign_in:.1f} by the pods' CPU; bcrypt alone, "
        f"{alone:.0f} ms, bounds them to {1000 / alone:.1f}"
    )


def _tell_parts(parts: Mapping[Kind, list[Cost]]) -> None:
    tiers = list(TIERS.values())
    print(f"{'CPU ms per request':<44}{'requests':>9}" + "".join(f"{tier:>11}" for tier in tiers))
    by_route: dict[str, dict[str, list[Cost]]] = defaultdict(dict)
    for kind, costs in parts.items():
        by_route[kind.route][kind.layer] = costs
    for route, layers in sorted(by_route.items()):
        for layer in LAYERS:
            if layer in layers:
                costs = layers[layer]
                cells = "".join(f"{mean(cost[tier] for cost in costs):>11.2f}" for tier in tiers)
                print(f"{f'{route}  ({layer})':<44}{len(costs):>9}{cells}")


if __name__ == "__main__":
    main()
