"""Reviews: who may write them, one each, and what they say together."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_app.reviews.service import rating
from tests.app.life import Person, Running, problem
from tests.app.rows import execute
from tests.app.statements import counted


async def applied(person: Person, owner: Person) -> int:
    """The id of a new application for a new job."""
    job = await owner.job()
    answer = await person.post(f"/jobs/{job['id']}/applications", cover_letter="Me!", expect=201)
    return int(answer.json()["id"])


async def hired(person: Person, owner: Person) -> None:
    application = await applied(person, owner)
    await owner.patch(f"/applications/{application}", status="hired", expect=200)


async def review(person: Person, path: str, stars: int, body: str = "") -> dict[str, Any]:
    answer = await person.send("PUT", f"{path}/review", {"stars": stars, "body": body}, expect=200)
    shown: dict[str, Any] = answer.json()
    return shown


async def read(app: Running, path: str) -> Any:
    answer = await app.client.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_who_applied_reviews_the_company_and_can_change_it(app: Running) -> None:
    owner, person = await app.employer(), await app.person()
    path = f"/companies/{owner.company['id']}"
    nothing = {"1": 0, "2": 0, "3": 0, "4": 0, "5": 0}
    assert await read(app, f"{path}/rating") == {
        "reviews": 0,
        "average": None,
        "by_stars": nothing,
    }
    assert await read(app, f"{path}/reviews") == {"items": [], "next_cursor": None}
    await applied(person, owner)
    first = await review(person, path, 2, " Never answered. ")
    assert (first["stars"], first["body"]) == (2, "Never answered.")
    assert first["author"]["id"] == person.id
    assert (await read(app, f"{path}/reviews"))["items"] == [first]
    changed = await review(person, path, 4, "They did answer.")
    assert (changed["id"], changed["created_at"]) == (first["id"], first["created_at"])
    assert changed["updated_at"] > first["updated_at"]
    assert await review(person, path, 4, "They did answer.") == changed
    assert (await read(app, f"{path}/reviews"))["items"] == [changed]
    assert await read(app, f"{path}/rating") == {
        "reviews": 1,
        "average": 4.0,
        "by_stars": {**nothing, "4": 1},
    }
    for _ in range(2):
        await person.send("DELETE", f"{path}/review", expect=204)
    assert (await read(app, f"{path}/reviews"))["items"] == []
    assert (await read(app, f"{path}/rating"))["average"] is None


async def test_one_review_however_often_the_button_is_pressed(app: Running) -> None:
    owner, person = await app.employer(), await app.person()
    path = f"/companies/{owner.company['id']}"
    await applied(person, owner)
    await applied(person, owner)
    wanted = {"stars": 5, "body": "Fine."}
    answers = await asyncio.gather(
        *(person.send("PUT", f"{path}/review", wanted) for _ in range(8))
    )
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    assert (await read(app, f"{path}/rating"))["reviews"] == 1
    assert execute(app, "SELECT count(*) FROM reviews") == [1]


async def test_only_applicants_review_a_company(app: Running) -> None:
    owner, other, stranger, person = (
        await app.employer(),
        await app.employer(),
        await app.person(),
        await app.person(),
    )
    path = f"/companies/{owner.company['id']}/review"
    wanted = {"stars": 5}
    await applied(person, other)
    for each in (owner, other, stranger, person):
        problem(await each.send("PUT", path, wanted), 403, "not_an_applicant")
    problem(await person.send("PUT", "/companies/999/review", wanted), 404, "company_not_found")
    problem(await app.client.put(path, json=wanted), 401, "not_signed_in")
    # Who thought better of it before anything came of it has nothing to tell.
    application = await applied(person, owner)
    await person.post(f"/applications/{application}/withdraw", expect=200)
    problem(await person.send("PUT", path, wanted), 403, "not_an_applicant")
    assert execute(app, "SELECT count(*) FROM reviews") == [0]


async def test_only_who_hired_a_worker_reviews_them(app: Running) -> None:
    owner, other, person = await app.employer(), await app.employer(), await app.person()
    path = f"/users/{person.id}"
    wanted = {"stars": 5}
    await applied(person, other)
    problem(await other.send("PUT", f"{path}/review", wanted), 403, "not_the_employer")
    problem(await person.send("PUT", f"{path}/review", wanted), 403, "not_the_employer")
    problem(await owner.send("PUT", "/users/999/review", wanted), 404, "user_not_found")
    await hired(person, owner)
    assert (await read(app, f"{path}/rating"))["reviews"] == 0
    shown = await review(owner, path, 5, "Mends everything.")
    problem(await other.send("PUT", f"{path}/review", wanted), 403, "not_the_employer")
    assert (await read(app, f"{path}/reviews"))["items"] == [shown]
    assert (await read(app, f"{path}/rating"))["average"] == 5.0
    # A worker is reviewed, their employer is not.
    assert (await read(app, f"/users/{owner.id}/rating"))["reviews"] == 0
    assert (await read(app, f"/companies/{owner.company['id']}/rating"))["reviews"] == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"stars": 0},
        {"stars": 6},
        {"stars": 4.5},
        {"stars": "5"},
        {"stars": True},
        {"body": "Fine."},
        {"stars": 5, "body": "x" * 5_001},
        {"stars": 5, "body": "a\x00b"},
        {"stars": 5, "average": 5},
    ],
)
async def test_a_review_that_makes_no_sense_is_refused(app: Running, wrong: dict[str, Any]) -> None:
    person = await app.person()
    problem(await person.send("PUT", "/companies/1/review", wrong), 422, "invalid_request")


async def test_the_average_is_of_all_reviews_written_at_once(app: Running) -> None:
    owner = await app.employer()
    path = f"/companies/{owner.company['id']}"
    people = [await app.person() for _ in range(9)]
    for person in people:
        await applied(person, owner)
    await asyncio.gather(
        *(review(person, path, 1 + number % 5) for number, person in enumerate(people))
    )
    assert await read(app, f"{path}/rating") == {
        "reviews": 9,
        "average": 2.78,
        "by_stars": {"1": 2, "2": 2, "3": 2, "4": 2, "5": 1},
    }


async def test_reviews_come_in_pages_of_one_statement_each(app: Running) -> None:
    owner = await app.employer()
    path = f"/companies/{owner.company['id']}"
    expected = execute(
        app,
        "WITH people AS (INSERT INTO users (email, password_hash, role, full_name)"
        " SELECT n || '@example.com', 'x', 'seeker', 'Someone' FROM generate_series(1, 23) n"
        " RETURNING id)"
        " INSERT INTO reviews (author_id, company_id, stars) SELECT id, %s, 3 FROM people"
        " RETURNING id",
        owner.company["id"],
    )
    found: list[int] = []
    cursor = ""
    for _ in range(3):
        with counted() as statements:
            page = await read(app, f"{path}/reviews?limit=10{cursor}")
        assert len(statements) == 1, statements
        found += [item["id"] for item in page["items"]]
        cursor = f"&cursor={page['next_cursor']}"
    assert page["next_cursor"] is None
    assert found == sorted(expected, reverse=True)
    with counted() as statements:
        assert (await read(app, f"{path}/rating"))["reviews"] == 23
    assert len(statements) == 1, statements
    problem(await app.client.get(f"{path}/reviews?cursor=AAAA"), 400, "bad_cursor")


@given(st.lists(st.integers(1, 5), max_size=200))
def test_a_rating_adds_up(stars: list[int]) -> None:
    given_stars = {each: stars.count(each) for each in set(stars)}
    told = rating(given_stars)
    assert told.reviews == len(stars) == sum(told.by_stars.values())
    if stars:
        assert told.average is not None
        assert min(stars) <= told.average <= max(stars)
        assert abs(told.average - sum(stars) / len(stars)) <= 0.005 + 1e-9
    else:
        assert told.average is None
