"""Views of jobs on the last days: the more, the more people apply for a job."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from reference_app.seed.lines import DAY, generator, stamps
from reference_app.seed.popularity import Ints
from reference_app.seed.vacancies import Jobs

COLUMNS = ("job_id", "day", "views")

_DAYS = 3
_PER_JOB_AND_DAY = 4


@dataclass(frozen=True, slots=True)
class JobViews:
    """`views` of each `job` (a position) on each day (seconds since 1970, its start)."""

    job: Ints
    day: Ints
    views: Ints


def plan_job_views(jobs: Jobs, day: int) -> JobViews:
    """The views of jobs open on the days before `day` (seconds since 1970)."""
    rng = generator(jobs.seed, "job views")
    expected = jobs.appeal * len(jobs.appeal) * _PER_JOB_AND_DAY
    found = []
    for start in (day - DAY * back for back in range(_DAYS, 0, -1)):
        shown = (jobs.published >= 0) & (jobs.published < start) & (jobs.ended > start)
        views = np.where(shown, rng.poisson(expected), 0)
        seen = np.flatnonzero(views)
        found.append((seen, np.full(len(seen), start), views[seen]))
    job, days, views = (np.concatenate(column) for column in zip(*found, strict=True))
    return JobViews(job=job, day=days, views=views)


def job_view_rows(seen: JobViews) -> Iterator[str]:
    """The views' lines for COPY."""
    for job, day, views in zip(
        seen.job.tolist(), stamps(seen.day), seen.views.tolist(), strict=True
    ):
        yield f"{job + 1}\t{day[:10]}\t{views}\n"
