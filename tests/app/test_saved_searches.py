"""Saved searches: keeping them, and hearing of new jobs they find."""

import asyncio
from collections import Counter
from typing import Any

import psycopg
import pytest
from sqlalchemy.exc import IntegrityError

from reference_app.alerts.service import MOST
from reference_app.alerts.watching import look
from reference_app.kit.mail import Mail
from tests.app.life import Person, Running, problem
from tests.app.rows import execute
from tests.app.statements import counted

pytestmark = pytest.mark.usefixtures("no_chores")


class Letterbox(Mail):
    """Keeps the letters posted to it."""

    room = 1_000

    def __init__(self) -> None:
        super().__init__(sender="board@example.org")
        self.letters: list[tuple[str, str, str]] = []

    def post(self, to: str, subject: str, text: str) -> None:
        self.letters.append((to, subject, text))


async def _save(person: Person, **wanted: Any) -> dict[str, Any]:
    answer = await person.post("/saved-searches", expect=201, **{"name": "Mine", **wanted})
    made: dict[str, Any] = answer.json()
    return made


async def _told(person: Person) -> list[dict[str, Any]]:
    found = (await person.get("/notifications")).json()["items"]
    return [each["data"] for each in found if each["kind"] == "search_found"]


async def test_searches_are_kept_changed_and_let_go(app: Running) -> None:
    person, other = await app.person(), await app.employer()
    first = await _save(person, q=" Night  NURSE ", island="exuma")
    assert (first["q"], first["island"], first["category"]) == ("night nurse", "exuma", None)
    second = await _save(person, name="Pay", salary_min_cents=0)
    assert (await person.get("/saved-searches")).json()["items"] == [first, second]
    path = f"/saved-searches/{first['id']}"
    changed = (await person.patch(path, island=None, alerts=False, expect=200)).json()
    assert changed == {**first, "island": None, "alerts": False}
    # Others neither see nor touch it.
    assert (await other.get("/saved-searches")).json()["items"] == []
    problem(await other.patch(path, alerts=True), 404, "search_not_found")
    await other.send("DELETE", path, expect=204)
    assert (await person.get("/saved-searches")).json()["items"] == [changed, second]
    for _ in range(2):
        await person.send("DELETE", path, expect=204)
    assert (await person.get("/saved-searches")).json()["items"] == [second]
    for method, where in (("GET", ""), ("POST", ""), ("PATCH", "/1"), ("DELETE", "/1")):
        answer = await app.client.request(method, f"/saved-searches{where}", json={})
        problem(answer, 401, "not_signed_in")


async def test_a_name_is_given_once(app: Running) -> None:
    person, other = await app.person(), await app.person()
    answers = await asyncio.gather(
        *(person.post("/saved-searches", name="Mine", q="nurse") for _ in range(5))
    )
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 4}
    problem(next(a for a in answers if a.status_code == 409), 409, "name_taken")
    second = await _save(person, name="Other", q="mason")
    path = f"/saved-searches/{second['id']}"
    problem(await person.patch(path, name="Mine"), 409, "name_taken")
    await person.patch(path, name="Other", q="carpenter", expect=200)
    await _save(other, q="nurse")


async def test_however_many_ask_together_the_bound_holds(app: Running) -> None:
    person = await app.person()
    answers = await asyncio.gather(
        *(person.post("/saved-searches", name=f"No {n}", q="nurse") for n in range(MOST + 5))
    )
    assert Counter(answer.status_code for answer in answers) == {201: MOST, 409: 5}
    problem(next(a for a in answers if a.status_code == 409), 409, "too_many_searches")


async def test_a_search_for_nothing_is_refused(app: Running) -> None:
    person = await app.person()
    problem(await person.post("/saved-searches", name="All"), 422, "invalid_request")
    problem(await person.post("/saved-searches", name="All", q="  "), 422, "invalid_request")
    saved = await _save(person, q="nurse", category="healthcare")
    path = f"/saved-searches/{saved['id']}"
    problem(await person.patch(path, q="", category=None), 400, "no_condition")
    problem(await person.patch(path, island="atlantis"), 422, "invalid_request")
    assert (await person.get("/saved-searches")).json()["items"] == [saved]


@pytest.mark.parametrize(
    ("wanted", "finds"),
    [
        ({"q": "nurse"}, True),
        ({"q": "night nursing"}, True),
        ({"q": "nurse -night"}, False),
        ({"q": "mason"}, False),
        ({"q": "the"}, False),
        ({"island": "exuma"}, True),
        ({"island": "abaco"}, False),
        ({"category": "healthcare", "island": "exuma"}, True),
        ({"category": "plumbing", "island": "exuma"}, False),
        ({"employment_type": "gig"}, False),
        ({"employment_type": "full_time", "q": "clinic"}, True),
        ({"salary_min_cents": 500}, True),
        ({"salary_min_cents": 501}, False),
        ({"q": "nurse", "alerts": False}, False),
    ],
)
async def test_a_new_job_is_told_to_those_whose_search_finds_it(
    app: Running, wanted: dict[str, Any], finds: bool
) -> None:
    owner, person = await app.employer(), await app.person()
    saved = await _save(person, **wanted)
    job = await owner.job(
        title="Night nurse",
        description="In a clinic.",
        category="healthcare",
        salary_max_cents=500,
    )
    await owner.job(published=False, title="Draft nurse", salary_max_cents=900)
    await look(app.board.database, app.board.mail)
    told = [{"saved_search_id": saved["id"], "job_id": job["id"]}] if finds else []
    assert await _told(person) == told


async def test_each_job_is_told_once_and_a_letter_goes_once_a_day(app: Running) -> None:
    owner, person = await app.employer(), await app.person()
    database, box = app.board.database, Letterbox()
    await _save(person, name="Pipes", q="plumber")
    await _save(person, name="Exuma", island="exuma")
    await _save(owner, name="My own", q="plumber")
    for _ in range(2):
        await owner.job()
    for _ in range(3):
        await look(database, box)
    assert len(await _told(person)) == 2
    assert await _told(owner) == []
    [(to, subject, text)] = box.letters
    assert to == person.user["email"]
    assert "saved searches" in subject
    assert "- Pipes: 2 new jobs" in text
    assert "- Exuma: 2 new jobs" in text
    # More on the same day: notified once it was seen, written to the day after.
    await person.send("PUT", "/notifications/seen", {"up_to": 10**6}, expect=200)
    await owner.job(island="abaco")
    await look(database, box)
    assert len(await _told(person)) == 3
    assert len(box.letters) == 1
    execute(app, "UPDATE alert_letters SET sent_at = sent_at - interval '1 day'")
    for _ in range(2):
        await look(database, box)
    assert len(box.letters) == 2
    assert "- Pipes: 1 new job\n" in box.letters[1][2]
    assert "Exuma" not in box.letters[1][2]


async def test_however_many_workers_look_everyone_is_told_once(app: Running) -> None:
    owner, box = await app.employer(), Letterbox()
    people = [await app.person() for _ in range(5)]
    for person in people:
        await _save(person, q="plumber")
    for _ in range(6):
        await owner.job()
    await asyncio.gather(*(look(app.board.database, box) for _ in range(4)))
    await look(app.board.database, box)
    assert sorted(to for to, *_ in box.letters) == sorted(each.user["email"] for each in people)
    for person in people:
        assert len(await _told(person)) == 1
    written = execute(app, "SELECT sum(unmailed + found) FROM saved_searches")
    in_letters = sum(int(text.split(": ")[1].split()[0]) for *_, text in box.letters)
    assert in_letters + int(written[0]) == 6 * len(people)


async def test_a_crash_neither_loses_nor_repeats_a_notification(app: Running) -> None:
    owner, person = await app.employer(), await app.person()
    saved = await _save(person, q="plumber")
    job = await owner.job()
    execute(app, "ALTER TABLE notifications ADD CONSTRAINT broken CHECK (kind <> 'search_found')")
    try:
        with pytest.raises(IntegrityError):
            await look(app.board.database, app.board.mail)
    finally:
        execute(app, "ALTER TABLE notifications DROP CONSTRAINT broken")
    assert await _told(person) == []
    for _ in range(2):
        await look(app.board.database, app.board.mail)
    assert await _told(person) == [{"saved_search_id": saved["id"], "job_id": job["id"]}]


async def test_old_jobs_and_those_opened_again_are_no_news(app: Running) -> None:
    owner, person = await app.employer(), await app.person()
    job = await owner.job()
    await look(app.board.database, app.board.mail)
    await _save(person, q="plumber")
    await owner.patch(f"/jobs/{job['id']}", title="Plumber again", expect=200)
    await look(app.board.database, app.board.mail)
    assert await _told(person) == []


async def test_whoever_is_just_being_changed_is_told_the_next_time(app: Running) -> None:
    owner, leaving, other = await app.employer(), await app.person(), await app.person()
    for person in (leaving, other):
        await _save(person, q="plumber")
    await owner.job()
    url = app.board.settings.database_url.get_secret_value()
    # as closing an account begins; to wait for it with searches in hand would be a deadlock
    with psycopg.connect(url) as closing:
        closing.execute("SELECT id FROM users WHERE id = %s FOR UPDATE", (leaving.id,))
        await look(app.board.database, app.board.mail)
        assert [len(await _told(person)) for person in (leaving, other)] == [0, 1]
    await look(app.board.database, app.board.mail)
    assert [len(await _told(person)) for person in (leaving, other)] == [1, 1]


async def test_letters_leave_room_for_those_somebody_waits_for(app: Running) -> None:
    owner, person, box = await app.employer(), await app.person(), Letterbox()
    await _save(person, q="plumber")
    await owner.job()
    box.room = box.most_waiting // 2
    await look(app.board.database, box)
    assert box.letters == []
    box.room += 1
    await look(app.board.database, box)
    assert [to for to, *_ in box.letters] == [person.user["email"]]


async def test_a_suspended_person_gets_no_letter(app: Running) -> None:
    owner, person, box = await app.employer(), await app.person(), Letterbox()
    await _save(person, q="plumber")
    execute(app, "UPDATE users SET suspended_at = now() WHERE id = %s", person.id)
    await owner.job()
    await look(app.board.database, box)
    assert box.letters == []


async def test_a_batch_of_jobs_costs_one_statement_however_many_searches(app: Running) -> None:
    owner = await app.employer()
    for _ in range(4):
        person = await app.person()
        await _save(person, name="A", q="plumber")
        await _save(person, name="B", q="mason")
    for _ in range(5):
        await owner.job(title="Boatman", description="Boats.", island="abaco")
    with counted() as statements:
        await look(app.board.database, app.board.mail)
    # One for the jobs, one for whom to tell, one for whom to write to.
    assert len(statements) == 3, statements
    for _ in range(2):
        await owner.job(title="Plumber")
    with counted() as statements:
        await look(app.board.database, app.board.mail)
    # Two more to tell people of what was found, whatever is tidied.
    assert len([each for each in statements if not each.startswith("DELETE")]) == 5, statements
