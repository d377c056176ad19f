"""What each kind of request costs each tier: CPU milliseconds, one request at a time.

The journeys of the mixed load are sent one by one through nginx, so that all the CPU a
tier spends meanwhile, less what it spends idle, belongs to the kind being sent. Kinds
come in blocks, in random order, round after round. Then a mixed stretch is sent, and the
CPU the pods really spent is held against the sum of its parts.

    python -m tests.bench.endpoint_cost
"""

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random
from statistics import median

import psutil
from pwdlib.hashers.bcrypt import BcryptHasher

from scenarios import catalogue
from scenarios.journeys.account import Member
from scenarios.journeys.browsing import Journey
from scenarios.journeys.employer import Employer
from scenarios.journeys.looking import Visitor
from scenarios.journeys.seeker import Seeker
from scenarios.journeys.world import World
from scenarios.load_data import read_load_data
from scenarios.sources import source_address
from stack import data, engine
from stack.state import Running
from tests.bench.homes import a_home
from tests.scenarios.person import Person

ROUNDS, IN_A_BLOCK, IN_THE_MIX = 5, 40, 1_200
SEEKERS, EMPLOYERS, VISITORS = 60, 12, 40
IDLE_S = 8.0
TIERS = {
    "backend": "pods",
    "nginx": "nginx",
    "pgbouncer": "pgbouncer",
    "primary": "primary",
    "replica": "replicas",
    "redis": "redis",
}

Cost = Mapping[str, float]
"""Tier -> CPU milliseconds."""


class Meter:
    """CPU of every tier of a running stack, less what it spends doing nothing."""

    def __init__(self, running: Running) -> None:
        self._pids: dict[str, list[int]] = defaultdict(list)
        for name, service in running.services.items():
            for start, tier in TIERS.items():
                if name.startswith(start):
                    self._pids[tier].append(service.pid)
        self._idle: Cost = dict.fromkeys(TIERS.values(), 0.0)
        time.sleep(IDLE_S / 2)
        self._idle = {
            tier: spent / IDLE_S for tier, spent in self.spent(lambda: time.sleep(IDLE_S)).items()
        }

    def spent(self, work: Callable[[], object]) -> Cost:
        """Milliseconds each tier spent on `work`."""
        before, began = self._now(), time.monotonic()
        work()
        took, after = time.monotonic() - began, self._now()
        return {tier: after[tier] - before[tier] - took * self._idle[tier] for tier in after}

    def _now(self) -> Cost:
        return {tier: sum(map(_family_ms, pids)) for tier, pids in self._pids.items()}


def _family_ms(pid: int) -> float:
    total = 0.0
    for process in [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]:
        times = process.cpu_times()
        total += times.user + times.system + times.children_user + times.children_system
    return 1000 * total


@dataclass(frozen=True)
class Kind:
    """A kind of request: who sends it and what it is called in the scenario."""

    journey: str
    action: str

    def __str__(self) -> str:
        return f"{self.journey} {self.action}"


class Cast:
    """People of every journey, taking turns."""

    def __init__(self, running: Running, home: Path) -> None:
        scenario = catalogue.load("mixed")
        file = home / "load.json"
        people = {"seeker": {"any": SEEKERS}, "employer": {"any": EMPLOYERS}}
        data.export_load_data(running, people, 1, file)
        self.world = World.of(scenario, read_load_data(file), 1)
        chance = self.world.chance(0, "bench")
        loaded = self.world.data
        journeys: list[Journey] = [Visitor(self.world, chance) for _ in range(VISITORS)]
        journeys += [Seeker(self.world, chance, one) for one in loaded.seekers[:SEEKERS]]
        journeys += [Employer(self.world, chance, one) for one in loaded.employers[:EMPLOYERS]]
        self._people: dict[str, list[Person]] = defaultdict(list)
        for number, journey in enumerate(journeys):
            person = Person(running.base_url, source_address(number), journey)
            self._people[journey.name].append(person)
        self._turns: Counter[str] = Counter()

    def kinds(self) -> list[Kind]:
        """Every kind of request that the scenario weighs, and signing in both ways."""
        weighed = [
            Kind(name, action)
            for name, weights in self.world.scenario.journeys.items()
            for action in weights
            if name != "employer" or action not in self.world.scenario.journeys["seeker"]
        ]
        return [*weighed, Kind("seeker", "sign_in"), Kind("seeker", "refresh")]

    def send(self, kind: Kind) -> None:
        """One request of a kind, by whoever's turn it is."""
        people = self._people[kind.journey]
        person = people[self._turns[kind.journey] % len(people)]
        self._turns[kind.journey] += 1
        journey = person.journey
        if kind.action in ("sign_in", "refresh") and isinstance(journey, Member):
            person.send(journey.sign_in() if kind.action == "sign_in" else journey.refresh())
        else:
            person.send(journey.actions()[kind.action]())

    def mixed(self, chance: Random, number: int) -> list[Kind]:
        """A stretch of kinds as the scenario mixes them."""
        population = self.world.scenario.population
        names = chance.choices(list(population), list(population.values()), k=number)
        known = set(self.kinds())
        drawn = [Kind(name, self.world.actions[name].draw(chance)) for name in names]
        return [
            kind if kind in known else Kind("seeker", kind.action)  # an employer does it alike
            for kind in drawn
        ]


@dataclass(frozen=True)
class Figures:
    """Per kind and tier the median over the rounds; and the mixed stretch, both ways."""

    costs: dict[Kind, Cost]
    spreads: dict[Kind, tuple[float, float]]
    predicted_ms: float
    measured_ms: float
    bcrypt_ms: float


def measure() -> Figures:
    """Send every kind in blocks, then a mixed stretch."""
    chance = Random(1)
    with a_home() as home:
        running = engine.up(home, pods=2, replicas=2, bound=True)
        data.ensure_seeded(running, "small", 1, lambda line: None)
        cast = Cast(running, home)
        kinds = cast.kinds()
        for _ in range(2):  # everybody sees and has what the next step takes
            _send(cast, [kind for kind in kinds for _ in range(20)])
        meter = Meter(running)
        rounds: dict[Kind, list[Cost]] = defaultdict(list)
        stretches: list[tuple[list[Kind], Cost]] = []
        for _ in range(ROUNDS):
            for kind in chance.sample(kinds, len(kinds)):
                spent = meter.spent(lambda kind=kind: _send(cast, [kind] * IN_A_BLOCK))
                rounds[kind].append({tier: ms / IN_A_BLOCK for tier, ms in spent.items()})
            stretch = cast.mixed(chance, IN_THE_MIX // ROUNDS)
            spent = meter.spent(lambda stretch=stretch: _send(cast, stretch))
            stretches.append((stretch, spent))
    costs = {
        kind: {tier: median(cost[tier] for cost in found) for tier in found[0]}
        for kind, found in rounds.items()
    }
    means = {
        kind: sum(cost["pods"] for cost in found) / len(found) for kind, found in rounds.items()
    }
    pods = {kind: sorted(cost["pods"] for cost in found) for kind, found in rounds.items()}
    return Figures(
        costs,
        {kind: (values[0], values[-1]) for kind, values in pods.items()},
        sum(means[kind] for stretch, _ in stretches for kind in stretch),
        sum(spent["pods"] for _, spent in stretches),
        _bcrypt_ms(),
    )


def _send(cast: Cast, kinds: list[Kind]) -> None:
    for kind in kinds:
        cast.send(kind)


def _bcrypt_ms() -> float:
    hasher = BcryptHasher(rounds=10)
    hashed = hasher.hash("Bahamas-2026!")
    taken = []
    for _ in range(9):
        began = time.process_time()
        hasher.verify("Bahamas-2026!", hashed)
        taken.append(1000 * (time.process_time() - began))
    return median(taken)


def main() -> None:
    """Print the table."""
    found = measure()
    tiers = list(TIERS.values())
    print(
        f"{'CPU ms per request':<26}" + "".join(f"{tier:>11}" for tier in tiers) + "   pods from-to"
    )
    for kind, cost in sorted(found.costs.items(), key=lambda each: -each[1]["pods"]):
        low, high = found.spreads[kind]
        cells = "".join(f"{cost[tier]:>11.2f}" for tier in tiers)
        print(f"{kind!s:<26}{cells}   {low:.2f}-{high:.2f}")
    apart = found.predicted_ms / found.measured_ms - 1
    print(
        f"a mixed stretch of {IN_THE_MIX}: its parts add up to {found.predicted_ms:.0f} ms of the "
        f"pods, they spent {found.measured_ms:.0f} ms: {apart:+.1%} (target: within 5 %)"
    )
    login = found.costs[Kind("seeker", "sign_in")]
    print(
        f"sign-ins per vCPU and second: {1000 / login['pods']:.1f} by the pods' CPU; "
        f"bcrypt alone, {found.bcrypt_ms:.0f} ms, bounds them to {1000 / found.bcrypt_ms:.1f}"
    )


if __name__ == "__main__":
    main()
