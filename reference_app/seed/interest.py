"""Applications and saved jobs: who wants what, and how far it got."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from reference_app.seed.lines import DAY, NULL, generator, pick, slices, stamps
from reference_app.seed.people import People
from reference_app.seed.popularity import Floats, Ints, counts, distinct_partners
from reference_app.seed.vacancies import Jobs
from reference_app.seed.words import table

APPLICATION_COLUMNS = (
    "id",
    "job_id",
    "applicant_id",
    "cover_letter",
    "proposed_budget_cents",
    "status",
    "created_at",
    "updated_at",
)
SAVED_COLUMNS = ("user_id", "job_id", "created_at")

_MOST_SHARE = 0.25
"""No job draws more than this share of the seekers it could have."""
_EAGERNESS = 0.8
"""Spread (sigma of a lognormal) of how much one seeker applies compared with another."""
_WITHOUT_BUDGET = 48
_DECIDED_WITHIN_DAYS = 7


@dataclass(frozen=True, slots=True)
class Interest:
    """Pairs of `job` and `person` (positions), no pair twice, in the order of `created`."""

    job: Ints
    person: Ints
    created: Ints
    day: int
    seed: int


def plan_interest(purpose: str, total: int, people: People, jobs: Jobs, day: int) -> Interest:
    """`total` seekers' interests, by the jobs' appeal; `purpose` names their random numbers.

    Nobody wants a job before signing up, or before the job was published, or after it ended.
    """
    rng = generator(people.seed, purpose)
    eagerness = rng.lognormal(0.0, _EAGERNESS, len(people.seekers))
    signed_up = people.created[people.seekers]
    reach = np.maximum(np.searchsorted(signed_up, jobs.published), 1)
    wanted = counts(rng, total, jobs.appeal, (reach * _MOST_SHARE).astype(np.int64))
    job = np.repeat(np.arange(len(wanted)), wanted)
    seeker = distinct_partners(rng, job, reach[job], np.cumsum(eagerness))
    created = _when(rng, jobs.published[job], jobs.ended[job])
    order = np.argsort(created, kind="stable")
    return Interest(
        job=job[order],
        person=people.seekers[seeker][order],
        created=created[order],
        day=day,
        seed=people.seed,
    )


def _when(rng: np.random.Generator, start: Ints, end: Ints) -> Ints:
    """Moments between `start` and `end`, most of them soon after the start."""
    late: Floats = rng.random(len(start)) ** 1.5
    return start + ((end - start) * late).astype(np.int64)


def plan_outcomes(applications: Interest) -> Ints:
    """How far each application got: a position among the statuses in `applications.toml`."""
    rng = generator(applications.seed, "application outcomes")
    shares = np.array(list(table("applications")["statuses"].values()), dtype=np.float64)
    return rng.choice(len(shares), len(applications.job), p=shares / shares.sum())


def application_rows(applications: Interest, outcomes: Ints) -> Iterator[str]:
    """The applications' lines for COPY, numbered as they came."""
    rng = generator(applications.seed, "application texts")
    letters = _letters()
    budgets = [NULL] * _WITHOUT_BUDGET + [str(100 * dollars) for dollars in range(250, 1_050, 50)]
    statuses = list(table("applications")["statuses"])
    for part in slices(len(applications.job)):
        size = part.stop - part.start
        status = outcomes[part]
        made = applications.created[part]
        decided = made + np.where(status > 0, rng.integers(1, _DECIDED_WITHIN_DAYS * DAY, size), 0)
        columns = zip(
            range(part.start + 1, part.stop + 1),
            (applications.job[part] + 1).tolist(),
            (applications.person[part] + 1).tolist(),
            pick(rng, len(letters), size).tolist(),
            pick(rng, len(budgets), size).tolist(),
            status.tolist(),
            stamps(made),
            stamps(np.minimum(decided, applications.day - 1)),
            strict=True,
        )
        for n, job, person, letter, budget, state, since, changed in columns:
            yield (
                f"{n}\t{job}\t{person}\t{letters[letter]}\t{budgets[budget]}\t{statuses[state]}\t"
                f"{since}\t{changed}\n"
            )


def _letters() -> list[str]:
    words = table("applications")
    return [
        f"{opening} {middle} {closing}"
        for opening in words["openings"]
        for middle in words["middles"]
        for closing in words["closings"]
    ]


def saved_rows(saved: Interest) -> Iterator[str]:
    """The saved jobs' lines for COPY."""
    for part in slices(len(saved.job)):
        columns = zip(
            (saved.person[part] + 1).tolist(),
            (saved.job[part] + 1).tolist(),
            stamps(saved.created[part]),
            strict=True,
        )
        for person, job, since in columns:
            yield f"{person}\t{job}\t{since}\n"
