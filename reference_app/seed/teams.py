"""Members of companies: employers who act for another's company, where its tier has seats."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from reference_app.seed.companies import Companies
from reference_app.seed.lines import generator, stamps
from reference_app.seed.people import People
from reference_app.seed.popularity import Ints
from reference_app.seed.subscriptions import Subscriptions

COLUMNS = ("id", "company_id", "user_id", "role", "created_at")

_TEAM_TIER = "business"
_MOST = 3
"""Members of one company: one fewer than the tier has seats for beside the owner."""
_MANAGERS = 0.3


@dataclass(frozen=True, slots=True)
class Members:
    """Members in the order they joined; `company` and `person` are positions, no pair twice."""

    company: Ints
    person: Ints
    manager: np.typing.NDArray[np.bool_]
    created: Ints


def plan_members(
    people: People, companies: Companies, subscriptions: Subscriptions, day: int
) -> Members:
    """Up to three members of each company whose owner pays for a team."""
    rng = generator(people.seed, "teams")
    total = len(companies.owner)
    paying = subscriptions.person[subscriptions.tier == subscriptions.tiers.index(_TEAM_TIER)]
    with_team = np.flatnonzero(np.isin(companies.owner, paying))
    many = rng.integers(0, _MOST + 1, len(with_team))
    company = np.repeat(with_team, many)
    nth = np.arange(len(company)) - np.repeat(np.cumsum(many) - many, many)
    # The next few owners from somewhere on: never the company's own, and no one twice.
    shift = np.repeat(rng.integers(1, total - _MOST, len(with_team)), many)
    person = companies.owner[(company + shift + nth) % total]
    begins = np.maximum(companies.created[company], people.created[person])
    created = begins + (rng.random(len(company)) * (day - begins)).astype(np.int64)
    order = np.argsort(created, kind="stable")
    return Members(
        company=company[order],
        person=person[order],
        manager=rng.random(len(company)) < _MANAGERS,
        created=created[order],
    )


def member_rows(members: Members) -> Iterator[str]:
    """The members' lines for COPY, numbered as they joined."""
    columns = zip(
        (members.company + 1).tolist(),
        (members.person + 1).tolist(),
        members.manager.tolist(),
        stamps(members.created),
        strict=True,
    )
    for n, (company, person, manager, since) in enumerate(columns, start=1):
        yield f"{n}\t{company}\t{person}\t{'manager' if manager else 'recruiter'}\t{since}\n"
