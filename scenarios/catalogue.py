"""The built-in scenarios: which there are, and what each of them says.

A scenario is a TOML file in `scenarios/data`. With `like = "other"` it is that
scenario except for what it says itself, table by table; a journey it says anything of
is that journey and no more.
"""

import tomllib
from collections.abc import Sequence
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from capacity.errors import UsageError
from scenarios.arrivals.kinds import TabledModel
from scenarios.errors import ScenarioError, UnknownScenarioError
from scenarios.population import Counts, Profile, accounts, expected

_DATA = Path(__file__).parent / "data"

JourneyName = Literal["visitor", "seeker", "employer"]
JOURNEYS: tuple[JourneyName, ...] = ("visitor", "seeker", "employer")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Think(_Part):
    """Time between an answer and the next request of the same person, in seconds."""

    mean_s: float = Field(gt=0)
    cap_s: float = Field(gt=0)

    @model_validator(mode="after")
    def _cap_above_mean(self) -> "Think":
        # above half the cap no exponential, however stretched, has such a mean
        if self.cap_s < 2.5 * self.mean_s:
            raise ValueError("cap_s must be at least 2.5 times mean_s")
        return self


class Long(_Part):
    """What is long, and how long it is warmed up for; see mixed.toml."""

    from_s: float = Field(gt=0)
    warmup_share: float = Field(ge=0, le=1)
    warmup_most_s: float = Field(gt=0)


class Session(_Part):
    """How sessions begin; see mixed.toml."""

    start_share: float = Field(ge=0, lt=1)
    password_share: float = Field(ge=0, le=1)
    socket_share: float = Field(ge=0, le=1)
    socket_returns: bool = False


class Popularity(_Part):
    """Zipf exponents."""

    jobs: float = Field(ge=0)
    companies: float = Field(ge=0)
    people: float = Field(ge=0)
    filters: float = Field(ge=0)


class Habits(_Part):
    """What one thing leads to another by; see mixed.toml."""

    click_share: float = Field(ge=0, le=1)
    take_back_share: float = Field(ge=0, le=1)


class Limits(_Part):
    """Timeouts in seconds."""

    connect_s: float = Field(gt=0)
    answer_s: float = Field(gt=0)
    finish_s: float = Field(gt=0)


class Scenario(_Part):
    """A load described by data: who comes, what they do, how often.

    Without `load` the `users` think between requests; with it arrivals come on its
    schedule, and `users` are the most people they are of. `profile` says whose accounts
    they have; without, see `scenarios.population`.
    """

    name: str
    description: str
    users: int = Field(gt=0)
    load: TabledModel | None = None
    warmup_s: float = Field(ge=0)
    duration_s: float = Field(gt=0)
    long: Long
    think: Think
    population: dict[JourneyName, float]
    profile: Profile | None = None
    session: Session
    popularity: Popularity
    habits: Habits
    limits: Limits
    journeys: dict[JourneyName, dict[str, float]]

    @model_validator(mode="after")
    def _whole(self) -> "Scenario":
        if abs(sum(self.population.values()) - 1) > 1e-9:
            raise ValueError("population: the shares must add up to 1")
        for journey in self.population:
            if not any(self.journeys.get(journey, {}).values()):
                raise ValueError(f"journeys.{journey}: no request has a weight")
        visitors = self.population.get("visitor", 0.0)
        if self.profile is not None and abs(self.profile.anonymous - visitors) > 1e-6:
            raise ValueError(
                f"profile: {self.profile.anonymous:g} are anonymous, but population says "
                f"{visitors:g} are visitors"
            )
        return self

    @cached_property
    def _shares(self) -> list[tuple[JourneyName, float]]:
        return [(name, self.population.get(name, 0.0)) for name in JOURNEYS]

    def cast(self, users: int) -> list[tuple[JourneyName, int]]:
        """Who each of `users` virtual users is: a journey, and which one of its kind.

        Every stretch of users holds the journeys in about their shares, so the
        first hundred of two thousand are as mixed as all.
        """
        counts = dict.fromkeys(JOURNEYS, 0)
        parts: list[tuple[JourneyName, int]] = []
        for number in range(users):
            # the one furthest behind its share comes next
            name = max(self._shares, key=lambda share: share[1] * (number + 1) - counts[share[0]])[
                0
            ]
            parts.append((name, counts[name]))
            counts[name] += 1
        return parts

    def warmup_for(self, duration_s: float) -> float:
        """The warm-up before `duration_s` are measured, in seconds: its own, or a long one's."""
        if duration_s < self.long.from_s:
            return self.warmup_s
        in_proportion = self.long.warmup_share * duration_s
        return max(self.warmup_s, min(in_proportion, self.long.warmup_most_s))

    @property
    def people(self) -> dict[str, float]:
        """Shares of its people by tier: see `scenarios.population.expected`."""
        visitors, seekers, employers = (share for _, share in self._shares)
        return expected(self.profile, visitors, seekers, employers)

    def accounts(self, users: int) -> dict[str, Counts]:
        """The accounts `users` virtual users need: see `scenarios.population.accounts`."""
        parts = [name for name, _ in self.cast(users)]
        return accounts(self.profile, parts.count("seeker"), parts.count("employer"))


def names() -> list[str]:
    """The built-in scenarios' names, sorted."""
    return sorted(path.stem for path in _DATA.glob("*.toml"))


def load(name: str) -> Scenario:
    """The built-in scenario called `name`.

    Raises `UnknownScenarioError` (with the nearest names) when there is none,
    `ScenarioError` when its file is wrong.
    """
    if name not in names():
        raise UnknownScenarioError(f"no scenario is called {name!r}; {_suggestion(name, names())}")
    try:
        return Scenario.model_validate({"name": name, **_document(name)})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ScenarioError(f"scenario {name}: {place or 'whole'}: {first['msg']}") from error


def varied(scenario: Scenario, said: dict[str, Any]) -> Scenario:
    """`scenario` except for what `said` says, table by table. Raises `ScenarioError` if wrong."""
    document = _laid_over(scenario.model_dump(), said)
    try:
        return Scenario.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise ScenarioError(f"scenario {document['name']}: {first['msg']}") from error


def peopled(scenario: Scenario, profile: Profile) -> Scenario:
    """`scenario` as people of `profile` play it: seekers and employers keep their proportion.

    Raises `UsageError` when nobody in it has an account.
    """
    anonymous = scenario.population.get("visitor", 0.0)
    if anonymous >= 1:
        raise UsageError(f"nobody signs in in scenario {scenario.name}: it has no tiers")
    scale = (1 - profile.anonymous) / (1 - anonymous)
    population = {name: share * scale for name, share in scenario.population.items()}
    population["visitor"] = profile.anonymous
    return varied(scenario, {"population": population, "profile": profile.model_dump()})


def _suggestion(name: str, known: Sequence[str]) -> str:
    near = get_close_matches(name, known, n=3, cutoff=0.5)
    if near:
        return f"did you mean {' or '.join(near)}?"
    return f"there are {', '.join(known)}"


def _document(name: str) -> dict[str, Any]:
    document = tomllib.loads((_DATA / f"{name}.toml").read_text(encoding="utf-8"))
    like = document.pop("like", None)
    if like is None:
        return document
    merged = _laid_over(_document(like), document)
    merged["journeys"] |= document.get("journeys", {})
    return merged


def _laid_over(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        under = merged.get(key)
        if isinstance(value, dict) and isinstance(under, dict):
            merged[key] = _laid_over(under, value)
        else:
            merged[key] = value
    return merged
