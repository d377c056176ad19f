"""What is shown and clicked is counted once, over all workers, and budgets hold."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import REGISTRY

from reference_app.advertising import booking, statistics_sql
from reference_app.advertising.booking import BATCH, book
from reference_app.advertising.impressions import Signer
from reference_app.advertising.models import Audience
from reference_app.advertising.tally import PENDING
from tests.app.admins import administrator
from tests.app.campaigns import TARGET, asked, path_of, started
from tests.app.conftest import RunApp
from tests.app.cuttable import wire_to
from tests.app.life import Running, problem
from tests.app.rows import execute


async def booked(*apps: Running) -> None:
    """Have everything that was counted in the statistics."""
    store = apps[0].board.store
    for app in apps:
        await app.board.ads.tally.share()
    while await store.run(lambda redis: redis.exists(PENDING, BATCH)):
        await book(apps[0].board.database, store)
    await book(apps[0].board.database, store)


def sums(app: Running) -> dict[str, int]:
    """All that the statistics say."""
    asked_for = {
        "impressions": "SELECT sum(impressions) FROM campaign_days",
        "clicks": "SELECT sum(clicks) FROM campaign_days",
        "free": "SELECT sum(impressions) FROM ad_audience_days WHERE audience = 'free'",
        "anonymous": "SELECT sum(impressions) FROM ad_audience_days WHERE audience = 'anonymous'",
        "people": "SELECT sum(people) FROM ad_audience_days",
    }
    return {name: int(execute(app, query)[0] or 0) for name, query in asked_for.items()}


def lost(kind: str) -> float:
    return REGISTRY.get_sample_value("ad_counts_lost_total", {"kind": kind}) or 0.0


async def test_two_workers_add_up_exactly(run_app: RunApp) -> None:
    async with run_app() as one, run_app() as two:
        owner, admin = await one.employer(), await administrator(one)
        for title in ("First", "Second"):
            await started(owner, admin, title=title)
        people = [await one.person() for _ in range(5)]
        for _ in range(4):
            answers = await asyncio.gather(
                *(
                    person.through(app).get("/ads?placement=jobs")
                    for person in people
                    for app in (one, two)
                ),
                *(asked(app) for app in (one, two) for _ in range(7)),
                *(app.board.ads.tally.share() for app in (one, two)),
                book(one.board.database, one.board.store),
                book(two.board.database, two.board.store),
            )
            assert {each.status_code for each in answers[:24] if each is not None} == {200}
        clicks = [path_of(await asked(app)) for app in (one, two) for _ in range(3)]
        for click in clicks:
            await two.client.get(click)
        await booked(one, two)
        assert sums(one) == {
            "impressions": 4 * 24 + 6,
            "clicks": 6,
            "free": 40,
            "anonymous": 4 * 14 + 6,
            "people": 5,
        }


async def test_a_hundred_clicks_on_one_impression_count_once(run_app: RunApp) -> None:
    async with run_app() as one, run_app() as two:
        owner, admin = await one.employer(), await administrator(one)
        campaign_id = await started(owner, admin)
        click = path_of(await asked(one))
        answers = await asyncio.gather(
            *(app.client.get(click) for app in (one, two) for _ in range(50))
        )
        assert {answer.status_code for answer in answers} == {303}
        assert {answer.headers["location"] for answer in answers} == {TARGET}
        assert {answer.headers["cache-control"] for answer in answers} == {"no-store"}
        await booked(one, two)
        assert sums(one)["clicks"] == 1
        own = (await owner.get(f"/campaigns/{campaign_id}/statistics")).json()
        assert (own["impressions"], own["clicks"], own["click_rate"]) == (1, 1, 1.0)
        assert own["cost_cents"] == 0  # of 200 cents for a thousand
        assert [(day["impressions"], day["clicks"]) for day in own["days"]] == [(1, 1)]


async def test_a_batch_left_behind_is_booked_once(app: Running) -> None:
    owner, admin = await app.employer(), await administrator(app)
    await started(owner, admin)
    database, store = app.board.database, app.board.store
    await asked(app)
    await app.board.ads.tally.share()
    # Whoever set it aside died before writing anything.
    assert await booking.set_aside(store) is not None
    await asked(app)
    await booked(app)
    assert sums(app)["impressions"] == 2
    # Whoever wrote it died before telling Redis.
    await asked(app)
    await app.board.ads.tally.share()
    await booking.set_aside(store)
    batch: Any = await store.run(lambda redis: redis.hgetall(BATCH))
    await book(database, store)
    await store.run(lambda redis: redis.hset(BATCH, mapping=batch))
    await booked(app)
    assert sums(app) == {"impressions": 3, "clicks": 0, "free": 0, "anonymous": 3, "people": 0}


async def test_a_booking_that_fails_books_nothing_and_is_done_again(
    app: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, admin = await app.employer(), await administrator(app)
    await started(owner, admin)
    await asked(app)
    await app.board.ads.tally.share()

    async def breaks(*_: object) -> None:
        raise KeyError("shelf")

    with monkeypatch.context() as patched:
        patched.setattr(statistics_sql, "add_to_audiences", breaks)
        with pytest.raises(KeyError):
            await book(app.board.database, app.board.store)
    assert sums(app)["impressions"] == 0
    await booked(app)
    assert (sums(app)["impressions"], sums(app)["anonymous"]) == (1, 1)


async def test_many_who_book_together_book_once(app: Running) -> None:
    owner, admin = await app.employer(), await administrator(app)
    await started(owner, admin)
    for _ in range(20):
        await asked(app)
    await app.board.ads.tally.share()
    await asyncio.gather(*(book(app.board.database, app.board.store) for _ in range(8)))
    await booked(app)
    assert sums(app)["impressions"] == 20


async def test_a_campaign_that_is_gone_does_not_stop_the_others(app: Running) -> None:
    owner, admin = await app.employer(), await administrator(app)
    gone = await started(owner, admin, title="Gone", placement="feed")
    await started(owner, admin, title="There", placement="jobs")
    await asked(app, "placement=feed")
    await asked(app)
    execute(app, "DELETE FROM campaigns WHERE id = %s", gone)
    await booked(app)
    assert (sums(app)["impressions"], sums(app)["anonymous"]) == (1, 2)


async def test_a_budget_holds_over_workers_who_have_heard_of_each_other(
    run_app: RunApp,
) -> None:
    async with run_app() as one, run_app() as two:
        owner, admin = await one.employer(), await administrator(one)
        await started(owner, admin, daily_impressions=10)
        for _ in range(6):
            assert (await asked(one)).status_code == 200
        assert (await asked(two)).status_code == 200
        for app in (one, two, one):
            await app.board.ads.tally.share()
        answers = [await asked(two) for _ in range(6)]
        assert [answer.status_code for answer in answers] == [200] * 3 + [204] * 3
        # Also when Redis has lost its memory: then the database says what was shown.
        await booked(one, two)
        await one.board.store.run(lambda redis: redis.flushall())
        async with run_app() as three:
            assert (await asked(three)).status_code == 204


async def test_the_whole_budget_counts_the_days_before(app: Running) -> None:
    owner, admin = await app.employer(), await administrator(app)
    campaign_id = await started(owner, admin, daily_impressions=10, total_impressions=10)
    execute(
        app,
        "INSERT INTO campaign_days (campaign_id, day, impressions)"
        " VALUES (%s, current_date - 1, 7)",
        campaign_id,
    )
    answers = [await asked(app) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200] * 3 + [204] * 2


async def test_without_redis_requests_are_answered_and_counts_known_to_be_lost(
    run_app: RunApp, app_servers: dict[str, str]
) -> None:
    async with (
        wire_to(app_servers["REDIS_URL"]) as (wire, url),
        run_app(redis_url=url) as app,
    ):
        owner, admin = await app.employer(), await administrator(app)
        await started(owner, admin, daily_impressions=5)
        before = {kind: lost(kind) for kind in ("impressions", "clicks")}
        await app.board.ads.tally.share()
        await wire.cut()
        person = await app.person()
        shown = [await asked(app), await asked(app), await person.get("/ads?placement=jobs")]
        assert {answer.status_code for answer in shown} == {200}
        clicked = await app.client.get(path_of(shown[0]))
        assert (clicked.status_code, clicked.headers["location"]) == (303, TARGET)
        await app.board.ads.tally.share()
        assert {kind: lost(kind) - many for kind, many in before.items()} == {
            "impressions": 3,
            "clicks": 1,
        }
        # A worker alone keeps to the budget all the same.
        answers = [await asked(app) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 204, 204]


async def test_figures_say_what_was_measured_and_what_is_assumed(run_app: RunApp) -> None:
    async with run_app(ads_assumed_cpm_cents=150) as app:
        owner, admin = await app.employer(), await administrator(app)
        await started(owner, admin)
        nothing = (await admin.get("/admin/advertising/statistics")).json()
        assert nothing["days"] == []
        assert nothing["figures"]["impressions_per_free_user_day"] == {
            "value": None,
            "evidence": "measured",
        }
        for _ in range(2):
            person = await app.person()
            for _ in range(3):
                await person.get("/ads?placement=jobs")
        # Was there, though none was shown.
        await (await app.person()).get("/ads?placement=jobs", expect=200)
        for _ in range(3):
            await asked(app)
        await app.client.get(path_of(await person.get("/ads?placement=feed")))
        await booked(app)
        told = (await admin.get("/admin/advertising/statistics?days=1")).json()
        figures = told["figures"]
        assert {name: each["value"] for name, each in figures.items()} == {
            "impressions_free": 8,
            "clicks_free": 1,
            "free_user_days": 3,
            "impressions_per_free_user_day": pytest.approx(8 / 3),
            "impressions_anonymous": 3,
            "clicks_anonymous": 0,
            "assumed_cpm_cents": 150,
            "revenue_cents": pytest.approx(11 * 0.15),
            "revenue_per_free_user_day_cents": pytest.approx(8 / 3 * 0.15),
        }
        assumed = {name for name, each in figures.items() if each["evidence"] == "assumed"}
        assert assumed == {
            "assumed_cpm_cents",
            "revenue_cents",
            "revenue_per_free_user_day_cents",
        }
        assert [(day["audience"], day["impressions"], day["people"]) for day in told["days"]] == [
            ("anonymous", 3, None),
            ("free", 8, 3),
        ]


async def test_yesterdays_counts_are_yesterdays(app: Running) -> None:
    owner, admin = await app.employer(), await administrator(app)
    campaign_id = await started(owner, admin, daily_impressions=2)
    tally = app.board.ads.tally
    clock, tally._clock = tally._clock, lambda: clock() - 24 * 3_600
    for _ in range(2):
        tally.show(campaign_id, Audience.ANONYMOUS)
    assert tally.shown_today(campaign_id) == 2
    tally._clock = clock
    assert tally.shown_today(campaign_id) == 0
    assert [(await asked(app)).status_code for _ in range(3)] == [200, 200, 204]
    await booked(app)
    days = execute(app, "SELECT current_date - day FROM campaign_days ORDER BY day")
    assert days == [1, 0]
    assert sums(app)["impressions"] == 4


@given(
    campaign_id=st.integers(1, 2**63 - 1),
    audience=st.sampled_from(Audience),
    place=st.integers(0, 49),
    letter=st.sampled_from("AZaz09-_"),
)
def test_a_token_says_what_was_signed_and_nothing_else(
    campaign_id: int, audience: Audience, place: int, letter: str
) -> None:
    now = 1_000_000.0
    signer = Signer("a secret", 60, clock=lambda: now)
    token = signer.mint(campaign_id, audience)
    read = signer.read(token)
    assert read is not None
    assert (read.campaign_id, read.audience, read.expires_at) == (campaign_id, audience, 1_000_060)
    assert Signer("another secret", 60, clock=lambda: now).read(token) is None
    forged = signer.read(token[:place] + letter + token[place + 1 :])
    # The last letter has bits that mean nothing; the impression stays the same one.
    assert forged is None or forged == read
    now += 60
    assert signer.read(token) is None


@pytest.mark.parametrize("token", ["x", "A" * 50, "A" * 64, "%00", "é", "=", "AAAA.BBBB"])
async def test_a_token_nobody_was_given_leads_nowhere(app: Running, token: str) -> None:
    problem(await app.client.get(f"/ads/{token}/click"), 404, "ad_not_found")


async def test_an_impression_can_be_clicked_for_its_time_only(run_app: RunApp) -> None:
    async with run_app(ads_click_seconds=1) as app:
        owner, admin = await app.employer(), await administrator(app)
        await started(owner, admin)
        click = path_of(await asked(app))
        await asyncio.sleep(1.1)
        problem(await app.client.get(click), 404, "ad_not_found")
