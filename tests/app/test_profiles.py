"""Skills, and the list of workers available for hire."""

from typing import Any

import psycopg
import pytest

from tests.app.life import Person, Running, problem


async def worker(app: Running, **profile: Any) -> Person:
    person = await app.person()
    await person.patch("/users/me", available_for_hire=True, expect=200, **profile)
    return person


async def listed(app: Running, query: str = "") -> list[int]:
    answer = await app.client.get(f"/users/available{query}")
    assert answer.status_code == 200, answer.text
    return [item["id"] for item in answer.json()["items"]]


async def test_skills_are_told_apart_neither_by_case_nor_by_blanks(app: Running) -> None:
    person = await app.person()
    shown = (await app.client.get(f"/users/{person.id}")).json()
    assert (shown["skills"], shown["available_for_hire"]) == ([], False)
    skills = ["  Boat   Repair ", "boat repair", "WELDING", "Straße", "strasse"]
    changed = (await person.patch("/users/me", skills=skills, expect=200)).json()
    assert changed["skills"] == ["boat repair", "welding", "strasse"]
    assert changed["email"] == person.user["email"]
    shown = (await app.client.get(f"/users/{person.id}")).json()
    assert shown["skills"] == ["boat repair", "welding", "strasse"]
    # What is left out stays; an empty list empties.
    await person.patch("/users/me", headline="Welder", expect=200)
    assert (await app.client.get(f"/users/{person.id}")).json()["skills"] == shown["skills"]
    await person.patch("/users/me", skills=[], expect=200)
    assert (await app.client.get(f"/users/{person.id}")).json()["skills"] == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"skills": [f"skill {n}" for n in range(21)]},
        {"skills": [" "]},
        {"skills": ["x" * 41]},
        {"skills": ["a\x00b"]},
        {"skills": None},
        {"skills": "welding"},
        {"available_for_hire": None},
        {"available_since": "2026-01-01T00:00:00Z"},
    ],
)
async def test_skills_that_make_no_sense_are_refused(app: Running, wrong: dict[str, Any]) -> None:
    person = await app.person()
    problem(await person.patch("/users/me", **wrong), 422, "invalid_request")


async def test_twenty_skills_are_kept_however_often_each_is_named(app: Running) -> None:
    person = await app.person()
    skills = [f"skill {n}" for n in range(20)]
    changed = await person.patch("/users/me", skills=[*skills, *skills], expect=200)
    assert changed.json()["skills"] == skills


async def test_the_switch_shows_at_once_and_the_last_comes_first(app: Running) -> None:
    assert await listed(app) == []
    first, second = await worker(app), await worker(app)
    assert await listed(app) == [second.id, first.id]
    # Saying it again does not move anyone to the front.
    await first.patch("/users/me", available_for_hire=True, expect=200)
    assert await listed(app) == [second.id, first.id]
    await second.patch("/users/me", available_for_hire=False, expect=200)
    assert await listed(app) == [first.id]
    assert not (await app.client.get(f"/users/{second.id}")).json()["available_for_hire"]


async def test_employers_are_not_for_hire(app: Running) -> None:
    employer = await app.person("employer")
    problem(await employer.patch("/users/me", available_for_hire=True), 403, "seekers_only")
    assert await listed(app) == []


async def test_workers_are_found_by_island_skill_and_words(app: Running) -> None:
    mason = await worker(app, island="exuma", skills=["Masonry", "tiling"], headline="Mason")
    cook = await worker(app, island="exuma", skills=["cooking"], bio="Conch salad and more.")
    far = await worker(app, island="abaco", skills=["masonry"], headline="Builder of walls")
    hidden = await app.person()
    await hidden.patch("/users/me", island="exuma", skills=["masonry"], expect=200)
    assert await listed(app, "?island=exuma") == [cook.id, mason.id]
    assert await listed(app, "?skill=%20MASONRY") == [far.id, mason.id]
    assert await listed(app, "?skill=masonry&island=exuma") == [mason.id]
    assert await listed(app, "?skill=mason") == []
    assert await listed(app, "?q=walls") == [far.id]
    assert await listed(app, "?q=salads") == [cook.id]
    assert await listed(app, "?q=mason&skill=tiling&island=exuma") == [mason.id]
    assert await listed(app, "?q=%22%27%20OR%201") == []


async def test_no_two_conditions_share_what_is_cached(app: Running) -> None:
    one = await worker(app, skills=["a:b"], headline="c")
    assert await listed(app, "?skill=a:b&q=c") == [one.id]
    assert await listed(app, "?skill=a&q=b:c") == []


@pytest.mark.parametrize("query", ["?island=atlantis", "?limit=0", "?skill=%20", "?q=" + "x" * 121])
async def test_a_list_that_cannot_be_is_refused(app: Running, query: str) -> None:
    problem(await app.client.get(f"/users/available{query}"), 422, "invalid_request")


async def test_a_cursor_of_another_list_is_refused(app: Running) -> None:
    problem(await app.client.get("/users/available?cursor=AAAA"), 400, "bad_cursor")


async def test_pages_show_everyone_once(app: Running) -> None:
    url = app.board.settings.database_url.get_secret_value()
    with psycopg.connect(url, autocommit=True) as connection:
        # Many of the same moment: the id decides among them.
        connection.execute(
            "INSERT INTO users (email, password_hash, role, full_name, available_since)"
            " SELECT n || '@example.com', 'x', 'seeker', 'Worker', '2026-01-01'::timestamptz"
            " + n / 7 * interval '1 microsecond' FROM generate_series(1, 50) n"
        )
        expected = [
            row[0]
            for row in connection.execute(
                "SELECT id FROM users ORDER BY available_since DESC, id DESC"
            )
        ]
    found: list[int] = []
    cursor = ""
    while True:
        page = (await app.client.get(f"/users/available?limit=7{cursor}")).json()
        found += [item["id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert found == expected
