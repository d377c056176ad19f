"""The picture of whoever is named, wherever they are named."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from reference_app.subscriptions.tiers import Tier
from tests.app.admins import administrator, put
from tests.app.life import Person, Running
from tests.app.parcels import PNG, uploaded
from tests.app.rows import execute

pytestmark = pytest.mark.usefixtures("no_chores")


class Met:
    """Someone with a picture, and an employer whom they meet in every way there is."""

    def __init__(self, app: Running, shown: Person, picture: int, owner: Person) -> None:
        self.app, self.shown, self.picture, self.owner = app, shown, picture, owner

    async def named_in(self, path: str, *keys: str, reader: Person | None = None) -> dict[str, Any]:
        """The first of a list, or what its `keys` lead to."""
        page = (await (reader or self.owner).get(path)).json()
        named: dict[str, Any] = page["items"][0]
        for key in keys:
            named = named[key]
        return named

    async def check(self, path: str, *keys: str, reader: Person | None = None) -> None:
        """The one with the picture is named there, with it."""
        named = await self.named_in(path, *keys, reader=reader)
        assert (named["id"], named["avatar_id"]) == (self.shown.id, self.picture), path


@pytest_asyncio.fixture
async def met(app: Running) -> AsyncIterator[Met]:
    owner, shown = await app.employer(Tier.ENTERPRISE), await app.person()
    yield Met(app, shown, await uploaded(shown, "avatar", "me.png", PNG), owner)


async def test_who_applies_and_reviews_is_seen(met: Met) -> None:
    job = (await met.owner.job())["id"]
    applications = f"/jobs/{job}/applications"
    applied = (await met.shown.post(applications, cover_letter="Me.", expect=201)).json()
    await met.check(applications, "applicant")
    company = f"/companies/{met.owner.company['id']}"
    await put(met.shown, f"{company}/review", stars=4)
    await met.check(f"{company}/reviews", "author")
    # The employer has none.
    await met.owner.patch(f"/applications/{applied['id']}", status="hired", expect=200)
    decided = await met.named_in(f"/applications/{applied['id']}/history", "actor")
    assert (decided["id"], decided["avatar_id"]) == (met.owner.id, None)


async def test_who_posts_comments_and_writes_is_seen(met: Met) -> None:
    await met.owner.post("/connections", user_id=met.shown.id, expect=201)
    (asked,) = (await met.shown.get("/connections/requests")).json()["items"]
    assert asked["person"]["avatar_id"] is None
    await met.check("/connections/requests?direction=sent", "person")
    await met.shown.post(f"/connections/{asked['id']}/accept", expect=200)
    await met.check("/connections", "person")
    wanted = {"recipient_id": met.owner.id, "body": "Good day", "key": "key-0000001"}
    await met.shown.post("/conversations", expect=201, **wanted)
    await met.check("/conversations", "other")
    post = (await met.shown.post("/posts", body="Hello", expect=201)).json()
    assert post["author"]["avatar_id"] == met.picture
    comment = await met.shown.post(f"/posts/{post['id']}/comments", body="And you?", expect=201)
    assert comment.json()["author"]["avatar_id"] == met.picture
    await met.check(f"/posts/{post['id']}/comments", "author")
    await met.check("/feed", "author", reader=met.shown)
    await met.check("/posts/trending", "author")


async def test_who_follows_looks_and_belongs_to_the_team_is_seen(met: Met) -> None:
    owner, shown = met.owner, met.shown
    await put(shown, f"/users/{owner.id}/follow", 204)
    await met.check(f"/users/{owner.id}/followers")
    await put(owner, f"/users/{shown.id}/follow", 204)
    await met.check("/follows/users")
    execute(
        met.app,
        "INSERT INTO profile_views (user_id, viewer_id, views, viewed_at)"
        " VALUES (%s, %s, 1, now())",
        owner.id,
        shown.id,
    )
    await met.check("/users/me/viewers")
    execute(
        met.app,
        "INSERT INTO company_members (company_id, user_id, role) VALUES (%s, %s, 'recruiter')",
        owner.company["id"],
        shown.id,
    )
    await met.check(f"/companies/{owner.company['id']}/members", "user")


async def test_moderators_see_both_sides_and_nobody_the_suspended(met: Met) -> None:
    admin = await administrator(met.app)
    post = (await met.shown.post("/posts", body="Hello", expect=201)).json()
    report = {"kind": "post", "thing_id": post["id"], "reason": "spam"}
    await met.owner.post("/reports", **report)
    await met.check("/admin/moderation", "author", reader=admin)
    comment = await met.owner.post(f"/posts/{post['id']}/comments", body="No.", expect=201)
    report = {"kind": "comment", "thing_id": comment.json()["id"], "reason": "spam"}
    await met.shown.post("/reports", **report)
    await met.check(f"/admin/moderation/comment/{comment.json()['id']}", "reporter", reader=admin)
    execute(met.app, "UPDATE users SET suspended_at = now() WHERE id = %s", met.shown.id)
    suspended = await met.named_in("/admin/moderation", "author", reader=admin)
    assert (suspended["id"], suspended["avatar_id"]) == (met.shown.id, None)
