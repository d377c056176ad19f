"""Saved searches: some people have the board look out for work in a trade near them."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from reference_app.catalogue import CATEGORIES, ISLANDS
from reference_app.seed.lines import generator, slices, stamps
from reference_app.seed.people import People
from reference_app.seed.popularity import Ints
from reference_app.seed.words import trades

COLUMNS = (
    "id",
    "user_id",
    "name",
    "island",
    "category",
    "alerts",
    "created_at",
    "updated_at",
)

_WATCHING = 0.3
"""The share of the seekers who have saved a search."""
_ALERTS = 0.6


@dataclass(frozen=True, slots=True)
class Watches:
    """One search of each `person`, in the order of `created` (seconds since 1970).

    `person`, `island` and `category` are positions.
    """

    person: Ints
    island: Ints
    category: Ints
    alerts: np.typing.NDArray[np.bool_]
    created: Ints


def plan_watches(people: People, day: int) -> Watches:
    """Who looks out for what: on their own island, the commoner trades more often."""
    rng = generator(people.seed, "saved searches")
    person = people.seekers[rng.random(len(people.seekers)) < _WATCHING]
    weights = np.array([trade.weight for trade in trades()], dtype=np.float64)
    begins = people.created[person]
    created = begins + ((day - begins) * rng.random(len(person))).astype(np.int64)
    category = rng.choice(len(weights), len(person), p=weights / weights.sum())
    alerts = rng.random(len(person)) < _ALERTS
    order = np.argsort(created, kind="stable")
    return Watches(
        person[order],
        people.island[person][order],
        category[order],
        alerts[order],
        created[order],
    )


def watch_rows(watches: Watches) -> Iterator[str]:
    """The saved searches' lines for COPY, numbered as they were saved."""
    islands, categories = list(ISLANDS), list(CATEGORIES)
    for part in slices(len(watches.created)):
        columns = zip(
            range(part.start + 1, part.stop + 1),
            (watches.person[part] + 1).tolist(),
            watches.island[part].tolist(),
            watches.category[part].tolist(),
            watches.alerts[part].tolist(),
            stamps(watches.created[part]),
            strict=True,
        )
        for n, person, island, category, alerts, since in columns:
            where, trade = islands[island], categories[category]
            yield (
                f"{n}\t{person}\t{CATEGORIES[trade]} near me\t{where}\t{trade}\t"
                f"{'t' if alerts else 'f'}\t{since}\t{since}\n"
            )
