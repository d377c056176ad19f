"""Who follows whom, and who is connected with whom."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from reference_app.seed.companies import Companies
from reference_app.seed.lines import generator, slices, stamps
from reference_app.seed.people import People
from reference_app.seed.popularity import Floats, Ints, counts, distinct_partners, power_law
from reference_app.seed.words import Scale

USER_FOLLOW_COLUMNS = ("follower_id", "user_id", "created_at")
COMPANY_FOLLOW_COLUMNS = ("follower_id", "company_id", "created_at")
CONNECTION_COLUMNS = (
    "id",
    "low_user_id",
    "high_user_id",
    "asked_by",
    "status",
    "created_at",
    "decided_at",
)
_MOST_SHARE = 0.2
"""Nobody is followed by more than this share of all."""
_STATUSES = {"accepted": 0.86, "pending": 0.11, "declined": 0.03}


@dataclass(frozen=True, slots=True)
class Follows:
    """Pairs of positions, no pair twice; `created` in seconds since 1970."""

    follower: Ints
    followed: Ints
    created: Ints


@dataclass(frozen=True, slots=True)
class Connections:
    """Pairs of positions in the order they were asked for; `low` < `high`, no pair twice.

    `asker` is one of the two, `status` a position among the statuses; `decided`
    is -1 while a request waits.
    """

    low: Ints
    high: Ints
    asker: Ints
    status: Ints
    created: Ints
    decided: Ints


def fame(people: People) -> Floats:
    """Each person's share of all followers: a power law over ranks unrelated to ids."""
    rng = generator(people.seed, "fame")
    total = len(people.created)
    return power_law(total, exponent=0.8, shift=5)[rng.permutation(total)]


def plan_user_follows(scale: Scale, people: People, day: int) -> Follows:
    """People who follow people, a few of them very many's choice; nobody follows themselves."""
    pairs = _follows("user follows", scale.user_follows, people, fame(people), people.created, day)
    others = pairs.follower != pairs.followed
    return Follows(pairs.follower[others], pairs.followed[others], pairs.created[others])


def plan_company_follows(scale: Scale, people: People, companies: Companies, day: int) -> Follows:
    """People who follow companies."""
    rng = generator(people.seed, "company fame")
    total = len(companies.created)
    known = power_law(total, exponent=0.8, shift=5)[rng.permutation(total)]
    return _follows("company follows", scale.company_follows, people, known, companies.created, day)


def plan_connections(scale: Scale, people: People, day: int) -> Connections:
    """Pairs of people; about as many as asked for, since some draws meet again."""
    rng = generator(people.seed, "connections")
    total = len(people.created)
    one, two = rng.integers(0, total, (2, scale.connections))
    keys = np.unique(np.minimum(one, two) * total + np.maximum(one, two))
    low, high = np.divmod(keys, total)
    low, high = low[low != high], high[low != high]
    created = _since(rng, np.maximum(people.created[low], people.created[high]), day)
    order = np.argsort(created, kind="stable")
    low, high, created = low[order], high[order], created[order]
    status = rng.choice(len(_STATUSES), len(low), p=list(_STATUSES.values()))
    decided = np.where(status == list(_STATUSES).index("pending"), -1, _since(rng, created, day))
    return Connections(
        low, high, np.where(rng.random(len(low)) < 0.5, low, high), status, created, decided
    )


def follow_rows(follows: Follows) -> Iterator[str]:
    """The follows' lines for COPY."""
    for part in slices(len(follows.created)):
        columns = zip(
            (follows.follower[part] + 1).tolist(),
            (follows.followed[part] + 1).tolist(),
            stamps(follows.created[part]),
            strict=True,
        )
        for follower, followed, since in columns:
            yield f"{follower}\t{followed}\t{since}\n"


def connection_rows(connections: Connections) -> Iterator[str]:
    """The connections' lines for COPY, numbered as they were asked for."""
    statuses = list(_STATUSES)
    for part in slices(len(connections.created)):
        columns = zip(
            range(part.start + 1, part.stop + 1),
            (connections.low[part] + 1).tolist(),
            (connections.high[part] + 1).tolist(),
            (connections.asker[part] + 1).tolist(),
            connections.status[part].tolist(),
            stamps(connections.created[part]),
            stamps(connections.decided[part]),
            strict=True,
        )
        for n, low, high, asker, status, since, decided in columns:
            yield f"{n}\t{low}\t{high}\t{asker}\t{statuses[status]}\t{since}\t{decided}\n"


def _follows(
    purpose: str, total: int, people: People, appeal: Floats, there_since: Ints, day: int
) -> Follows:
    rng = generator(people.seed, purpose)
    everyone = len(people.created)
    wanted = counts(rng, total, appeal, np.full(len(appeal), int(everyone * _MOST_SHARE)))
    followed = np.repeat(np.arange(len(wanted)), wanted)
    reach = np.full(total, everyone)
    follower = distinct_partners(rng, followed, reach, np.arange(1.0, everyone + 1))
    begins = np.maximum(people.created[follower], there_since[followed])
    return Follows(follower, followed, _since(rng, begins, day))


def _since(rng: np.random.Generator, start: Ints, day: int) -> Ints:
    """Moments between `start` and `day`, all as likely."""
    late = (rng.random(len(start)) * (day - start)).astype(np.int64)
    return np.asarray(start + late, dtype=np.int64)
