"""Things that can be reported, and who reports and judges them."""

from typing import Any
from uuid import uuid4

import httpx2

from tests.app.admins import administrator, put
from tests.app.campaigns import campaign
from tests.app.life import Person, Running

BECAUSE = {"reason": "Because of the rules"}


class World:
    """Somebody who made one of each thing, somebody who sees them, an administrator."""

    def __init__(self, app: Running) -> None:
        self.app = app
        self.things: dict[str, int] = {}

    async def make(self) -> "World":
        self.author, self.other = await self.app.employer(), await self.app.person()
        self.admin = await administrator(self.app)
        job = await self.author.job()
        await self.other.post(f"/jobs/{job['id']}/applications", cover_letter="Me", expect=201)
        applied = (await self.author.get(f"/jobs/{job['id']}/applications")).json()["items"][0]
        await self.author.patch(f"/applications/{applied['id']}", status="hired", expect=200)
        post = (await self.author.post("/posts", body="Buy gold", expect=201)).json()
        comment = await self.author.post(f"/posts/{post['id']}/comments", body="Now", expect=201)
        reviewed = f"/users/{self.other.id}/review"
        review = await put(self.author, reviewed, stars=1, body="Lazy")
        wanted = {"recipient_id": self.other.id, "body": "Pay me", "key": str(uuid4())}
        message = await self.author.post("/conversations", expect=201, **wanted)
        self.things = {
            "job": job["id"],
            "post": post["id"],
            "comment": comment.json()["id"],
            "review": review.json()["id"],
            "user": self.author.id,
            "message": message.json()["id"],
        }
        self.campaign = await _submitted(self.author)
        return self

    async def report(self, person: Person, kind: str, **given: Any) -> httpx2.Response:
        wanted = {"kind": kind, "thing_id": self.things[kind], "reason": "spam", **given}
        return await person.post("/reports", **wanted)

    async def resolve(self, kind: str, resolution: str) -> httpx2.Response:
        path = f"/admin/moderation/{kind}/{self.things[kind]}/resolve"
        return await self.admin.post(path, resolution=resolution, **BECAUSE)

    async def shown(self) -> dict[str, bool]:
        """What of it strangers find, on its page and in its list."""
        client, author = self.app.client, self.author.id
        things = self.things

        async def lists(path: str, kind: str) -> bool:
            items = (await client.get(path)).json()["items"]
            return things[kind] in [item["id"] for item in items]

        job = (await client.get(f"/jobs/{things['job']}")).status_code == 200
        assert job == await lists(f"/companies/{self.author.company['id']}/jobs", "job")
        assert job == await lists("/jobs", "job")
        post = (await client.get(f"/posts/{things['post']}")).status_code == 200
        assert post == await lists(f"/users/{author}/posts", "post")
        assert post == await lists("/posts/trending", "post")
        comments = await lists(f"/posts/{things['post']}/comments", "comment")
        review = await lists(f"/users/{self.other.id}/reviews", "review")
        rated = (await client.get(f"/users/{self.other.id}/rating")).json()["reviews"]
        assert rated == int(review)
        user = (await client.get(f"/users/{author}")).status_code == 200
        return {"job": job, "post": post, "comment": comments, "review": review, "user": user}


async def _submitted(author: Person) -> int:
    wanted = await campaign(author)
    await author.post(f"/campaigns/{wanted}/submit", expect=200)
    return wanted
