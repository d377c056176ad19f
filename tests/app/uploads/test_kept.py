"""Files: kept, shown to whom, deleted, swept away; and what becomes of them without a store."""

import asyncio
import socket
from collections.abc import Callable

import httpx2
import pytest

from reference_app.uploads.sweeping import sweep
from tests.app.conftest import RunApp
from tests.app.life import PASSWORD, Person, Running, problem
from tests.app.parcels import (
    JPEG,
    PDF,
    PNG,
    announced,
    draft,
    fetched,
    uploaded,
)
from tests.app.rows import execute
from tests.app.statements import counted

pytestmark = pytest.mark.usefixtures("no_chores")

pytestmark = pytest.mark.usefixtures("no_chores")

Objects = Callable[[], list[str]]


async def _time_passes(app: Running, minutes: int) -> None:
    """For uploads and objects to go; then those go whose time has come."""
    execute(app, "UPDATE uploads SET created_at = created_at - %s * interval '1 minute'", minutes)
    execute(app, "UPDATE doomed_objects SET due_at = due_at - %s * interval '1 minute'", minutes)
    await sweep(app.board.database, app.board.storage)


async def test_many_who_confirm_at_once_are_one(app: Running, objects: Objects) -> None:
    person = await app.person()
    parcel = await announced(person, "avatar", "me.png", len(PNG))
    await parcel.send(PNG)
    answers = await asyncio.gather(*(parcel.confirm() for _ in range(3)))
    assert len({answer.text for answer in answers}) == 1
    await _time_passes(app, 61)
    (left,) = objects()
    assert left.startswith("avatar/")
    assert (await fetched(person, parcel.id)).content == PNG


async def test_a_new_avatar_takes_the_place_of_the_old_one(app: Running, objects: Objects) -> None:
    person, path = await app.person(), "/users/{}"
    profile = path.format(person.id)
    assert (await app.client.get(profile)).json()["avatar_id"] is None
    problem(await app.client.get(f"{profile}/avatar"), 404, "avatar_not_found")
    first = await uploaded(person, "avatar", "a.png", PNG)
    assert (await app.client.get(profile)).json()["avatar_id"] == first
    await person.patch("/users/me", available_for_hire=True, expect=200)
    (listed,) = (await app.client.get("/users/available")).json()["items"]
    assert listed["avatar_id"] == first
    second = await uploaded(person, "avatar", "b.jpg", JPEG)
    assert (await app.client.get(profile)).json()["avatar_id"] == second
    assert (await person.patch("/users/me", headline="Me")).json()["avatar_id"] == second
    led = await app.client.get(f"{profile}/avatar")
    assert led.status_code == 307
    async with httpx2.AsyncClient() as browser:
        assert (await browser.get(led.headers["location"])).content == JPEG
    problem(await person.get(f"/uploads/{first}/link", expect=None), 404, "upload_not_found")
    await _time_passes(app, 61)
    assert len(objects()) == 1
    await person.send("DELETE", f"/uploads/{second}", expect=204)
    assert (await app.client.get(profile)).json()["avatar_id"] is None


async def test_two_avatars_confirmed_at_once_leave_one(app: Running) -> None:
    person = await app.person()
    parcels = [await announced(person, "avatar", "a.png", len(PNG)) for _ in range(3)]
    for parcel in parcels:
        await parcel.send(PNG)
    answers = await asyncio.gather(*(parcel.confirm(None) for parcel in parcels))
    assert {answer.status_code for answer in answers} == {200}
    assert len((await person.get("/uploads")).json()["items"]) == 1


async def test_who_may_fetch_what(app: Running) -> None:
    person, other = await app.person(), await app.person()
    avatar = await uploaded(person, "avatar", "me.png", PNG)
    portfolio = await uploaded(person, "portfolio", "wall.png", PNG)
    resume = await uploaded(person, "resume", "me.pdf", PDF)
    waiting = (await announced(person, "portfolio", "later.png", len(PNG))).id

    async def anyone(upload_id: int) -> int:
        return (await app.client.get(f"/uploads/{upload_id}/link")).status_code

    async def stranger(upload_id: int) -> int:
        return (await other.get(f"/uploads/{upload_id}/link", expect=None)).status_code

    ids = (avatar, portfolio, resume, waiting, 999_999)
    assert [await anyone(each) for each in ids] == [200, 401, 401, 401, 401]
    assert [await stranger(each) for each in ids] == [200, 200, 404, 404, 404]
    link = await person.get(f"/uploads/{waiting}/link", expect=None)
    problem(link, 409, "upload_not_confirmed")
    shown = (await other.get(f"/users/{person.id}/portfolio")).json()["items"]
    assert [each["id"] for each in shown] == [portfolio]
    execute(app, "UPDATE users SET suspended_at = now() WHERE id = %s", person.id)
    assert [await stranger(each) for each in ids] == [404] * 5
    assert (await other.get(f"/users/{person.id}/portfolio")).json()["items"] == []
    problem(await app.client.get(f"/users/{person.id}/avatar"), 404, "avatar_not_found")


async def test_the_way_to_a_file_takes_one_statement(app: Running) -> None:
    person = await app.person()
    upload = await uploaded(person, "avatar", "me.png", PNG)
    for path, status in ((f"/uploads/{upload}/link", 200), (f"/users/{person.id}/avatar", 307)):
        with counted() as statements:
            answer = await app.client.get(path)
        assert answer.status_code == status
        assert len(statements) == 1, statements


async def test_someone_elses_upload_is_nobodys(app: Running) -> None:
    person, other = await app.person(), await app.person()
    parcel = await announced(person, "avatar", "me.png", len(PNG))
    await parcel.send(PNG)
    path = f"/uploads/{parcel.id}"
    problem(await other.post(f"{path}/confirm"), 404, "upload_not_found")
    problem(await other.send("DELETE", path), 404, "upload_not_found")
    assert (await other.get("/uploads")).json()["items"] == []
    await parcel.confirm()
    problem(await other.send("DELETE", path), 404, "upload_not_found")
    problem(await other.post(f"{path}/confirm"), 404, "upload_not_found")


async def test_a_deleted_file_goes_from_the_store(app: Running, objects: Objects) -> None:
    person = await app.person()
    upload = await uploaded(person, "resume", "me.pdf", PDF)
    await person.send("DELETE", f"/uploads/{upload}", expect=204)
    problem(await person.send("DELETE", f"/uploads/{upload}"), 404, "upload_not_found")
    await sweep(app.board.database, app.board.storage)
    assert [key.partition("/")[0] for key in objects()] == ["incoming"]
    await _time_passes(app, 61)
    assert objects() == []
    assert execute(app, "SELECT count(*) FROM doomed_objects") == [0]


async def test_what_nobody_confirms_goes_after_an_hour(app: Running, objects: Objects) -> None:
    person = await app.person()
    parcel = await announced(person, "avatar", "me.png", len(PNG))
    await parcel.send(PNG)
    kept = await uploaded(person, "resume", "me.pdf", PDF)
    await _time_passes(app, 59)
    assert len(objects()) == 3
    await _time_passes(app, 2)
    assert [key.partition("/")[0] for key in objects()] == ["resume"]
    problem(await parcel.confirm(None), 404, "upload_not_found")
    items = (await person.get("/uploads")).json()["items"]
    assert [each["id"] for each in items] == [kept]


async def test_the_files_of_a_closed_account_go(app: Running, objects: Objects) -> None:
    person = await app.person()
    for kind, name, content in (("avatar", "me.png", PNG), ("resume", "me.pdf", PDF)):
        await uploaded(person, kind, name, content)
    await person.post("/auth/delete", password=PASSWORD, expect=204)
    assert execute(app, "SELECT count(*) FROM uploads") == [0]
    await _time_passes(app, 61)
    assert objects() == []


async def test_one_has_so_many_files_and_no_more(app: Running) -> None:
    person = await app.person()
    given = draft("avatar", "me.png", len(PNG))
    for _ in range(4):
        await person.post("/uploads", expect=201, **given)
    answers = await asyncio.gather(*(person.post("/uploads", **given) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]
    problem(await person.post("/uploads", **given), 409, "too_many_uploads")
    await announced(person, "resume", "me.pdf", len(PDF))


async def test_ten_a_minute_over_all_pods(run_app: RunApp, storage: dict[str, str]) -> None:
    given = draft("portfolio", "wall.png", len(PNG))
    async with run_app(**storage, api_rate_per_minute=100) as app:
        person = await app.person()
        answers = [await person.post("/uploads", **given) for _ in range(11)]
        assert [answer.status_code for answer in answers] == [201] * 10 + [429]
        problem(answers[-1], 429, "rate_limited")


async def test_a_store_that_is_gone_stops_only_what_needs_it(
    run_app: RunApp, storage: dict[str, str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:  # takes connections, answers nothing
        gone = {
            **storage,
            "s3_endpoint_url": f"http://127.0.0.1:{deaf.getsockname()[1]}",
            "s3_timeout_seconds": 0.3,
        }
        async with run_app(**gone) as app:
            person = await app.person()
            parcel = await announced(person, "avatar", "me.png", len(PNG))
            for _ in range(4):
                refused = await parcel.confirm(None)
                problem(refused, 503, "storage_unavailable")
                assert int(refused.headers["retry-after"]) >= 1
            # It is not even asked for a while.
            _hang_up(deaf)
            for _ in range(5):
                problem(await parcel.confirm(None), 503, "storage_unavailable")
            assert _hang_up(deaf) == 0
            given = draft("avatar", "me.png", len(PNG))
            problem(await person.post("/uploads", **given), 503, "storage_unavailable")
            assert (await person.get("/uploads")).json()["items"][0]["id"] == parcel.id
            assert (await app.client.get("/jobs")).status_code == 200
            await person.send("DELETE", f"/uploads/{parcel.id}", expect=204)


async def test_without_a_store_nothing_is_uploaded(run_app: RunApp) -> None:
    async with run_app() as app:
        person = await app.person()
        given = draft("avatar", "me.png", len(PNG))
        problem(await person.post("/uploads", **given), 503, "uploads_not_configured")
        assert (await person.get("/uploads")).json()["items"] == []


async def test_a_resume_goes_with_an_application(app: Running) -> None:
    owner, stranger = await app.employer(), await app.employer()
    person, other = await app.person(), await app.person()
    job = await owner.job()
    path = f"/jobs/{job['id']}/applications"
    resume = await uploaded(person, "resume", "me.pdf", PDF)
    picture = await uploaded(person, "portfolio", "me.png", PNG)
    pending = (await announced(person, "resume", "later.pdf", len(PDF))).id

    async def refused(who: Person, upload: int) -> None:
        answer = await who.post(path, cover_letter="Me.", resume_id=upload)
        problem(answer, 404, "resume_not_found")

    for upload in (picture, pending, 999_999):
        await refused(person, upload)
    await refused(other, resume)
    link = f"/uploads/{resume}/link"
    problem(await owner.get(link, expect=None), 404, "upload_not_found")
    applied = await person.post(path, cover_letter="Me.", resume_id=resume, expect=201)
    assert applied.json()["resume_id"] == resume
    (received,) = (await owner.get(path)).json()["items"]
    assert (await fetched(owner, received["resume_id"])).content == PDF
    for reader in (stranger, other):
        problem(await reader.get(link, expect=None), 404, "upload_not_found")
    # Taken back, it is the applicant's alone again.
    await person.post(f"/applications/{applied.json()['id']}/withdraw", expect=200)
    problem(await owner.get(link, expect=None), 404, "upload_not_found")


async def test_an_application_goes_on_without_a_deleted_resume(app: Running) -> None:
    owner, person = await app.employer(), await app.person()
    path = f"/jobs/{(await owner.job())['id']}/applications"
    resume = await uploaded(person, "resume", "me.pdf", PDF)
    await person.post(path, cover_letter="Me.", resume_id=resume, expect=201)
    await person.send("DELETE", f"/uploads/{resume}", expect=204)
    (received,) = (await owner.get(path)).json()["items"]
    assert received["resume_id"] is None
    problem(await owner.get(f"/uploads/{resume}/link", expect=None), 404, "upload_not_found")


def _hang_up(server: socket.socket) -> int:
    """How many there were that called."""
    server.setblocking(False)
    many = 0
    while True:
        try:
            server.accept()[0].close()
        except BlockingIOError:
            return many
        many += 1
