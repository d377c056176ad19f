"""Users: who they are, where, since when, and which of them employ."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from reference_app.catalogue import ISLANDS
from reference_app.seed.lines import DAY, NULL, generator, pick, slices, stamps
from reference_app.seed.popularity import Ints, power_law
from reference_app.seed.words import Scale, places, table, trades

COLUMNS = (
    "id",
    "email",
    "email_verified_at",
    "password_hash",
    "role",
    "full_name",
    "headline",
    "bio",
    "island",
    "skills",
    "available_since",
    "created_at",
    "updated_at",
)
_BOARD_AGE_DAYS = 900
_AVAILABLE = 0.12
"""The share of the seekers who are available for hire."""
_EMPLOYERS_SINCE_DAYS = 100
"""Employers signed up at least this long ago, before the oldest job."""


@dataclass(frozen=True, slots=True)
class People:
    """Users in the order they signed up; user id = position + 1.

    `created` is in seconds since 1970 and ascends; `owners` are the positions of
    the employers and `seekers` of all others, ascending.
    """

    created: Ints
    island: Ints
    owners: Ints
    seekers: Ints
    seed: int


def plan_people(scale: Scale, seed: int, day: int) -> People:
    """Who is on the board on `day` (seconds since 1970): as it grew, more signed up each day."""
    rng = generator(seed, "people")
    age = _BOARD_AGE_DAYS * DAY * (1 - np.sqrt(np.sort(rng.random(scale.users))))
    created = day - 1 - age.astype(np.int64)
    shares = np.array([place.share for place in places()], dtype=np.float64)
    settled = int(np.searchsorted(created, day - _EMPLOYERS_SINCE_DAYS * DAY))
    owners = np.sort(rng.choice(settled, scale.companies, replace=False))
    employs = np.zeros(scale.users, dtype=np.bool_)
    employs[owners] = True
    return People(
        created=created,
        island=rng.choice(len(shares), scale.users, p=shares / shares.sum()),
        owners=owners,
        seekers=np.flatnonzero(~employs),
        seed=seed,
    )


def user_rows(people: People, company_of: Mapping[int, str]) -> Iterator[str]:
    """The users' lines for COPY; `company_of` names each owner's company by position."""
    rng = generator(people.seed, "user names")
    words = table("people")
    hashes = words["password_hashes"]
    first, last = words["first_names"], words["surnames"]
    more = generator(people.seed, "skills")
    trained = [title.casefold() for trade in trades() for title in trade.titles]
    islands = list(ISLANDS)
    headlines = [
        form.format(title=title)
        for form in words["headlines"]
        for trade in trades()
        for title in trade.titles
    ]
    for part in slices(len(people.created)):
        size = part.stop - part.start
        columns = zip(
            range(part.start, part.stop),
            _by_rank(rng, first, size),
            _by_rank(rng, last, size),
            pick(rng, len(hashes), size).tolist(),
            pick(rng, len(headlines), size).tolist(),
            pick(rng, len(words["bios"]), size).tolist(),
            people.island[part].tolist(),
            pick(more, len(trained), size).tolist(),
            pick(more, len(trained), size).tolist(),
            more.random(size).tolist(),
            stamps(people.created[part]),
            strict=True,
        )
        for n, given, family, hashed, headline, bio, island, one, two, draw, since in columns:
            company = company_of.get(n)
            role = "seeker" if company is None else "employer"
            line = headlines[headline] if company is None else f"Owner of {company}"
            skills = f'{{"{trained[one]}","{trained[two]}"}}' if one != two else "{}"
            available = since if draw < _AVAILABLE and company is None else NULL
            yield (
                f"{n + 1}\tuser{n + 1}@example.com\t{since}\t{hashes[hashed]}\t{role}\t"
                f"{given} {family}\t{line}\t{words['bios'][bio]}\t{islands[island]}\t"
                f"{skills}\t{available}\t{since}\t{since}\n"
            )


def _by_rank(rng: np.random.Generator, names: list[str], size: int) -> list[str]:
    """`size` names, the first of the list the commonest."""
    drawn = rng.choice(len(names), size, p=power_law(len(names), exponent=0.7, shift=3))
    return [names[index] for index in drawn.tolist()]
