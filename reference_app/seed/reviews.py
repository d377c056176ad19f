"""Reviews: of companies by those who applied there, of workers by those who hired them."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from reference_app.seed.interest import Interest
from reference_app.seed.lines import NULL, generator, pick, slices, stamps
from reference_app.seed.popularity import Ints
from reference_app.seed.vacancies import Jobs
from reference_app.seed.words import Scale, table

COLUMNS = (
    "id",
    "author_id",
    "company_id",
    "worker_id",
    "stars",
    "body",
    "created_at",
    "updated_at",
)

_DECIDED = ("reviewed", "shortlisted", "rejected", "hired")
_STARS = (0.06, 0.08, 0.16, 0.34, 0.36)
"""How many of each number of stars, from one on: people mostly are kind."""
_OF_WORKERS = 0.5
"""The share of those hired whom their employer reviews."""


@dataclass(frozen=True, slots=True)
class Reviews:
    """Reviews in the order they were written; nobody reviews anyone twice.

    `author`, `company` and `worker` are positions, one of the two last -1;
    `created` is in seconds since 1970.
    """

    author: Ints
    company: Ints
    worker: Ints
    created: Ints
    seed: int


def plan_reviews(scale: Scale, jobs: Jobs, applied: Interest, outcome: Ints, day: int) -> Reviews:
    """About as many reviews of companies as asked for, and those of workers that were hired.

    `outcome` is how far each application got, a position among its statuses.
    """
    rng = generator(applied.seed, "reviews")
    statuses = list(table("applications")["statuses"])
    decided = np.flatnonzero(np.isin(outcome, [statuses.index(name) for name in _DECIDED]))
    chosen = rng.permutation(decided)[: scale.reviews]
    companies = jobs.company[applied.job[chosen]]
    of_companies = chosen[_first_of_each(applied.person[chosen], companies)]
    hired = np.flatnonzero(outcome == statuses.index("hired"))
    hired = hired[rng.random(len(hired)) < _OF_WORKERS]
    employers = jobs.employer[applied.job[hired]]
    of_workers = hired[_first_of_each(employers, applied.person[hired])]
    none = (np.full(len(of_companies), -1), np.full(len(of_workers), -1))
    author = np.concatenate([applied.person[of_companies], jobs.employer[applied.job[of_workers]]])
    company = np.concatenate([jobs.company[applied.job[of_companies]], none[1]])
    worker = np.concatenate([none[0], applied.person[of_workers]])
    begins = applied.created[np.concatenate([of_companies, of_workers])]
    created = begins + ((day - begins) * rng.random(len(begins))).astype(np.int64)
    order = np.argsort(created, kind="stable")
    return Reviews(author[order], company[order], worker[order], created[order], applied.seed)


def _first_of_each(one: Ints, other: Ints) -> Ints:
    """Positions of pairs, each pair once, in their order."""
    pairs = np.stack([one, other])
    return np.sort(np.unique(pairs, axis=1, return_index=True)[1]).astype(np.int64)


def review_rows(reviews: Reviews) -> Iterator[str]:
    """The reviews' lines for COPY, numbered as they were written."""
    rng = generator(reviews.seed, "review texts")
    words = table("reviews")
    companies, workers = words["of_companies"], words["of_workers"]
    for part in slices(len(reviews.created)):
        size = part.stop - part.start
        columns = zip(
            range(part.start + 1, part.stop + 1),
            (reviews.author[part] + 1).tolist(),
            reviews.company[part].tolist(),
            reviews.worker[part].tolist(),
            (rng.choice(len(_STARS), size, p=_STARS) + 1).tolist(),
            pick(rng, len(companies), size).tolist(),
            pick(rng, len(workers), size).tolist(),
            stamps(reviews.created[part]),
            strict=True,
        )
        for n, author, company, worker, stars, of_company, of_worker, since in columns:
            if worker < 0:
                subject, said = f"{company + 1}\t{NULL}", companies[of_company]
            else:
                subject, said = f"{NULL}\t{worker + 1}", workers[of_worker]
            yield f"{n}\t{author}\t{subject}\t{stars}\t{said}\t{since}\t{since}\n"
