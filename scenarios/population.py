"""Whose accounts a load is sent with: shares of people who are anonymous, and of each tier.

A scenario's file may have a `[profile]`, and a person may give one in a file of their own.
Without, people who look for work have the blueprint's tiers (`population.toml`).
"""

import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from capacity.errors import UsageError
from capacity.evidence import Evidence
from capacity.nearest import nearest
from capacity.run import ANONYMOUS, Population

TIERS = ("free", "pro", "business", "enterprise")
ANY = "any"
"""In place of a tier: whichever the account has."""
_PUBLISH = ("business", "pro")
"""Tiers whose people publish jobs, those who employ most first."""
_FILE = Path(__file__).with_name("population.toml")

Counts = dict[str, int]
"""Tier, or `ANY` -> how many accounts of it."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Profile(_Part):
    """Shares of all the people of a load, which add up to 1."""

    anonymous: float = Field(default=0.0, ge=0, le=1)
    free: float = Field(default=0.0, ge=0, le=1)
    pro: float = Field(default=0.0, ge=0, le=1)
    business: float = Field(default=0.0, ge=0, le=1)
    enterprise: float = Field(default=0.0, ge=0, le=1)
    evidence: Evidence = Evidence.ASSUMED
    why: str = "as its file says"

    @model_validator(mode="before")
    @classmethod
    def _known(cls, said: Any) -> Any:
        known = tuple(cls.model_fields)
        for name in said if isinstance(said, Mapping) else ():
            if name not in known:
                raise ValueError(f"no tier is called {name!r}; {nearest(name, known)}")
        return said

    @model_validator(mode="after")
    def _whole(self) -> "Profile":
        total = self.anonymous + sum(self.tiers.values())
        if abs(total - 1) > 1e-6:
            raise ValueError(f"the shares must add up to 1, and they come to {total:.6g}")
        return self

    @property
    def tiers(self) -> dict[str, float]:
        """Tier -> its share of all people."""
        return {tier: getattr(self, tier) for tier in TIERS}


class _Usual(_Part):
    """The whole of `population.toml`; `seekers` in people."""

    evidence: Evidence
    why: str
    seekers: dict[str, float]


def read_profile(path: Path) -> Profile:
    """The profile in a person's file. Raises `UsageError`, one line, when it is not one."""
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8"))
        return Profile.model_validate(said)
    except OSError as error:
        raise UsageError(f"cannot read the population {path}: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        what = first["msg"].removeprefix("Value error, ")
        raise UsageError(f"population {path}: {place + ': ' if place else ''}{what}") from error
    except ValueError as error:
        raise UsageError(f"population {path} is not TOML: {error}") from error


@cache
def usual() -> _Usual:
    """What people who look for work pay for, when nobody says."""
    return _Usual.model_validate(tomllib.loads(_FILE.read_text(encoding="utf-8")))


def accounts(profile: Profile | None, seekers: int, employers: int) -> dict[str, Counts]:
    """The accounts that so many seekers and employers need: `seeker` and `employer` by tier.

    Of a profile employers have the Business accounts, and Pro ones when those do not suffice:
    Free has no room to publish. Raises `UsageError` when these are too few.
    """
    if profile is None:
        return {
            "seeker": _shared_out(usual().seekers, seekers),
            "employer": {ANY: employers} if employers else {},
        }
    left = Counter(_shared_out(profile.tiers, seekers + employers))
    publishing: Counter[str] = Counter()
    for tier in _PUBLISH:
        publishing[tier] = min(left[tier], employers - publishing.total())
    if publishing.total() < employers:
        raise UsageError(
            f"the population has {publishing.total()} Business and Pro accounts for "
            f"{employers} employers, who publish jobs: give those tiers a larger share, or "
            f"take a scenario with fewer employers"
        )
    return {"seeker": dict(left - publishing), "employer": dict(+publishing)}


def _shared_out(shares: Mapping[str, float], people: int) -> Counts:
    """`people` by `shares`, in whole numbers: largest remainders (Hamilton's method)."""
    whole = sum(shares.values())
    if not people or not whole:
        return {}
    due = {name: people * share / whole for name, share in shares.items()}
    counts = {name: int(exact + 1e-9) for name, exact in due.items()}
    behind = sorted(due, key=lambda name: counts[name] - due[name])
    for name in behind[: people - sum(counts.values())]:
        counts[name] += 1
    return {name: count for name, count in counts.items() if count}


def seen(profile: Profile | None, people: int, tiers: Sequence[str]) -> Population:
    """Who a load was sent as: `people` in all, of whom those with an account have `tiers`."""
    counts = Counter({ANONYMOUS: people - len(tiers)}) + Counter(tiers)
    evidence, why = rests_on(profile)
    shares = {name: counts[name] / people for name in (ANONYMOUS, *TIERS)}
    return Population(shares=shares, evidence=evidence, why=why)


def rests_on(profile: Profile | None) -> tuple[Evidence, str]:
    """What the shares rest on, and why they are so."""
    told = usual() if profile is None else profile
    return told.evidence, told.why


def expected(
    profile: Profile | None, visitors: float, seekers: float, employers: float
) -> dict[str, float]:
    """Shares of people by tier, from shares by what they do, before accounts are picked.

    Employers without a profile have Pro or Business: which is only known of the accounts.
    """
    if profile is not None:
        return {ANONYMOUS: profile.anonymous, **profile.tiers}
    shares = usual().seekers
    whole = sum(shares.values())
    by_tier = {tier: seekers * shares[tier] / whole for tier in TIERS}
    return {ANONYMOUS: visitors, **by_tier, ANY: employers}
