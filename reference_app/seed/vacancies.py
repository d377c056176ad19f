"""Jobs: what is offered, where, by whom, since when, and how sought after it is."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from reference_app.catalogue import CATEGORIES, ISLANDS
from reference_app.seed.companies import Companies
from reference_app.seed.lines import BREAK, DAY, NULL, generator, pick, slices, stamps
from reference_app.seed.popularity import Floats, Ints, power_law
from reference_app.seed.words import Scale, Trade, places, table, trades

COLUMNS = (
    "id",
    "company_id",
    "employer_id",
    "title",
    "description",
    "category",
    "island",
    "employment_type",
    "salary_min_cents",
    "salary_max_cents",
    "status",
    "published_at",
    "expires_at",
    "head_start_days",
    "announced_at",
    "created_at",
    "updated_at",
)
_OLDEST_DAYS = 80
_OPEN_AT_LEAST_DAYS = 30
"""Seeded data stays useful this long after its day before the first open job expires."""
_OPEN_AT_MOST_DAYS = 120
_EXPIRED = 0.03
_EXPIRY_STATUS = "expired"
"""What the board calls a published job past its end; comes after the statuses in `jobs.toml`."""
_OTHER_TRADE = 0.15
_OTHER_ISLAND = 0.08
_NO_SALARY = 0.15
_DUTIES, _REQUIREMENTS = 4, 3
_VARIANTS = 300


@dataclass(frozen=True, slots=True)
class Jobs:
    """Jobs in the order they were made; job id = position + 1.

    `company`, `trade`, `island` and `status` are positions; times are in seconds
    since 1970, -1 for none. `ended` is when the last application could come.
    `appeal` is each job's share of all applications: 0 for drafts, a power law
    over ranks that have nothing to do with ids for the rest.
    """

    company: Ints
    employer: Ints
    trade: Ints
    island: Ints
    status: Ints
    published: Ints
    expires: Ints
    created: Ints
    ended: Ints
    appeal: Floats
    seed: int


def plan_jobs(scale: Scale, companies: Companies, day: int) -> Jobs:
    """The jobs: every company has one, and large ones have many."""
    n = scale.jobs
    rng = generator(companies.seed, "jobs")
    extra = power_law(scale.companies, exponent=0.9, shift=10)
    company = np.concatenate(
        [
            np.arange(scale.companies),
            rng.permutation(scale.companies)[
                rng.choice(scale.companies, n - scale.companies, p=extra)
            ],
        ]
    )
    rng.shuffle(company)
    created = day - DAY // 2 - np.sort((rng.random(n) * _OLDEST_DAYS * DAY).astype(np.int64))[::-1]
    statuses = table("jobs")["statuses"]
    status = rng.choice(len(statuses), n, p=_shares(statuses))
    draft = status == list(statuses).index("draft")
    closed = status == list(statuses).index("closed")
    published = created + rng.integers(0, DAY // 2, n)
    open_days = rng.integers(_OPEN_AT_LEAST_DAYS, _OPEN_AT_MOST_DAYS, n)
    expires = day + open_days * DAY
    over = published + ((day - published) * rng.uniform(0.2, 0.95, n)).astype(np.int64)
    expired = ~draft & ~closed & (rng.random(n) < _EXPIRED)
    expires[expired] = over[expired]
    status[expired] = len(statuses)
    appeal = rng.permutation(power_law(n, exponent=0.8, shift=10))
    appeal[draft] = 0.0
    return Jobs(
        company=company,
        employer=companies.owner[company],
        trade=_mostly(rng, companies.trade[company], len(trades()), _OTHER_TRADE),
        island=_mostly(rng, companies.island[company], len(ISLANDS), _OTHER_ISLAND),
        status=status,
        published=np.where(draft, -1, published),
        expires=np.where(draft, -1, expires),
        created=created,
        ended=np.where(closed | expired, over, day - 1),
        appeal=appeal / appeal.sum(),
        seed=companies.seed,
    )


def _shares(weights: dict[str, int]) -> Floats:
    values = np.array(list(weights.values()), dtype=np.float64)
    return np.asarray(values / values.sum(), dtype=np.float64)


def _mostly(rng: np.random.Generator, usual: Ints, choices: int, otherwise: float) -> Ints:
    """`usual`, but any of the `choices` for a share of `otherwise`."""
    anything = pick(rng, choices, len(usual))
    return np.where(rng.random(len(usual)) < otherwise, anything, usual)


class _Phrases(NamedTuple):
    """One trade's paragraphs, put together once so that a job only picks."""

    duties: list[str]
    requirements: list[str]


def _phrases(rng: np.random.Generator, trade: Trade) -> _Phrases:
    heads = table("jobs")
    duties = [
        " ".join(rng.choice(trade.duties, _DUTIES, replace=False).tolist())
        for _ in range(_VARIANTS)
    ]
    requirements = [
        "; ".join(rng.choice(trade.requirements, _REQUIREMENTS, replace=False).tolist())
        for _ in range(_VARIANTS)
    ]
    return _Phrases(
        [f"{heads['duties_heading']} {text}" for text in duties],
        [f"{heads['requirements_heading']} {text}." for text in requirements],
    )


def job_rows(jobs: Jobs, head_starts: Ints) -> Iterator[str]:
    """The jobs' lines for COPY; `head_starts` are the days each person's tier gives their jobs."""
    rng = generator(jobs.seed, "job texts")
    phrases = [_phrases(rng, trade) for trade in trades()]
    statuses = [*table("jobs")["statuses"], _EXPIRY_STATUS]
    categories, islands = list(CATEGORIES), list(ISLANDS)
    for part in slices(len(jobs.company)):
        texts = _texts(rng, jobs, part, phrases)
        low, high = _salaries(rng, jobs.trade[part])
        created = stamps(jobs.created[part])
        published = stamps(jobs.published[part])
        columns = zip(
            range(part.start + 1, part.stop + 1),
            (jobs.company[part] + 1).tolist(),
            (jobs.employer[part] + 1).tolist(),
            texts,
            jobs.trade[part].tolist(),
            jobs.island[part].tolist(),
            _employment(rng, part.stop - part.start),
            low,
            high,
            jobs.status[part].tolist(),
            head_starts[jobs.employer[part]].tolist(),
            published,
            stamps(jobs.expires[part]),
            created,
            strict=True,
        )
        for n, company, owner, text, trade, island, kind, least, most, status, *rest in columns:
            days, shown, ends, made = rest
            # Nobody waits to hear of these any more, and drafts have no place yet.
            ahead = 0 if shown == NULL else days
            yield (
                f"{n}\t{company}\t{owner}\t{text}\t{categories[trade]}\t{islands[island]}\t{kind}\t"
                f"{least}\t{most}\t{statuses[status]}\t{shown}\t{ends}\t{ahead}\t{shown}\t{made}\t"
                f"{made if shown == NULL else shown}\n"
            )


def _employment(rng: np.random.Generator, size: int) -> list[str]:
    weights = table("jobs")["employment_types"]
    kinds = list(weights)
    return [kinds[index] for index in rng.choice(len(kinds), size, p=_shares(weights)).tolist()]


def _texts(
    rng: np.random.Generator, jobs: Jobs, part: slice, phrases: list[_Phrases]
) -> Iterator[str]:
    """Title, tab, description of each job of one stretch."""
    words = table("jobs")
    names = list(ISLANDS.values())
    size = part.stop - part.start
    draws = rng.random((size, 8))
    for trade, island, draw in zip(
        jobs.trade[part].tolist(), jobs.island[part].tolist(), draws.tolist(), strict=True
    ):
        settlement = _at(places()[island].settlements, draw[0])
        title = _at(words["titles"], draw[1]).format(
            title=_at(trades()[trade].titles, draw[2]), settlement=settlement
        )
        opening = _at(words["openings"], draw[3]).format(
            settlement=settlement, island=names[island]
        )
        duties, requirements = phrases[trade]
        yield (
            f"{title}\t{opening}{BREAK}{_at(duties, draw[4])}{BREAK}"
            f"{_at(requirements, draw[5])}{BREAK}{_at(words['offers'], draw[6])} "
            f"{_at(words['closings'], draw[7])}"
        )


def _at(choices: list[str], fraction: float) -> str:
    return choices[int(fraction * len(choices))]


def _salaries(rng: np.random.Generator, trade: Ints) -> tuple[list[str], list[str]]:
    """Least and most in cents a month, in whole ten dollars; both missing where none is named."""
    ranges = np.array([usual.salary for usual in trades()], dtype=np.float64)[trade] / 12
    floor, ceiling = ranges[:, 0], ranges[:, 1]
    least = floor + (ceiling - floor) * rng.beta(1.2, 3.0, len(trade))
    most = least * rng.uniform(1.05, 1.5, len(trade))
    silent = rng.random(len(trade)) < _NO_SALARY
    return _cents(least, silent), _cents(most, silent)


def _cents(dollars: Floats, missing: np.typing.NDArray[np.bool_]) -> list[str]:
    cents = (dollars // 10 * 1_000).astype(np.int64).astype(str)
    spelled: list[str] = np.where(missing, NULL, cents).tolist()
    return spelled
