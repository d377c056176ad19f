"""Files: announced, sent to the store, looked at, confirmed."""

from collections.abc import Callable

import boto3
import httpx2
import pytest

from tests.app.life import Running, problem
from tests.app.parcels import (
    DOCX,
    JPEG,
    PDF,
    PNG,
    WEBP,
    ZIP,
    announced,
    draft,
    fetched,
)
from tests.app.rows import execute

pytestmark = pytest.mark.usefixtures("no_chores")

pytestmark = pytest.mark.usefixtures("no_chores")

Objects = Callable[[], list[str]]


@pytest.mark.parametrize(
    ("kind", "name", "content"),
    [
        ("avatar", "me.png", PNG),
        ("avatar", "ME.JPG", JPEG),
        ("portfolio", "wall.webp", WEBP),
        ("portfolio", "walls.pdf", PDF),
        ("resume", "Résumé of Ana.docx", DOCX),
    ],
)
async def test_a_file_is_announced_sent_confirmed_and_fetched(
    app: Running, kind: str, name: str, content: bytes
) -> None:
    person = await app.person()
    parcel = await announced(person, kind, name.lower(), len(content))
    assert (await parcel.send(content)).status_code == 200
    confirmed = (await parcel.confirm()).json()
    assert confirmed["confirmed_at"] is not None
    assert (await parcel.confirm()).json() == confirmed  # twice is once
    assert (await person.get("/uploads")).json()["items"] == [confirmed]
    got = await fetched(person, parcel.id)
    assert got.content == content
    assert got.headers["content-type"] == confirmed["content_type"]
    how = "inline" if kind == "avatar" else "attachment"
    assert got.headers["content-disposition"].startswith(f"{how}; filename*=UTF-8''")


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (draft("avatar", "me.png", 5_000_001), "file_too_large"),
        (draft("portfolio", "film.pdf", 50_000_001), "file_too_large"),
        (draft("avatar", "me.svg", 10, content_type="image/svg+xml"), "type_not_allowed"),
        (draft("resume", "me.png", 10), "type_not_allowed"),
        (draft("resume", "page.html", 10, content_type="text/html"), "type_not_allowed"),
        (draft("resume", "run.exe", 10, content_type="application/pdf"), "name_does_not_fit"),
        (draft("resume", "pdf", 10, content_type="application/pdf"), "name_does_not_fit"),
    ],
)
async def test_what_its_kind_does_not_allow_is_not_announced(
    app: Running, given: dict[str, object], code: str
) -> None:
    person = await app.person()
    problem(await person.post("/uploads", **given), 400, code)
    assert (await person.get("/uploads")).json()["items"] == []


@pytest.mark.parametrize(
    "given",
    [
        draft("avatar", "../../me.png", 10),
        draft("avatar", 'a".png', 10),
        draft("avatar", "a\r\nset-cookie.png", 10),
        draft("avatar", "me.png", 0),
        draft("passport", "me.png", 10),
    ],
)
async def test_an_announcement_without_sense_is_not_understood(
    app: Running, given: dict[str, object]
) -> None:
    person = await app.person()
    problem(await person.post("/uploads", **given), 422, "invalid_request")


async def test_the_address_takes_only_what_was_announced(app: Running) -> None:
    parcel = await announced(await app.person(), "avatar", "me.png", len(PNG))
    assert (await parcel.send(PNG + b"more")).status_code == 403
    assert (await parcel.send(PNG, **{"content-type": "text/html"})).status_code == 403
    async with httpx2.AsyncClient() as browser:
        assert (await browser.get(parcel.put["url"])).status_code == 403
        bare = parcel.put["url"].partition("?")[0]
        assert (await browser.put(bare, content=PNG)).status_code == 403
    problem(await parcel.confirm(None), 409, "nothing_sent")
    assert (await parcel.send(PNG)).status_code == 200


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("me.png", JPEG),
        ("me.png", b"<svg onload='alert(1)'/>" + bytes(20)),
        ("me.jpg", b"\x89PNG\r\n\x1a\n" + bytes(20)),
        ("me.webp", b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(20)),
    ],
)
async def test_what_a_file_says_of_itself_is_not_believed(
    app: Running, objects: Objects, name: str, content: bytes
) -> None:
    parcel = await announced(await app.person(), "avatar", name, len(content))
    assert (await parcel.send(content)).status_code == 200
    problem(await parcel.confirm(None), 400, "wrong_type")
    assert objects() == []
    problem(await parcel.confirm(None), 404, "upload_not_found")


async def test_a_zip_is_no_word_document(app: Running) -> None:
    parcel = await announced(await app.person(), "resume", "me.docx", len(ZIP))
    await parcel.send(ZIP)
    problem(await parcel.confirm(None), 400, "wrong_type")


@pytest.mark.parametrize("content", [PNG[:-1], b""])
async def test_the_size_is_looked_at(
    app: Running, objects: Objects, storage: dict[str, str], content: bytes
) -> None:
    """Where a store does not hold senders to it."""
    person = await app.person()
    parcel = await announced(person, "avatar", "me.png", len(PNG))
    _put(storage, execute(app, "SELECT object_key FROM uploads")[0], content)
    problem(await parcel.confirm(None), 400, "wrong_size")
    assert objects() == []
    assert (await person.get("/uploads")).json()["items"] == []


async def test_nothing_takes_the_place_of_what_was_confirmed(app: Running) -> None:
    person = await app.person()
    parcel = await announced(person, "avatar", "me.png", len(PNG))
    await parcel.send(PNG)
    await parcel.confirm()
    other = PNG[:-4] + b"evil"
    assert (await parcel.send(other)).status_code == 200  # the address is still good
    await parcel.confirm()
    assert (await fetched(person, parcel.id)).content == PNG


async def test_what_arrives_between_look_and_copy_is_not_kept(
    app: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = await app.person()
    parcel = await announced(person, "avatar", "me.png", len(PNG))
    await parcel.send(PNG)
    look = type(app.board.storage).look

    async def looked_then_swapped(*given: object) -> object:
        found = await look(*given)  # type: ignore[arg-type] # as it is called
        await parcel.send(b"<script>" + bytes(len(PNG) - 8))
        return found

    with monkeypatch.context() as patch:
        patch.setattr(type(app.board.storage), "look", looked_then_swapped)
        problem(await parcel.confirm(None), 409, "file_changed")
    problem(await parcel.confirm(None), 400, "wrong_type")


def _put(storage: dict[str, str], key: str, content: bytes) -> None:
    client = boto3.client(
        "s3",
        endpoint_url=storage["s3_endpoint_url"],
        region_name="auto",
        aws_access_key_id=storage["s3_access_key_id"],
        aws_secret_access_key=storage["s3_secret_access_key"],
    )
    client.put_object(Bucket=storage["s3_bucket"], Key=key, Body=content, ContentType="image/png")
