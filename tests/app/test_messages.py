"""Writing to each other: who may, how often, and that nothing is sent twice or lost."""

import asyncio
from itertools import chain, count
from typing import Any, LiteralString

import httpx2
import psycopg
import pytest
from sqlalchemy import event

from tests.app.conftest import RunApp
from tests.app.life import Person, Running, problem

_keys = count(1)


def key() -> str:
    return f"message-{next(_keys):08}"


async def acquaint(app: Running) -> tuple[Person, Person]:
    """A seeker and an employer who know each other through an application."""
    employer, seeker = await app.employer(), await app.person()
    job = await employer.job()
    await seeker.post(f"/jobs/{job['id']}/applications", cover_letter="I mend pipes.", expect=201)
    return seeker, employer


async def write(sender: Person, to: Person, body: str = "Hello", **given: Any) -> httpx2.Response:
    wanted = {"recipient_id": to.id, "body": body, "key": key(), **given}
    return await sender.post("/conversations", **wanted)


async def bodies(person: Person, conversation_id: int, query: str = "") -> list[str]:
    page = (await person.get(f"/conversations/{conversation_id}/messages{query}")).json()
    return [item["body"] for item in page["items"]]


def subscribe(app: Running, person: Person, tier: str) -> None:
    """Give someone a subscription, as if it were paid for."""
    url = app.board.settings.database_url.get_secret_value()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO subscriptions (user_id, tier, billing_interval, status)"
            " VALUES (%s, %s, 'month', 'active')",
            (person.id, tier),
        )


def rows(app: Running, statement: LiteralString, *values: object) -> list[Any]:
    url = app.board.settings.database_url.get_secret_value()
    with psycopg.connect(url, autocommit=True) as connection:
        return [row[0] for row in connection.execute(statement, values).fetchall()]


async def test_two_people_have_one_conversation_whoever_begins_it(app: Running) -> None:
    seeker, employer = await acquaint(app)
    answers = await asyncio.gather(
        *(write(seeker, employer) for _ in range(3)), *(write(employer, seeker) for _ in range(3))
    )
    assert [answer.status_code for answer in answers] == [201] * 6
    assert len({answer.json()["conversation_id"] for answer in answers}) == 1
    assert rows(app, "SELECT count(*) FROM conversations") == [1]
    assert rows(app, "SELECT count(*) FROM conversation_participants") == [2]
    listed = (await seeker.get("/conversations")).json()["items"]
    assert [item["other"]["id"] for item in listed] == [employer.id]
    assert listed[0]["unread"] == 3


async def test_many_who_begin_at_once_still_make_one_conversation(app: Running) -> None:
    seeker, employer = await acquaint(app)
    same = {"recipient_id": employer.id, "body": "Hello", "key": key()}
    answers = await asyncio.gather(*(seeker.post("/conversations", **same) for _ in range(8)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert rows(app, "SELECT count(*) FROM messages") == [1]
    assert rows(app, "SELECT unread FROM conversation_participants ORDER BY unread") == [0, 1]
    assert rows(app, "SELECT used FROM feature_usage WHERE feature = 'messages'") == [1]


async def test_a_key_belongs_to_one_message(app: Running) -> None:
    seeker, employer = await acquaint(app)
    first = (await write(seeker, employer, key="one-and-only")).json()
    again = await write(seeker, employer, key="one-and-only")
    assert again.status_code == 201
    assert again.json() == first
    other_words = await write(seeker, employer, "Other words", key="one-and-only")
    problem(other_words, 409, "key_reused")
    # Keys are each sender's own.
    answer = await write(employer, seeker, key="one-and-only")
    assert answer.json()["id"] != first["id"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"body": ""},
        {"body": "   "},
        {"body": "x" * 5_001},
        {"body": "null\x00"},
        {"key": "short"},
        {"key": "with spaces in it"},
        {"key": "x" * 65},
        {"recipient_id": 0},
        {"recipient_id": 2**63},
        {"surprise": 1},
    ],
)
async def test_what_is_no_message_is_refused(app: Running, wrong: dict[str, Any]) -> None:
    seeker = await app.person()
    problem(await write(seeker, seeker, **wrong), 422, "invalid_request")


async def test_one_writes_to_other_people_who_exist(app: Running) -> None:
    seeker = await app.person()
    problem(await write(seeker, seeker), 400, "to_yourself")
    problem(await write(seeker, seeker, recipient_id=999_999), 404, "user_not_found")


async def test_a_stranger_takes_an_inmail_which_free_has_none_of(app: Running) -> None:
    seeker, stranger = await app.person(), await app.person()
    refusal = problem(await write(seeker, stranger), 403, "not_in_tier")
    assert (refusal["feature"], refusal["upgrade_tier"]) == ("inmail", "pro")
    # Nothing of it remains.
    assert rows(app, "SELECT count(*) FROM conversations") == [0]
    assert rows(app, "SELECT count(*) FROM feature_usage") == [0]


async def test_inmails_are_counted_and_an_answer_makes_acquaintances(app: Running) -> None:
    pro = await app.person()
    subscribe(app, pro, "pro")
    strangers = [await app.person() for _ in range(6)]
    answers = [await write(pro, stranger) for stranger in strangers]
    assert [answer.status_code for answer in answers] == [201] * 5 + [403]
    refusal = problem(answers[-1], 403, "quota_exceeded")
    assert (refusal["feature"], refusal["limit"], refusal["used"]) == ("inmail", 5, 5)
    # To insist without an answer is InMail again; after the answer it is talk.
    problem(await write(pro, strangers[0]), 403, "quota_exceeded")
    assert (await write(strangers[0], pro)).status_code == 201
    assert (await write(pro, strangers[0])).status_code == 201
    assert rows(app, "SELECT used FROM feature_usage WHERE feature = 'inmail'") == [5]


async def test_an_application_makes_acquaintances_both_ways(app: Running) -> None:
    seeker, employer = await acquaint(app)
    assert (await write(seeker, employer)).status_code == 201
    assert (await write(employer, seeker)).status_code == 201
    assert rows(app, "SELECT count(*) FROM feature_usage WHERE feature = 'inmail'") == [0]


async def test_exactly_ten_messages_a_month_on_free_even_when_sent_at_once(app: Running) -> None:
    seeker, employer = await acquaint(app)
    answers = await asyncio.gather(*(write(seeker, employer) for _ in range(16)))
    assert sorted(answer.status_code for answer in answers) == [201] * 10 + [403] * 6
    refused = next(answer for answer in answers if answer.status_code == 403)
    refusal = problem(refused, 403, "quota_exceeded")
    assert (refusal["feature"], refusal["limit"], refusal["tier"]) == ("messages", 10, "free")
    assert rows(app, "SELECT count(*) FROM messages") == [10]


async def test_a_retry_at_the_limit_finds_its_message(app: Running) -> None:
    seeker, employer = await acquaint(app)
    sent = [(await write(seeker, employer, key=f"the-{n:08}")).json() for n in range(10)]
    assert (await write(seeker, employer, key="the-00000009")).json() == sent[-1]
    problem(await write(seeker, employer), 403, "quota_exceeded")


async def test_a_conversation_is_its_two_peoples_alone(app: Running) -> None:
    seeker, employer = await acquaint(app)
    conversation_id = (await write(seeker, employer)).json()["conversation_id"]
    stranger = await app.person()
    at = f"/conversations/{conversation_id}"
    tries = [
        await stranger.get(at, expect=None),
        await stranger.get(f"{at}/messages", expect=None),
        await stranger.get(f"{at}/messages?after=0", expect=None),
        await stranger.post(f"{at}/messages", body="Let me in", key=key()),
        await stranger.send("PUT", f"{at}/read", {"up_to": 1}),
    ]
    for answer in tries:
        problem(answer, 404, "conversation_not_found")
    assert (await stranger.get("/conversations")).json()["items"] == []
    problem(await app.client.get("/conversations"), 401, "not_signed_in")


async def test_messages_are_walked_both_ways_without_gap_or_repeat(app: Running) -> None:
    seeker, employer = await acquaint(app)
    subscribe(app, seeker, "pro")
    said = [f"number {n}" for n in range(13)]
    for body in said:
        answer = await write(seeker, employer, body)
    conversation_id = answer.json()["conversation_id"]
    at = f"/conversations/{conversation_id}/messages"

    async def walk(query: str, side: str, place: int) -> list[list[str]]:
        pages, more = [], True
        while more:
            page = (await employer.get(f"{at}?limit=4{query}")).json()
            pages.append([item["body"] for item in page["items"]])
            more = page["has_more"]
            if page["items"]:
                query = f"&{side}={page['items'][place]['id']}"
        return pages

    forward = await walk("&after=0", "after", -1)
    assert [*chain(*forward)] == said
    assert [len(page) for page in forward] == [4, 4, 4, 1]
    backward = await walk("", "before", 0)
    assert [*chain(*reversed(backward))] == said
    last = (await employer.get(at)).json()["items"][-1]["id"]
    assert (await employer.get(f"{at}?after={last}")).json() == {"items": [], "has_more": False}
    assert (await employer.get(f"{at}?before=1")).json() == {"items": [], "has_more": False}
    both = await employer.get(f"{at}?before=5&after=1", expect=None)
    problem(both, 400, "both_sides")


async def test_conversations_come_by_their_newest_message(app: Running) -> None:
    employer = await app.employer()
    job = await employer.job()
    seekers = [await app.person() for _ in range(5)]
    for seeker in seekers:
        await seeker.post(f"/jobs/{job['id']}/applications", cover_letter="Please.", expect=201)
        await write(seeker, employer, "From " + seeker.user["full_name"])
    await write(employer, seekers[1], "An answer " + "x" * 300)
    found, cursor = [], ""
    while True:
        page = (await employer.get(f"/conversations?limit=2{cursor}")).json()
        found += page["items"]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert [item["other"]["id"] for item in found] == [seekers[n].id for n in (1, 4, 3, 2, 0)]
    assert found[0]["last_message"]["sender_id"] == employer.id
    assert len(found[0]["last_message"]["excerpt"]) == 140
    one = (await employer.get(f"/conversations/{found[0]['id']}")).json()
    assert one == found[0]


async def test_what_is_read_is_seen_by_the_other_and_never_unread_again(app: Running) -> None:
    seeker, employer = await acquaint(app)
    sent = [(await write(seeker, employer)).json() for _ in range(4)]
    at = f"/conversations/{sent[0]['conversation_id']}"
    assert (await employer.get("/conversations/unread")).json() == {
        "messages": 4,
        "conversations": 1,
    }
    answer = await employer.send("PUT", f"{at}/read", {"up_to": sent[1]["id"]}, expect=200)
    assert answer.json() == {"read_up_to": sent[1]["id"], "unread": 2}
    back = await employer.send("PUT", f"{at}/read", {"up_to": sent[0]["id"]}, expect=200)
    assert back.json() == {"read_up_to": sent[1]["id"], "unread": 2}
    assert (await seeker.get(at)).json()["other_read_up_to"] == sent[1]["id"]
    # One cannot read what has not been written yet.
    all_of_it = await employer.send("PUT", f"{at}/read", {"up_to": 2**62}, expect=200)
    assert all_of_it.json() == {"read_up_to": sent[-1]["id"], "unread": 0}
    await write(seeker, employer)
    assert (await employer.get(at)).json()["unread"] == 1
    await write(employer, seeker)
    assert (await employer.get(at)).json()["unread"] == 1  # one's own message reads nothing


async def test_unread_counts_are_exact_while_people_write_and_read_at_once(app: Running) -> None:
    seeker, employer = await acquaint(app)
    subscribe(app, seeker, "pro")
    conversation_id = (await write(seeker, employer)).json()["conversation_id"]
    at = f"/conversations/{conversation_id}"

    async def read_newest() -> None:
        newest = (await employer.get(f"{at}/messages?limit=1")).json()["items"][-1]["id"]
        await employer.send("PUT", f"{at}/read", {"up_to": newest}, expect=200)

    await asyncio.gather(
        *(write(seeker, employer) for _ in range(12)),
        *(write(employer, seeker) for _ in range(4)),
        *(read_newest() for _ in range(12)),
    )
    counted = (await employer.get(at)).json()
    (truth,) = rows(
        app,
        "SELECT count(*) FROM messages m JOIN conversation_participants p"
        " ON p.conversation_id = m.conversation_id AND p.user_id <> m.sender_id"
        " WHERE p.user_id = %s AND m.id > p.read_up_to",
        employer.id,
    )
    assert counted["unread"] == truth
    await read_newest()
    assert (await employer.get("/conversations/unread")).json() == {
        "messages": 0,
        "conversations": 0,
    }


async def test_in_a_conversation_ids_grow_in_the_order_of_commits(app: Running) -> None:
    """Whoever fetches after the last id they saw must never miss one that came late."""
    seeker, employer = await acquaint(app)
    subscribe(app, seeker, "pro")
    subscribe(app, employer, "pro")
    conversation_id = (await write(seeker, employer)).json()["conversation_id"]
    seen: list[int] = []
    done = asyncio.Event()

    async def follow() -> None:
        finished = False
        while not finished:
            finished = done.is_set()
            last = seen[-1] if seen else 0
            path = f"/conversations/{conversation_id}/messages?after={last}&limit=100"
            seen.extend(item["id"] for item in (await seeker.get(path)).json()["items"])

    following = asyncio.create_task(follow())
    await asyncio.gather(
        *(write(seeker, employer) for _ in range(15)), *(write(employer, seeker) for _ in range(15))
    )
    done.set()
    await following
    assert seen == rows(app, "SELECT id FROM messages ORDER BY id")


async def test_a_message_takes_a_fixed_number_of_statements(run_app: RunApp) -> None:
    async with run_app() as app:
        seeker, employer = await acquaint(app)
        conversation_id = (await write(seeker, employer)).json()["conversation_id"]
        await write(employer, seeker)
        statements: list[str] = []
        engine = app.board.database._writer.sync_engine
        event.listen(engine, "before_cursor_execute", lambda *heard: statements.append(heard[2]))
        path = f"/conversations/{conversation_id}/messages"
        await seeker.post(path, body="Counted", key=key(), expect=201)
        assert len(statements) <= 10, "\n".join(statements)
