"""What people are told of, once each, and only the newest of it."""

import asyncio
from typing import Any

import psycopg

from reference_app.notifications.service import KEPT, News, notify, notify_each
from tests.app.life import Person, Running, problem
from tests.app.statements import counted
from tests.app.test_messages import acquaint, write


async def kinds(person: Person) -> list[str]:
    return [item["kind"] for item in (await person.get("/notifications")).json()["items"]]


async def unread(person: Person) -> int:
    count: int = (await person.get("/notifications/unread")).json()["unread"]
    return count


async def tell(app: Running, person: Person, number: int, about: str | None = None) -> None:
    async with app.board.database.writing() as session:
        await notify(session, person.id, "something", {"number": number}, about=about)


async def test_an_application_is_told_to_the_employer_and_its_fate_to_the_applicant(
    app: Running,
) -> None:
    employer, seeker = await app.employer(), await app.person()
    job = await employer.job()
    path = f"/jobs/{job['id']}/applications"
    application = (await seeker.post(path, cover_letter="Please.", expect=201)).json()
    (told,) = (await employer.get("/notifications")).json()["items"]
    assert told["kind"] == "application_received"
    assert told["data"] == {"application_id": application["id"], "job_id": job["id"]}
    assert told["read_at"] is None
    await employer.patch(f"/applications/{application['id']}", status="shortlisted", expect=200)
    (fate,) = (await seeker.get("/notifications")).json()["items"]
    assert fate["kind"] == "application_status"
    assert fate["data"] == {
        "application_id": application["id"],
        "job_id": job["id"],
        "status": "shortlisted",
    }
    # A second application of the same person is refused, and told to nobody.
    await seeker.post(path, cover_letter="Please!", expect=409)
    assert await unread(employer) == 1


async def test_messages_of_one_conversation_are_one_notification_until_they_are_read(
    app: Running,
) -> None:
    seeker, employer = await acquaint(app)
    sent = [(await write(seeker, employer)).json() for _ in range(3)]
    assert (await kinds(employer)).count("message_received") == 1
    assert "message_received" not in await kinds(seeker)
    before = await unread(employer)
    at = f"/conversations/{sent[0]['conversation_id']}/read"
    await employer.send("PUT", at, {"up_to": sent[1]["id"]}, expect=200)
    assert await unread(employer) == before  # not all of it is read
    await employer.send("PUT", at, {"up_to": sent[2]["id"]}, expect=200)
    assert await unread(employer) == before - 1
    await write(seeker, employer)
    assert (await kinds(employer)).count("message_received") == 2


async def test_a_refused_request_notifies_nobody(app: Running) -> None:
    seeker, employer = await acquaint(app)
    for _ in range(10):
        await write(seeker, employer)
    newest = (await employer.get("/notifications")).json()["items"][0]
    await employer.send("PUT", "/notifications/seen", {"up_to": newest["id"]}, expect=200)
    problem(await write(seeker, employer), 403, "quota_exceeded")
    assert await unread(employer) == 0


async def test_seen_is_one_and_all_before_it(app: Running) -> None:
    person, other = await app.person(), await app.person()
    for number in range(5):
        await tell(app, person, number)
        await tell(app, other, number)
    items = (await person.get("/notifications")).json()["items"]
    assert [item["data"]["number"] for item in items] == [4, 3, 2, 1, 0]
    answer = await person.send("PUT", "/notifications/seen", {"up_to": items[2]["id"]}, expect=200)
    assert answer.json() == {"unread": 2}
    marked = (await person.get("/notifications")).json()["items"]
    assert [item["read_at"] is None for item in marked] == [True, True, False, False, False]
    assert await unread(other) == 5


async def test_the_list_comes_in_pages_and_after_an_id(app: Running) -> None:
    person = await app.person()
    for number in range(7):
        await tell(app, person, number)
    found, cursor = [], ""
    while True:
        page = (await person.get(f"/notifications?limit=3{cursor}")).json()
        found += [item["data"]["number"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert found == [6, 5, 4, 3, 2, 1, 0]
    items = (await person.get("/notifications")).json()["items"]
    new = (await person.get(f"/notifications?after={items[2]['id']}")).json()["items"]
    assert [item["data"]["number"] for item in new] == [6, 5]


async def test_about_one_thing_there_is_one_unread_even_when_told_at_once(app: Running) -> None:
    person = await app.person()
    await asyncio.gather(*(tell(app, person, number, about="it") for number in range(10)))
    assert await unread(person) == 1
    await tell(app, person, 11, about="something else")
    assert await unread(person) == 2


async def test_many_are_told_at_once_each_of_their_own(app: Running) -> None:
    one, other = await app.person(), await app.person()
    await tell(app, one, 0, about="known")
    news = [
        News(other.id, {"number": 1}),
        News(one.id, {"number": 2}, "known"),
        News(one.id, {"number": 3}, "new"),
        News(one.id, {"number": 4}),
    ]
    with counted() as statements:
        async with app.board.database.writing() as session:
            await notify_each(session, "something", news)
    # one to take their turns, one to add, whatever is tidied
    assert len([each for each in statements if not each.startswith("DELETE")]) == 2, statements
    items = (await one.get("/notifications")).json()["items"]
    assert [item["data"]["number"] for item in items] == [4, 3, 0]
    assert [item["data"] for item in (await other.get("/notifications")).json()["items"]] == [
        {"number": 1}
    ]
    assert (await unread(one), await unread(other)) == (3, 1)


async def test_two_who_tell_the_same_people_do_not_block_each_other(app: Running) -> None:
    people = [await app.person() for _ in range(6)]

    async def tell_all(order: int) -> None:
        for _ in range(5):
            async with app.board.database.writing() as session:
                await notify_each(session, "something", [News(n.id, {}) for n in people[::order]])

    await asyncio.gather(tell_all(1), tell_all(-1))
    assert [await unread(person) for person in people] == [10] * 6


async def test_one_that_is_committed_late_is_not_missed_by_asking_after_the_last(
    app: Running,
) -> None:
    person = await app.person()

    async def after(last: int) -> list[dict[str, Any]]:
        page = (await person.get(f"/notifications?after={last}")).json()
        items: list[dict[str, Any]] = page["items"]
        return items

    async with app.board.database.writing() as slow:
        await notify(slow, person.id, "slow", {})
        quick = asyncio.create_task(tell(app, person, 1))
        await asyncio.wait({quick}, timeout=0.2)
        seen = await after(0)
    await quick
    seen += await after(max((item["id"] for item in seen), default=0))
    assert {item["kind"] for item in seen} == {"slow", "something"}


async def test_only_the_newest_are_kept(app: Running) -> None:
    person, other = await app.person(), await app.person()
    await tell(app, other, 0)
    url = app.board.settings.database_url.get_secret_value()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO notifications (user_id, kind, data)"
            " SELECT %s, 'old', '{}' FROM generate_series(1, %s)",
            (person.id, KEPT + 50),
        )
        for number in range(16):  # one of them tidies
            await tell(app, person, number)
        row = connection.execute(
            "SELECT count(*) FROM notifications WHERE user_id = %s", (person.id,)
        ).fetchone()
    assert row is not None
    assert KEPT <= row[0] < KEPT + 16
    assert (await kinds(person))[0] == "something"
    assert await unread(other) == 1


async def test_notifications_are_ones_own(app: Running) -> None:
    problem(await app.client.get("/notifications"), 401, "not_signed_in")
    person = await app.person()
    assert (await person.get("/notifications")).json() == {"items": [], "next_cursor": None}
