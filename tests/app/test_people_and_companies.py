"""Profiles and companies."""

import asyncio
from typing import Any

import pytest

from tests.app.life import Running, problem


async def test_a_profile_shows_nothing_private_and_changes_at_once(app: Running) -> None:
    person = await app.person()
    before = await app.client.get(f"/users/{person.id}")
    assert before.status_code == 200
    assert "email" not in before.json()
    changed = await person.patch("/users/me", headline=" Mason ", island="exuma", expect=200)
    assert changed.json()["headline"] == "Mason"
    assert changed.json()["full_name"] == person.user["full_name"]
    after = (await app.client.get(f"/users/{person.id}")).json()
    assert (after["headline"], after["island"]) == ("Mason", "exuma")


async def test_an_island_can_be_taken_out_of_a_profile_but_not_the_name(app: Running) -> None:
    person = await app.person()
    await person.patch("/users/me", island="exuma", expect=200)
    assert (await person.patch("/users/me", island=None, expect=200)).json()["island"] is None
    problem(await person.patch("/users/me", full_name=None), 422, "invalid_request")
    problem(await person.patch("/users/me", island="atlantis"), 422, "invalid_request")
    problem(await person.patch("/users/me", email="x@example.com"), 422, "invalid_request")
    problem(await person.patch("/users/me", role="employer"), 422, "invalid_request")


@pytest.mark.parametrize("path", ["/users/999", "/companies/999", "/jobs/999"])
async def test_what_is_not_there_is_not_there(app: Running, path: str) -> None:
    for _ in range(2):  # the second time from the cache
        answer = await app.client.get(path)
        assert answer.status_code == 404
        assert answer.json()["code"].endswith("_not_found")


@pytest.mark.parametrize("path", ["/users/0", "/companies/x", f"/jobs/{2**63}", "/jobs/-1"])
async def test_an_id_that_cannot_be_is_refused(app: Running, path: str) -> None:
    problem(await app.client.get(path), 422, "invalid_request")


async def test_looking_for_someone_too_early_does_not_hide_them_later(app: Running) -> None:
    first = await app.person()
    coming = first.id + 1
    assert (await app.client.get(f"/users/{coming}")).status_code == 404
    second = await app.person()
    assert second.id == coming
    assert (await app.client.get(f"/users/{coming}")).status_code == 200


async def test_a_company_is_made_once_however_often_the_button_is_pressed(app: Running) -> None:
    employer = await app.person("employer")
    answers = await asyncio.gather(
        *(employer.post("/companies", name="Conch Ltd") for _ in range(5))
    )
    assert sorted(answer.status_code for answer in answers) == [201, *[409] * 4]
    # Another owner's company may have the same name.
    other = await app.person("employer")
    await other.post("/companies", name="Conch Ltd", expect=201)


async def test_a_company_is_changed_by_its_owner_alone(app: Running) -> None:
    owner, other, seeker = await app.employer(), await app.employer(), await app.person()
    path = f"/companies/{owner.company['id']}"
    assert (await app.client.get(path)).json()["description"] == ""
    problem(await other.patch(path, description="Mine!"), 403, "not_your_company")
    problem(await seeker.patch(path, description="Mine!"), 403, "employers_only")
    problem(await app.client.patch(path, json={"description": "Mine!"}), 401, "not_signed_in")
    problem(await owner.patch("/companies/999", description="?"), 404, "company_not_found")
    await owner.patch(path, description="Shells and more.", expect=200)
    assert (await app.client.get(path)).json()["description"] == "Shells and more."


async def test_an_owners_companies_cannot_take_each_others_name(app: Running) -> None:
    owner = await app.employer()
    second = (await owner.post("/companies", name="Reef Ltd", expect=201)).json()
    answer = await owner.patch(f"/companies/{second['id']}", name="Conch Ltd")
    problem(answer, 409, "company_exists")
    assert (await app.client.get(f"/companies/{second['id']}")).json()["name"] == "Reef Ltd"


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "x" * 121},
        {"website": "not a place"},
        {"website": "javascript:alert(1)"},
        {"island": "atlantis"},
    ],
)
async def test_a_company_that_makes_no_sense_is_refused(
    app: Running, wrong: dict[str, Any]
) -> None:
    employer = await app.person("employer")
    answer = await employer.post("/companies", **{"name": "Conch Ltd", **wrong})
    problem(answer, 422, "invalid_request")


async def test_seekers_make_no_companies(app: Running) -> None:
    seeker = await app.person()
    problem(await seeker.post("/companies", name="Conch Ltd"), 403, "employers_only")


async def test_a_companys_page_counts_its_open_jobs_and_lists_them(app: Running) -> None:
    owner = await app.employer()
    path = f"/companies/{owner.company['id']}"
    await owner.job(published=False)
    opened, closed = await owner.job(), await owner.job()
    assert (await app.client.get(path)).json()["open_jobs"] == 2
    listed = (await app.client.get(f"{path}/jobs")).json()["items"]
    assert [job["id"] for job in listed] == [closed["id"], opened["id"]]
    await owner.post(f"/jobs/{closed['id']}/close", expect=200)
    assert (await app.client.get(path)).json()["open_jobs"] == 1
    listed = (await app.client.get(f"{path}/jobs")).json()["items"]
    assert [job["id"] for job in listed] == [opened["id"]]


async def test_companies_come_in_pages_the_newest_first(app: Running) -> None:
    owner = await app.person("employer")
    made = [
        (await owner.post("/companies", name=f"Company {n}", expect=201)).json()["id"]
        for n in range(5)
    ]
    seen, cursor = [], ""
    while cursor is not None:
        page = (await app.client.get(f"/companies?limit=2{cursor and '&cursor=' + cursor}")).json()
        seen += [company["id"] for company in page["items"]]
        cursor = page["next_cursor"]
    assert seen == made[::-1]
