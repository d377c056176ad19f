"""Companies: one for each employer, in a trade, on its owner's island."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from reference_app.catalogue import ISLANDS
from reference_app.seed.lines import DAY, NULL, generator, pick, stamps
from reference_app.seed.people import People
from reference_app.seed.popularity import Ints
from reference_app.seed.words import Scale, places, table, trades

COLUMNS = (
    "id",
    "owner_id",
    "name",
    "description",
    "island",
    "website",
    "created_at",
    "updated_at",
)
_SINCE_DAYS = 95
"""Companies are at least this old: between their owner's sign-up and the oldest job."""
_FOUNDED = (1962, 2024)
_WITHOUT_WEBSITE = 0.6


@dataclass(frozen=True, slots=True)
class Companies:
    """Companies in the order they were made; company id = position + 1.

    `owner` is a position among the people, `trade` among the trades, `island`
    among the islands; `created` in seconds since 1970.
    """

    owner: Ints
    trade: Ints
    island: Ints
    created: Ints
    names: list[str]
    seed: int


def plan_companies(scale: Scale, people: People, day: int) -> Companies:
    """The companies of the people who employ."""
    rng = generator(people.seed, "companies")
    signed_up = people.created[people.owners]
    wait = rng.random(scale.companies) * (day - _SINCE_DAYS * DAY - signed_up)
    order = np.argsort(signed_up + wait.astype(np.int64), kind="stable")
    owner = people.owners[order]
    weights = np.array([trade.weight for trade in trades()], dtype=np.float64)
    trade = rng.choice(len(weights), scale.companies, p=weights / weights.sum())
    island = people.island[owner]
    return Companies(
        owner=owner,
        trade=trade,
        island=island,
        created=(signed_up + wait.astype(np.int64))[order],
        names=_names(rng, trade, island),
        seed=people.seed,
    )


def _names(rng: np.random.Generator, trade: Ints, island: Ints) -> list[str]:
    words = table("people")
    names = []
    for trade_index, island_index in zip(trade.tolist(), island.tolist(), strict=True):
        pattern = _one(rng, trades()[trade_index].company)
        names.append(
            pattern.format(
                surname=_one(rng, words["surnames"]),
                word=_one(rng, words["words"]),
                settlement=_one(rng, places()[island_index].settlements),
                saint=_one(rng, words["saints"]),
            )
        )
    return names


def _one(rng: np.random.Generator, choices: list[str]) -> str:
    return choices[int(rng.integers(len(choices)))]


def company_rows(companies: Companies) -> Iterator[str]:
    """The companies' lines for COPY."""
    rng = generator(companies.seed, "company texts")
    size = len(companies.names)
    lines = table("people")["company_lines"]
    slugs, islands = list(ISLANDS), list(ISLANDS.values())
    columns = zip(
        range(size),
        companies.names,
        companies.owner.tolist(),
        companies.island.tolist(),
        pick(rng, len(lines), size).tolist(),
        rng.integers(*_FOUNDED, size).tolist(),
        (rng.random(size) < _WITHOUT_WEBSITE).tolist(),
        stamps(companies.created),
        strict=True,
    )
    for n, name, owner, island, line, year, unlisted, since in columns:
        settlement = _one(rng, places()[island].settlements)
        about = lines[line].format(year=year, settlement=settlement, island=islands[island])
        website = NULL if unlisted else f"https://company{n + 1}.example.com"
        yield (
            f"{n + 1}\t{owner + 1}\t{name}\t{about}\t{slugs[island]}\t{website}\t{since}\t{since}\n"
        )
