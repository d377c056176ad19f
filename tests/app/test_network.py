"""Following and connecting."""

import asyncio
from typing import Any

from reference_app.network.following import MOST_FOLLOWED
from reference_app.subscriptions.tiers import Tier
from tests.app.life import Person, Running, problem
from tests.app.rows import execute
from tests.app.statements import counted


def crowd(app: Running, many: int) -> list[int]:
    """The ids of people who do not act."""
    return execute(
        app,
        "INSERT INTO users (email, password_hash, role, full_name)"
        " SELECT 'crowd' || n || '@example.com', 'x', 'seeker', 'One of many'"
        " FROM generate_series(1, %s) n RETURNING id",
        many,
    )


async def audience(app: Running, path: str) -> dict[str, int]:
    answer = await app.client.get(f"{path}/audience")
    assert answer.status_code == 200, answer.text
    numbers: dict[str, int] = answer.json()
    return numbers


async def connected(asker: Person, other: Person) -> int:
    """The id of a new connection between two people."""
    asked = (await asker.post("/connections", user_id=other.id, expect=201)).json()
    accepted = await other.post(f"/connections/{asked['id']}/accept", expect=200)
    assert accepted.json()["status"] == "accepted"
    return int(asked["id"])


async def ids(person: Person, path: str, who: str = "") -> list[int]:
    items = (await person.get(path)).json()["items"]
    return [item[who]["id"] if who else item["id"] for item in items]


async def kinds(person: Person) -> list[str]:
    return [item["kind"] for item in (await person.get("/notifications")).json()["items"]]


async def test_following_counts_once_however_often_the_button_is_pressed(app: Running) -> None:
    fan, other = await app.person(), await app.person()
    assert await audience(app, f"/users/{other.id}") == {
        "followers": 0,
        "following": 0,
        "connections": 0,
    }
    answers = await asyncio.gather(
        *(fan.send("PUT", f"/users/{other.id}/follow") for _ in range(8))
    )
    assert {answer.status_code for answer in answers} == {204}
    assert (await audience(app, f"/users/{other.id}"))["followers"] == 1
    assert (await audience(app, f"/users/{fan.id}"))["following"] == 1
    assert await ids(other, f"/users/{other.id}/followers") == [fan.id]
    assert await ids(fan, "/follows/users") == [other.id]
    assert await kinds(other) == ["followed"]
    answers = await asyncio.gather(
        *(fan.send("DELETE", f"/users/{other.id}/follow") for _ in range(4))
    )
    assert {answer.status_code for answer in answers} == {204}
    assert (await audience(app, f"/users/{other.id}"))["followers"] == 0
    assert await ids(fan, "/follows/users") == []


async def test_a_company_is_followed_by_many_at_once(app: Running) -> None:
    owner = await app.employer()
    path = f"/companies/{owner.company['id']}"
    fans = [await app.person() for _ in range(12)]
    assert await audience(app, path) == {"followers": 0}
    await asyncio.gather(*(fan.send("PUT", f"{path}/follow", expect=204) for fan in fans))
    assert await audience(app, path) == {"followers": 12}
    await asyncio.gather(*(fan.send("DELETE", f"{path}/follow", expect=204) for fan in fans[:5]))
    assert await audience(app, path) == {"followers": 7}
    assert await ids(owner, f"{path}/followers") == [fan.id for fan in reversed(fans[5:])]
    assert await ids(fans[-1], "/follows/companies") == [owner.company["id"]]


async def test_what_cannot_be_followed_is_refused(app: Running) -> None:
    fan = await app.person()
    problem(await fan.send("PUT", f"/users/{fan.id}/follow"), 400, "to_yourself")
    problem(await fan.send("PUT", "/users/999/follow"), 404, "user_not_found")
    problem(await fan.send("PUT", "/companies/999/follow"), 404, "company_not_found")
    problem(await app.client.put(f"/users/{fan.id}/follow"), 401, "not_signed_in")
    problem(await app.client.get("/users/999/audience"), 404, "user_not_found")
    problem(await app.client.get("/companies/999/audience"), 404, "company_not_found")
    # Ending what is not there is nothing.
    await fan.send("DELETE", "/users/999/follow", expect=204)
    await fan.send("DELETE", "/companies/999/follow", expect=204)


async def test_one_can_follow_only_so_many(app: Running) -> None:
    fan, other, owner = await app.person(), await app.person(), await app.employer()
    followed = crowd(app, MOST_FOLLOWED - 1)
    execute(
        app,
        "INSERT INTO user_follows (follower_id, user_id) SELECT %s, unnest(%s::bigint[])",
        fan.id,
        followed,
    )
    await fan.send("PUT", f"/users/{other.id}/follow", expect=204)
    company = f"/companies/{owner.company['id']}/follow"
    problem(await fan.send("PUT", company), 409, "follows_too_many")
    problem(await fan.send("PUT", f"/users/{owner.id}/follow"), 409, "follows_too_many")
    # Whom one follows already, one may follow again.
    await fan.send("PUT", f"/users/{other.id}/follow", expect=204)
    await fan.send("DELETE", f"/users/{other.id}/follow", expect=204)
    await fan.send("PUT", company, expect=204)


async def test_above_a_thousand_followers_the_number_waits_for_the_cache(app: Running) -> None:
    fan, other = await app.person(), await app.person()
    followers = crowd(app, 999)
    execute(
        app,
        "INSERT INTO user_follows (follower_id, user_id) SELECT unnest(%s::bigint[]), %s",
        followers,
        other.id,
    )
    assert (await audience(app, f"/users/{other.id}"))["followers"] == 999
    await fan.send("PUT", f"/users/{other.id}/follow", expect=204)
    assert (await audience(app, f"/users/{other.id}"))["followers"] == 999
    await fan.send("DELETE", f"/users/{other.id}/follow", expect=204)
    execute(app, "DELETE FROM user_follows WHERE follower_id = %s", followers[0])
    await fan.send("PUT", f"/users/{other.id}/follow", expect=204)
    assert (await audience(app, f"/users/{other.id}"))["followers"] == 999


async def test_followers_come_in_pages(app: Running) -> None:
    other = await app.person()
    followers = crowd(app, 25)
    execute(
        app,
        "INSERT INTO user_follows (follower_id, user_id) SELECT unnest(%s::bigint[]), %s",
        followers,
        other.id,
    )
    found: list[int] = []
    cursor = ""
    for _ in range(3):
        page = (await other.get(f"/users/{other.id}/followers?limit=10{cursor}")).json()
        found += [item["id"] for item in page["items"]]
        cursor = f"&cursor={page['next_cursor']}"
    assert found == sorted(followers, reverse=True)
    assert page["next_cursor"] is None


async def test_a_request_is_made_accepted_and_ended(app: Running) -> None:
    asker, other = await app.person(), await app.person()
    asked = (await asker.post("/connections", user_id=other.id, expect=201)).json()
    assert (asked["status"], asked["user_id"], asked["decided_at"]) == ("pending", other.id, None)
    path = f"/connections/{asked['id']}"
    assert await ids(other, "/connections/requests", "person") == [asker.id]
    assert await ids(asker, "/connections/requests") == []
    assert await ids(asker, "/connections/requests?direction=sent", "person") == [other.id]
    assert await ids(other, "/connections") == []
    problem(await asker.post(f"{path}/accept"), 403, "own_request")
    problem(await asker.post("/connections", user_id=other.id), 409, "already_asked")
    answers = await asyncio.gather(*(other.post(f"{path}/accept") for _ in range(5)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["decided_at"] for answer in answers}) == 1
    assert await ids(asker, "/connections", "person") == [other.id]
    assert await ids(other, "/connections", "person") == [asker.id]
    assert await ids(other, "/connections/requests") == []
    assert (await audience(app, f"/users/{asker.id}"))["connections"] == 1
    assert await kinds(other) == ["connection_requested"]
    assert await kinds(asker) == ["connection_accepted"]
    for each in (asker, other):
        problem(
            await each.post("/connections", user_id=asker.id + other.id - each.id),
            409,
            "already_connected",
        )
    for _ in range(2):
        await other.send("DELETE", path, expect=204)
    assert await ids(asker, "/connections") == []
    assert (await audience(app, f"/users/{asker.id}"))["connections"] == 0


async def test_two_who_ask_each_other_are_connected_once(app: Running) -> None:
    for _ in range(5):
        one, two = await app.person(), await app.person()
        answers = await asyncio.gather(
            *(
                asker.post("/connections", user_id=other.id)
                for asker, other in ((one, two), (two, one)) * 4
            )
        )
        assert {answer.status_code for answer in answers} == {201, 409}
        assert sorted(a.json()["status"] for a in answers if a.status_code == 201) == [
            "accepted",
            "pending",
        ]
        assert await ids(one, "/connections", "person") == [two.id]
        assert await ids(two, "/connections", "person") == [one.id]
    assert execute(app, "SELECT count(*) FROM connections") == [5]


async def test_who_was_declined_cannot_ask_again_but_can_be_asked(app: Running) -> None:
    asker, other = await app.person(), await app.person()
    asked = (await asker.post("/connections", user_id=other.id, expect=201)).json()
    path = f"/connections/{asked['id']}"
    problem(await asker.post(f"{path}/decline"), 403, "own_request")
    for _ in range(2):
        assert (await other.post(f"{path}/decline", expect=200)).json()["status"] == "declined"
    problem(await asker.post("/connections", user_id=other.id), 409, "request_declined")
    problem(await other.post(f"{path}/accept"), 409, "request_declined")
    # Nor by taking back what is no longer there.
    await asker.send("DELETE", path, expect=204)
    problem(await asker.post("/connections", user_id=other.id), 409, "request_declined")
    again = (await other.post("/connections", user_id=asker.id, expect=201)).json()
    assert (again["id"], again["status"], again["asked_by"]) == (asked["id"], "pending", other.id)
    problem(await other.post(f"{path}/accept"), 403, "own_request")
    assert (await asker.post(f"{path}/accept", expect=200)).json()["status"] == "accepted"
    problem(await asker.post(f"{path}/decline"), 409, "already_connected")


async def test_deleting_takes_back_ones_request_and_declines_anothers(app: Running) -> None:
    asker, other, stranger = [await app.person() for _ in range(3)]
    asked = (await asker.post("/connections", user_id=other.id, expect=201)).json()
    await stranger.send("DELETE", f"/connections/{asked['id']}", expect=204)
    assert await ids(other, "/connections/requests") == [asked["id"]]
    await asker.send("DELETE", f"/connections/{asked['id']}", expect=204)
    assert await ids(other, "/connections/requests") == []
    asked = (await asker.post("/connections", user_id=other.id, expect=201)).json()
    await other.send("DELETE", f"/connections/{asked['id']}", expect=204)
    problem(await asker.post("/connections", user_id=other.id), 409, "request_declined")


async def test_requests_that_cannot_be_are_refused(app: Running) -> None:
    asker, other, stranger = [await app.person() for _ in range(3)]
    problem(await asker.post("/connections", user_id=asker.id), 400, "to_yourself")
    problem(await asker.post("/connections", user_id=999), 404, "user_not_found")
    problem(await asker.post("/connections", user_id="x"), 422, "invalid_request")
    asked = (await asker.post("/connections", user_id=other.id, expect=201)).json()
    for what in ("accept", "decline"):
        path = f"/connections/{asked['id']}/{what}"
        problem(await stranger.post(path), 404, "connection_not_found")
        problem(await app.client.post(path), 401, "not_signed_in")
        problem(await other.post(f"/connections/999/{what}"), 404, "connection_not_found")


def acquaintances(app: Running, person: Person, many: int) -> None:
    """Give someone this many connections."""
    execute(
        app,
        "INSERT INTO connections (low_user_id, high_user_id, asked_by, status, decided_at)"
        " SELECT %s, other, other, 'accepted', now() FROM unnest(%s::bigint[]) other",
        person.id,
        crowd(app, many),
    )


async def test_however_many_are_accepted_at_once_the_tier_holds(app: Running) -> None:
    popular = await app.person()
    acquaintances(app, popular, 98)
    askers = [await app.person() for _ in range(8)]
    asked = await asyncio.gather(
        *(asker.post("/connections", user_id=popular.id, expect=201) for asker in askers)
    )
    answers = await asyncio.gather(
        *(popular.post(f"/connections/{answer.json()['id']}/accept") for answer in asked)
    )
    assert sorted(answer.status_code for answer in answers) == [200, 200, *[403] * 6]
    refused = next(answer for answer in answers if answer.status_code == 403)
    told = problem(refused, 403, "quota_exceeded")
    assert (told["feature"], told["limit"], told["used"]) == ("connections", 100, 100)
    assert (told["tier"], told["upgrade_tier"]) == ("free", "pro")
    assert (await audience(app, f"/users/{popular.id}"))["connections"] == 100
    # Full up, one can ask nobody either, and one's requests wait.
    stranger = await app.person()
    problem(await popular.post("/connections", user_id=stranger.id), 403, "quota_exceeded")
    assert await ids(stranger, "/connections/requests") == []
    await app.give(popular, Tier.PRO)
    path = f"/connections/{refused.request.url.path.split('/')[-2]}/accept"
    await popular.post(path, expect=200)


async def test_the_limit_of_who_asked_holds_too(app: Running) -> None:
    asker, *others = [await app.person() for _ in range(5)]
    acquaintances(app, asker, 98)
    asked = [
        (await asker.post("/connections", user_id=other.id, expect=201)).json() for other in others
    ]
    answers = await asyncio.gather(
        *(
            other.post(f"/connections/{each['id']}/accept")
            for other, each in zip(others, asked, strict=True)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200, 200, 409, 409]
    refused = next(answer for answer in answers if answer.status_code == 409)
    assert "tier" not in problem(refused, 409, "their_connections_full")


async def test_many_who_connect_with_each_other_never_block_each_other(app: Running) -> None:
    people = [await app.person() for _ in range(6)]
    pairs = [(a, b) for a in people for b in people if a is not b]
    answers = await asyncio.gather(*(a.post("/connections", user_id=b.id) for a, b in pairs))
    assert {answer.status_code for answer in answers} <= {201, 409}
    for person in people:
        assert (await audience(app, f"/users/{person.id}"))["connections"] == 5


async def test_the_connected_know_each_other_and_need_no_inmail(app: Running) -> None:
    asker, other = await app.person(), await app.person()

    async def write(key: str) -> Any:
        return await asker.post("/conversations", recipient_id=other.id, body="Hello", key=key)

    problem(await write("message-1"), 403, "not_in_tier")
    asked = (await asker.post("/connections", user_id=other.id, expect=201)).json()
    problem(await write("message-2"), 403, "not_in_tier")
    await other.post(f"/connections/{asked['id']}/accept", expect=200)
    assert (await write("message-3")).status_code == 201
    await asker.send("DELETE", f"/connections/{asked['id']}", expect=204)
    problem(await write("message-4"), 403, "not_in_tier")


async def test_what_is_between_two_is_told_from_ones_own_side(app: Running) -> None:
    asker, other = await app.person(), await app.person()
    nothing = {
        "follows": False,
        "followed_by": False,
        "connection_id": None,
        "connection_status": None,
        "asked_by_me": None,
    }
    assert (await asker.get(f"/users/{other.id}/relation")).json() == nothing
    await asker.send("PUT", f"/users/{other.id}/follow", expect=204)
    asked = (await asker.post("/connections", user_id=other.id, expect=201)).json()
    there = {"connection_id": asked["id"], "connection_status": "pending"}
    assert (await asker.get(f"/users/{other.id}/relation")).json() == {
        **there,
        "follows": True,
        "followed_by": False,
        "asked_by_me": True,
    }
    assert (await other.get(f"/users/{asker.id}/relation")).json() == {
        **there,
        "follows": False,
        "followed_by": True,
        "asked_by_me": False,
    }
    problem(await asker.get("/users/999/relation", expect=None), 404, "user_not_found")


async def test_connections_come_in_pages(app: Running) -> None:
    person = await app.person()
    acquaintances(app, person, 12)
    late = [await app.person() for _ in range(3)]
    for each in late:
        await connected(each, person)
    expected = execute(app, "SELECT id FROM connections ORDER BY id DESC")
    found: list[int] = []
    cursor = ""
    while True:
        page = (await person.get(f"/connections?limit=4{cursor}")).json()
        found += [item["id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert found == expected


async def test_lists_take_one_statement_however_long(app: Running) -> None:
    person, owner = await app.person(), await app.employer()
    acquaintances(app, person, 30)
    for sides in ("%s, id", "id, %s"):
        execute(
            app,
            f"INSERT INTO user_follows SELECT {sides} FROM users WHERE id <> %s",  # noqa: S608
            *[person.id] * 2,
        )
    for path in (
        f"/users/{person.id}/audience",
        f"/users/{person.id}/followers",
        f"/users/{owner.id}/relation",
        f"/companies/{owner.company['id']}/audience",
        f"/companies/{owner.company['id']}/followers",
        "/follows/users",
        "/follows/companies",
        "/connections",
        "/connections/requests",
    ):
        with counted() as statements:
            await person.get(path)
        assert len(statements) == 1, statements
