"""The tiers as promised, and the months their use is counted in."""

import calendar
import hashlib
import hmac
import json
import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_app.subscriptions.entitlements import month_of
from reference_app.subscriptions.prices import Plan
from reference_app.subscriptions.reading_stripe import subscription_values
from reference_app.subscriptions.tiers import TERMS, Feature, Interval, Tier, upgrade_for
from tests.app.conftest import RunApp
from tests.app.life import Running

_FIRST = datetime(2024, 1, 1, tzinfo=UTC)
_MOMENTS = st.integers(0, 16 * 365 * 86_400).map(lambda s: _FIRST + timedelta(seconds=s))


def test_tiers_cost_and_allow_what_was_promised() -> None:
    limits = {
        tier: [
            terms.limits[feature]
            for feature in (
                Feature.MESSAGES,
                Feature.POSTS,
                Feature.CONNECTIONS,
                Feature.INMAIL,
                Feature.ACTIVE_JOBS,
                Feature.TEAM_SEATS,
            )
        ]
        for tier, terms in TERMS.items()
    }
    assert limits == {
        Tier.FREE: [10, 5, 100, 0, 1, 1],
        Tier.PRO: [None, None, None, 5, 5, 1],
        Tier.BUSINESS: [None, None, None, 50, None, 5],
        Tier.ENTERPRISE: [None, None, None, None, None, None],
    }
    prices = {tier: dict(terms.prices) for tier, terms in TERMS.items()}
    assert prices == {
        Tier.FREE: {},
        Tier.PRO: {"month": 999, "year": 9900},
        Tier.BUSINESS: {"month": 4999, "year": 49900},
        Tier.ENTERPRISE: {"month": 50000},
    }
    with_ads = [tier for tier, terms in TERMS.items() if Feature.NO_ADS not in terms.features]
    assert with_ads == [Tier.FREE]


def test_a_dearer_tier_never_allows_less() -> None:
    ordered = list(TERMS.values())
    for lower, higher in pairwise(ordered):
        assert lower.features <= higher.features
        for feature, limit in lower.limits.items():
            assert limit is None or higher.allows(feature, limit)


@pytest.mark.parametrize(
    ("tier", "feature", "wanted", "upgrade"),
    [
        (Tier.FREE, Feature.POSTS, 6, Tier.PRO),
        (Tier.FREE, Feature.ACTIVE_JOBS, 6, Tier.BUSINESS),
        (Tier.FREE, Feature.TEAM_SEATS, 2, Tier.BUSINESS),
        (Tier.PRO, Feature.INMAIL, 51, Tier.ENTERPRISE),
        (Tier.FREE, Feature.BULK_ACTIONS, 1, Tier.ENTERPRISE),
        (Tier.ENTERPRISE, Feature.INMAIL, 1_000_000, None),
    ],
)
def test_the_upgrade_is_the_cheapest_that_allows_it(
    tier: Tier, feature: Feature, wanted: int, upgrade: Tier | None
) -> None:
    assert upgrade_for(tier, feature, wanted) == upgrade


async def test_the_list_of_tiers_is_public_and_may_be_kept(app: Running) -> None:
    answer = await app.client.get("/subscriptions/tiers")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "public, max-age=3600"
    told = answer.json()
    assert [tier["tier"] for tier in told["tiers"]] == ["free", "pro", "business", "enterprise"]
    assert told["tiers"][1]["prices"] == {"month": 999, "year": 9900}
    assert told["tiers"][0]["limits"]["messages"] == 10
    assert told["tiers"][3]["limits"]["messages"] is None
    assert (told["currency"], told["trial_days"]) == ("usd", 7)


async def test_without_a_key_the_tiers_are_told_but_nothing_is_sold(app: Running) -> None:
    person = await app.person()
    for path in ("checkout", "portal", "cancel", "reactivate"):
        body = {"tier": "pro"} if path == "checkout" else None
        answer = await person.send("POST", f"/subscriptions/{path}", body)
        expected = {
            "checkout": (503, "billing_not_configured"),
            "portal": (409, "not_subscribed"),
            "cancel": (409, "not_subscribed"),
            "reactivate": (409, "not_subscribed"),
        }[path]
        assert (answer.status_code, answer.json()["code"]) == expected
    assert (await person.get("/subscriptions/me")).json()["tier"] == "free"


async def test_without_a_secret_no_event_is_taken_however_it_is_signed(run_app: RunApp) -> None:
    event = {"id": "evt_1", "object": "event", "type": "invoice.paid", "created": 1, "data": {}}
    body = json.dumps(event).encode()
    now = int(time.time())
    signed = hmac.new(b"", f"{now}.".encode() + body, hashlib.sha256).hexdigest()
    async with run_app(stripe_secret_key="sk_test_x", stripe_webhook_secret="") as app:
        answer = await app.client.post(
            "/subscriptions/webhook",
            content=body,
            headers={"stripe-signature": f"t={now},v1={signed}"},
        )
    assert (answer.status_code, answer.json()["code"]) == (404, "webhook_disabled")


@given(now=_MOMENTS)
def test_without_a_subscription_months_are_the_calendars(now: datetime) -> None:
    began, ends = month_of(None, now)
    assert began == datetime(now.year, now.month, 1, tzinfo=UTC)
    assert ends - began == timedelta(days=calendar.monthrange(now.year, now.month)[1])


@given(start=_MOMENTS, later=st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=800)))
def test_months_of_a_subscription_follow_each_other_without_a_gap(
    start: datetime, later: timedelta
) -> None:
    now = start + later
    began, ends = month_of(start, now)
    assert began <= now < ends
    assert timedelta(days=28) <= ends - began <= timedelta(days=31)
    assert began.time() == start.time()
    assert month_of(start, ends) == (ends, month_of(start, ends)[1])


def test_months_that_began_on_the_31st_end_on_the_last_day() -> None:
    start = datetime(2026, 1, 31, 12, tzinfo=UTC)
    began = [month_of(start, datetime(2026, month, 28, 13, tzinfo=UTC))[0] for month in (2, 3, 4)]
    assert [(moment.month, moment.day) for moment in began] == [(2, 28), (2, 28), (3, 31)]


def _told(**given: Any) -> dict[str, Any]:
    return {
        "id": "sub_1",
        "status": "active",
        "cancel_at_period_end": False,
        "trial_end": None,
        "canceled_at": None,
        "metadata": {},
        "items": {
            "data": [
                {"id": "si_1", "current_period_start": 1_000_000, "current_period_end": 2_000_000}
            ]
        },
        **given,
    }


_NOW = datetime(2026, 5, 1, tzinfo=UTC)
_WEEK = timedelta(days=7)


def _read(told: dict[str, Any], since: datetime | None = None) -> dict[str, Any]:
    plan = Plan(Tier.PRO, Interval.MONTH, 999)
    return subscription_values(told, plan, past_due_since=since, now=_NOW, grace=_WEEK)


def test_news_that_stay_out_do_not_give_a_tier_for_ever() -> None:
    ends = datetime.fromtimestamp(2_000_000, UTC)
    assert _read(_told())["entitled_until"] == ends + _WEEK
    assert _read(_told(cancel_at_period_end=True))["entitled_until"] == ends


def test_the_grace_runs_from_when_it_was_first_seen_unpaid() -> None:
    assert _read(_told(status="past_due"))["entitled_until"] == _NOW + _WEEK
    earlier = _NOW - timedelta(days=3)
    assert _read(_told(status="unpaid"), earlier)["entitled_until"] == earlier + _WEEK
    assert _read(_told(status="active"), earlier)["past_due_since"] is None


def test_a_tier_kept_for_the_period_ends_with_it() -> None:
    kept = {"keeps_tier": "business", "keeps_until": "2000000"}
    assert (_read(_told(metadata=kept))["tier"], _read(_told(metadata=kept))["next_tier"]) == (
        "business",
        "pro",
    )
    over = {"keeps_tier": "business", "keeps_until": "1000000"}
    assert (_read(_told(metadata=over))["tier"], _read(_told(metadata=over))["next_tier"]) == (
        "pro",
        None,
    )
