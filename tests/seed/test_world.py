"""The plan: repeatable, and without contradictions in time."""

from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pytest

from reference_app.seed.companies import plan_companies
from reference_app.seed.interest import plan_interest
from reference_app.seed.lines import DAY, blocks
from reference_app.seed.people import plan_people
from reference_app.seed.vacancies import plan_jobs
from reference_app.seed.words import scale, table
from reference_app.seed.world import plan

_DAY = date(2026, 3, 2)
_NOW = int(datetime(2026, 3, 2, tzinfo=UTC).timestamp())


def _content(seed: int, day: date = _DAY) -> dict[str, bytes]:
    return {
        each.name: b"".join(block for _, block in blocks(each.rows()))
        for each in plan(scale("small"), seed, day)
    }


def test_the_same_seed_and_day_give_the_same_bytes() -> None:
    assert _content(7) == _content(7)


# Numbers of likes are of no day.
@pytest.mark.parametrize(
    ("other", "same"), [((8, _DAY), []), ((7, date(2026, 3, 3)), ["post_tallies"])]
)
def test_another_seed_or_day_changes_every_table(other: tuple[int, date], same: list[str]) -> None:
    first, second = _content(7), _content(*other)
    assert first.keys() == second.keys()
    assert [name for name in first if first[name] == second[name]] == same


def test_each_table_has_the_rows_and_columns_it_announces() -> None:
    for each in plan(scale("small"), 1, _DAY):
        lines = b"".join(block for _, block in blocks(each.rows())).decode().splitlines()
        assert len(lines) == each.size
        assert {line.count("\t") + 1 for line in lines} == {len(each.columns)}


@pytest.fixture(scope="module")
def board() -> dict[str, Any]:
    size = scale("small")
    people = plan_people(size, 5, _NOW)
    companies = plan_companies(size, people, _NOW)
    jobs = plan_jobs(size, companies, _NOW)
    applied = plan_interest("applications", size.applications, people, jobs, _NOW)
    return {"people": people, "companies": companies, "jobs": jobs, "applied": applied}


def test_nobody_applies_before_signing_up_or_outside_the_jobs_time(board: dict[str, Any]) -> None:
    jobs, applied, people = board["jobs"], board["applied"], board["people"]
    assert (applied.created >= jobs.published[applied.job]).all()
    assert (applied.created <= jobs.ended[applied.job]).all()
    assert (people.created[applied.person] <= applied.created).all()
    assert (jobs.published[applied.job] > 0).all()
    assert (np.diff(applied.created) >= 0).all()


def test_companies_come_after_their_owners_and_before_their_jobs(board: dict[str, Any]) -> None:
    people, companies, jobs = board["people"], board["companies"], board["jobs"]
    assert (companies.created >= people.created[companies.owner]).all()
    assert (jobs.created >= companies.created[jobs.company]).all()
    assert len(np.unique(companies.owner)) == len(companies.owner)


def test_only_seekers_apply(board: dict[str, Any]) -> None:
    assert not np.isin(board["applied"].person, board["people"].owners).any()


def test_nothing_is_newer_than_the_day(board: dict[str, Any]) -> None:
    for name in ("people", "companies", "jobs", "applied"):
        assert board[name].created.max() < _NOW
    assert board["jobs"].published.max() < _NOW


def test_open_jobs_stay_open_for_a_month(board: dict[str, Any]) -> None:
    jobs = board["jobs"]
    published = jobs.status == list(table("jobs")["statuses"]).index("published")
    in_a_month = published & (jobs.expires >= _NOW + 30 * DAY)
    assert in_a_month.sum() > 0.95 * published.sum()
    assert published.sum() > 0.8 * len(jobs.status)


def test_the_order_of_ids_says_nothing_about_popularity(board: dict[str, Any]) -> None:
    appeal = board["jobs"].appeal
    ranks = np.argsort(np.argsort(appeal))
    correlation = np.corrcoef(np.arange(len(ranks)), ranks)[0, 1]
    assert abs(correlation) < 0.05
