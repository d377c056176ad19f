"""What all virtual users of a run share: the data and how popular each part of it is."""

from collections import deque
from dataclasses import dataclass, field
from random import Random

from scenarios.catalogue import JourneyName, Scenario
from scenarios.chance import ThinkTimes, Weighted, zipf
from scenarios.load_data import LoadData

EMPLOYMENT_TYPES = ("full_time", "part_time", "contract", "temporary", "gig")
_PAGES_REMEMBERED = 256


@dataclass(frozen=True, slots=True)
class ListPage:
    """A page of the job list someone has seen, which has a next one."""

    query: dict[str, str | int]
    cursor: str
    ids: frozenset[int]


@dataclass(slots=True)
class World:
    """The load data, ready to be drawn from."""

    scenario: Scenario
    data: LoadData
    seed: int
    think: ThinkTimes
    jobs: Weighted[int]
    companies: Weighted[int]
    people: Weighted[int]
    searches: Weighted[str]
    islands: Weighted[str]
    categories: Weighted[str]
    actions: dict[JourneyName, Weighted[str]]
    pages: deque[ListPage] = field(default_factory=lambda: deque(maxlen=_PAGES_REMEMBERED))
    """Pages lately seen by anyone: where someone met in mid-session may be reading."""

    @classmethod
    def of(cls, scenario: Scenario, data: LoadData, seed: int) -> "World":
        """The world of one run."""
        popularity = scenario.popularity
        return cls(
            scenario=scenario,
            data=data,
            seed=seed,
            think=ThinkTimes(scenario.think.mean_s, scenario.think.cap_s),
            jobs=zipf(data.jobs, popularity.jobs),
            companies=zipf(data.companies, popularity.companies),
            people=zipf(data.people, popularity.people),
            searches=Weighted(
                [search.q for search in data.searches],
                (search.weight for search in data.searches),
            ),
            islands=zipf(data.islands, popularity.filters),
            categories=zipf(data.categories, popularity.filters),
            actions={
                name: Weighted(list(weights), weights.values())
                for name, weights in scenario.journeys.items()
            },
        )

    def chance(self, user: int, purpose: str) -> Random:
        """The generator of user number `user` for one purpose.

        Purposes have generators of their own, so that what a user does next does
        not depend on how often it waited.
        """
        return Random(f"{self.seed}/{user}/{purpose}")
