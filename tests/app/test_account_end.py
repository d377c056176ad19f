"""The end of an account: what goes, what others keep, and that nothing is charged any more."""

import asyncio

import pytest
from sqlalchemy import inspect

from reference_app.auth.closing_sql import ERASED, KEPT
from reference_app.base import Model
from reference_app.subscriptions.tiers import Tier
from reference_app.tables import metadata
from tests.app.life import PASSWORD, Person, Running, problem
from tests.app.rows import execute
from tests.app.till import Till

_DELETED = "deleted.invalid"


async def delete(person: Person, expect: int = 204) -> None:
    await person.post("/auth/delete", password=PASSWORD, expect=expect)


def test_every_column_that_refers_to_a_person_is_erased_or_kept_on_purpose() -> None:
    referring = {
        f"{table.name}.{key.parent.name}"
        for table in metadata.tables.values()
        for key in table.foreign_keys
        if key.column.table.name == "users"
    }
    decided = [f"{inspect(each.class_).local_table.name}.{each.key}" for each in (*ERASED, *KEPT)]
    assert sorted(decided) == sorted(referring)
    assert issubclass(ERASED[0].class_, Model)


async def test_who_deletes_their_account_is_out_and_forgotten(app: Running) -> None:
    person = await app.person(full_name="Ana Rolle")
    await person.patch(
        "/users/me", headline="Mason", bio="Born in Exuma.", skills=["masonry"], expect=200
    )
    await person.patch("/users/me", island="exuma", available_for_hire=True, expect=200)
    assert (await app.client.get(f"/users/{person.id}")).status_code == 200
    await delete(person)
    problem(await person.get("/auth/me", expect=None), 401, "not_signed_in")
    problem(await app.client.get(f"/users/{person.id}"), 404, "user_not_found")
    assert (await app.client.get("/users/available")).json()["items"] == []
    login = {"email": person.user["email"], "password": PASSWORD}
    problem(await app.client.post("/auth/login", json=login), 401, "invalid_credentials")
    body = {"refresh_token": person.refresh_token}
    problem(await app.client.post("/auth/refresh", json=body), 401, "invalid_refresh_token")
    (left,) = execute(app, "SELECT row_to_json(u)::text FROM users u")
    for word in ("Ana", "Rolle", "Mason", "Exuma", "exuma", "masonry", person.user["email"]):
        assert word not in left
    # The address is free for a new account, which has nothing of the old one.
    again = await app.person(email=person.user["email"])
    assert again.id != person.id


async def test_a_delete_repeated_or_doubled_is_harmless(app: Running) -> None:
    person = await app.person()
    answers = await asyncio.gather(
        *(person.post("/auth/delete", password=PASSWORD) for _ in range(4))
    )
    assert sorted(answer.status_code for answer in answers) == [204, 401, 401, 401]
    await delete(person, expect=401)
    assert len(execute(app, "SELECT email FROM users")) == 1


async def test_the_password_is_asked_for_and_cannot_be_guessed(app: Running) -> None:
    person = await app.person()
    for _ in range(5):
        problem(await person.post("/auth/delete", password="wrong"), 403, "wrong_password")
    problem(await person.post("/auth/delete", password=PASSWORD), 429, "too_many_attempts")
    await person.get("/auth/me")
    problem(await app.client.post("/auth/delete", json={"password": "x"}), 401, "not_signed_in")


async def test_what_is_theirs_alone_goes(app: Running) -> None:
    owner, person, friend = await app.employer(), await app.person(), await app.person()
    job = await owner.job()
    await person.send("PUT", f"/jobs/{job['id']}/save", expect=204)
    await person.send("PUT", f"/users/{friend.id}/follow")
    await friend.send("PUT", f"/users/{person.id}/follow")
    await person.send("PUT", f"/companies/{owner.company['id']}/follow")
    await person.post("/connections", user_id=friend.id, expect=201)
    post = (await person.post("/posts", body="Hello.")).json()
    liked = (await friend.post("/posts", body="Hello you.")).json()
    await person.send("PUT", f"/posts/{liked['id']}/like")
    await person.post(f"/posts/{liked['id']}/comments", body="Nice.")
    tables = ("saved_jobs", "user_follows", "company_follows", "connections", "posts")
    before = {name: _rows(app, name) for name in (*tables, "post_likes", "post_comments")}
    assert before == {**dict.fromkeys(before, 1), "user_follows": 2, "posts": 2}
    await delete(person)
    after = {name: _rows(app, name) for name in before}
    assert after == {**dict.fromkeys(before, 0), "posts": 1}
    assert execute(app, "SELECT likes + comments FROM post_tallies") == [0]
    assert (await app.client.get(f"/posts/{post['id']}")).status_code == 404
    for table in ("auth_sessions", "refresh_tokens", "letter_tokens", "notifications"):
        assert _rows(app, table, person) == 0


async def test_what_others_need_stays_nameless(app: Running) -> None:
    owner, person, other = await app.employer(), await app.person(), await app.person()
    job, past = await owner.job(), await owner.job()
    path = f"/jobs/{job['id']}/applications"
    await person.post(path, cover_letter="I am Ana, of Exuma.", expect=201)
    hired = await person.post(
        f"/jobs/{past['id']}/applications", cover_letter="I am Ana.", expect=201
    )
    await owner.patch(f"/applications/{hired.json()['id']}", status="hired", expect=200)
    await person.send(
        "PUT", f"/companies/{owner.company['id']}/review", {"stars": 4, "body": "Fair."}
    )
    await person.post(
        "/conversations", recipient_id=owner.id, body="Thanks!", key="key-00000001", expect=201
    )
    await delete(person)
    shown = (await owner.get("/conversations")).json()["items"]
    assert [each["other"]["full_name"] for each in shown] == ["Former member"]
    inside = (await owner.get(f"/conversations/{shown[0]['id']}/messages")).json()["items"]
    assert [message["body"] for message in inside] == ["Thanks!"]
    reviews = (await app.client.get(f"/companies/{owner.company['id']}/reviews")).json()["items"]
    assert [(each["stars"], each["author"]["full_name"]) for each in reviews] == [
        (4, "Former member")
    ]
    stati = execute(app, "SELECT status FROM applications ORDER BY id")
    assert stati == ["withdrawn", "hired"]
    assert execute(app, "SELECT cover_letter FROM applications") == ["", ""]
    listed = (await owner.get(path)).json()["items"]
    assert "Ana" not in str(listed)
    assert other.id != person.id


async def test_an_employers_jobs_close_and_drafts_go(app: Running) -> None:
    owner, person = await app.employer(), await app.person()
    job, draft = await owner.job(), await owner.job(published=False)
    await person.post(f"/jobs/{job['id']}/applications", cover_letter="Me!", expect=201)
    assert (await app.client.get(f"/jobs/{job['id']}")).json()["status"] == "published"
    await delete(owner)
    assert (await app.client.get(f"/jobs/{job['id']}")).json()["status"] == "closed"
    assert execute(app, "SELECT count(*) FROM jobs WHERE id = %s", draft["id"]) == [0]
    mine = (await person.get("/applications")).json()["items"]
    assert len(mine) == 1
    late = await app.person()
    answer = await late.post(f"/jobs/{job['id']}/applications", cover_letter="Me!")
    assert answer.status_code in (404, 409)
    # What was given is not given any more.
    assert execute(app, "SELECT status FROM subscriptions") == ["canceled"]


async def test_no_memory_of_their_tier_outlives_what_ended_it(app: Running) -> None:
    owner = await app.employer()
    tier, _ = await app.board.tiers.of(owner.id)
    assert tier is Tier.BUSINESS
    await delete(owner)
    tier, _ = await app.board.tiers.of(owner.id)
    assert tier is Tier.FREE


async def test_it_leaves_everyone_else_as_they_were(app: Running) -> None:
    owner, person = await app.employer(), await app.person()
    await owner.job()
    mine = execute(app, "SELECT row_to_json(u)::text FROM users u WHERE id = %s", owner.id)
    await delete(person)
    assert execute(app, "SELECT row_to_json(u)::text FROM users u WHERE id = %s", owner.id) == mine
    assert execute(app, "SELECT status FROM jobs") == ["published"]
    assert execute(app, "SELECT status FROM subscriptions") == ["active"]
    await owner.get("/auth/me")


@pytest.mark.parametrize("trial", [True, False])
async def test_a_paid_subscription_ends_at_once_at_stripe(till: Till, trial: bool) -> None:
    person = await till.person()
    await till.subscribe(person, trial=trial)
    assert (await till.own(person))["tier"] == Tier.PRO
    paid = till.rows("SELECT count(*) AS many FROM payments")
    await delete(person)
    await till.settled()
    (held,) = (await till.api("subscriptions?status=all"))["data"]
    assert held["status"] == "canceled"
    (row,) = till.rows("SELECT status, user_id FROM subscriptions")
    assert (row["status"], row["user_id"]) == ("canceled", person.id)
    # Nothing is charged afterwards, and the books are as they were.
    await till.days(40)
    assert till.rows("SELECT count(*) AS many FROM payments") == paid


async def test_nobody_pays_for_a_deleted_account_on_an_open_page(till: Till) -> None:
    person = await till.person()
    asked = {"tier": "pro", "interval": "month"}
    page = (await person.post("/subscriptions/checkout", expect=200, **asked)).json()
    await delete(person)
    assert "no longer valid" in (await till.stripe.get(page["url"])).text
    assert (await till.api("subscriptions?status=all"))["data"] == []


async def test_while_stripe_is_away_who_pays_stays_and_who_does_not_can_go(till: Till) -> None:
    payer, other = await till.person(), await till.person()
    await till.subscribe(payer, trial=True)
    await till.control("behaviour", status=500, count=10)
    answer = await payer.post("/auth/delete", password=PASSWORD)
    problem(answer, 503, "billing_unavailable")
    await payer.get("/auth/me")
    await delete(other)


def _rows(app: Running, table: str, of: Person | None = None) -> int:
    """How many rows a table has, or those of a person."""
    theirs = "" if of is None else f"WHERE user_id = {of.id}"
    return int(execute(app, f"SELECT count(*) FROM {table} {theirs}")[0])  # noqa: S608 - our names
