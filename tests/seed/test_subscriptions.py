"""Who subscribes in the seeded data."""

from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pytest

from reference_app.seed.companies import plan_companies
from reference_app.seed.people import People, plan_people
from reference_app.seed.subscriptions import Subscriptions, plan_subscriptions
from reference_app.seed.vacancies import Jobs, plan_jobs
from reference_app.seed.words import scale

_DAY = date(2026, 3, 2)
_NOW = int(datetime(2026, 3, 2, tzinfo=UTC).timestamp())


@pytest.fixture(scope="module")
def planned() -> tuple[People, Jobs, Subscriptions]:
    size = scale("medium")
    people = plan_people(size, 5, _NOW)
    jobs = plan_jobs(size, plan_companies(size, people, _NOW), _NOW)
    return people, jobs, plan_subscriptions(people, jobs, _NOW)


def _tiers(planned: tuple[People, Jobs, Subscriptions]) -> dict[int, str]:
    _, _, paying = planned
    pairs = zip(paying.person.tolist(), paying.tier.tolist(), strict=True)
    return {person: paying.tiers[tier] for person, tier in pairs}


def test_seekers_pay_in_the_blueprints_shares(planned: tuple[People, Jobs, Subscriptions]) -> None:
    people, _, _ = planned
    tier_of = _tiers(planned)
    held = [tier_of.get(seeker, "free") for seeker in people.seekers.tolist()]
    counted = {tier: held.count(tier) for tier in ("pro", "business", "enterprise")}
    assert counted == {"pro": 1_000, "business": 25, "enterprise": 1}


def test_employers_have_room_for_the_jobs_they_have_and_more(
    planned: tuple[People, Jobs, Subscriptions],
) -> None:
    people, jobs, _ = planned
    tier_of = _tiers(planned)
    offered = np.bincount(jobs.employer, minlength=len(people.created))
    for owner in people.owners.tolist():
        assert tier_of[owner] == ("pro" if offered[owner] == 1 else "business")


def test_nobody_subscribes_before_signing_up_and_the_day_lies_in_the_month(
    planned: tuple[People, Jobs, Subscriptions],
) -> None:
    people, _, paying = planned
    assert (people.created[paying.person] <= paying.since).all()
    assert (paying.since <= paying.period).all()
    assert (paying.period <= _NOW).all()
    assert (paying.period > _NOW - 31 * 86_400).all()


def test_loaded_they_count_and_never_run_out(loaded: Any) -> None:
    assert loaded.value(
        "SELECT bool_and(status = 'active' AND entitled_until IS NULL"
        " AND stripe_subscription_id IS NULL) FROM subscriptions"
    )
    assert (
        loaded.value(
            "SELECT count(*) FROM users u LEFT JOIN subscriptions s ON s.user_id = u.id"
            " WHERE u.role = 'employer' AND s.id IS NULL"
        )
        == 0
    )
