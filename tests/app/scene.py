"""What belongs to one owner, made when first asked for, and everyone who may come to it.

A new domain adds its things here: a function named as the route names its
parameter, or as a body refers to it.
"""

from collections.abc import Awaitable, Callable, Sequence
from itertools import count
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2

from reference_app.admin.promote import change_role
from reference_app.users.models import Role
from tests.app import campaigns
from tests.app.admins import renewed
from tests.app.life import Person, Running, until
from tests.app.rows import execute_at
from tests.app.teams import Letter, invite

_PATIENCE_S = 30.0

_numbers = count(1)


class Scene:
    """An owner's things by name, each made once.

    Those that come by mail need the `letters` that the app posts.
    """

    def __init__(self, app: Running, database_url: str, letters: Sequence[Letter] = ()) -> None:
        self.app = app
        self.database_url = database_url
        self.letters = letters
        self._made: dict[str, Any] = {}

    def anew(self) -> "Scene":
        """Another, with nothing made yet."""
        return Scene(self.app, self.database_url, self.letters)

    async def the(self, name: str) -> Any:
        """The thing of this name."""
        if name not in self._made:
            self._made[name] = await _THINGS[name](self)
        return self._made[name]

    async def post(self, who: str, path: str, **body: Any) -> dict[str, Any]:
        """What a post as one of the scene's people answers."""
        person: Person = await self.the(who)
        answer = await person.post(path, **body)
        assert answer.is_success, f"{path}: {answer.text}"
        shown: dict[str, Any] = answer.json()
        return shown

    async def mailed(self, to: str, page: str) -> str:
        """The token of the last letter to somebody that links to `page`."""

        def found() -> list[str]:
            theirs = [letter for letter in self.letters if letter.to == to]
            return [letter.token for letter in theirs if f"/{page}#" in letter.text]

        await until(found, what=f"letter about {page}", patience_s=_PATIENCE_S)
        return found()[-1]


_THINGS: dict[str, Callable[[Scene], Awaitable[Any]]] = {}


def thing(make: Callable[[Scene], Awaitable[Any]]) -> Callable[[Scene], Awaitable[Any]]:
    """Let scenes have what `make` makes, under its name."""
    _THINGS[make.__name__] = make
    return make


# people


@thing
async def employer(scene: Scene) -> Person:
    """The owner, unless said otherwise: has a company, and the tier Enterprise."""
    owner = await scene.app.person("employer")
    owner.company = (await owner.post("/companies", name="Conch Ltd", expect=201)).json()
    execute_at(
        scene.database_url,
        "INSERT INTO subscriptions (user_id, tier, billing_interval, status)"
        " VALUES (%s, 'enterprise', 'month', 'active')",
        owner.id,
    )
    return owner


@thing
async def worker(scene: Scene) -> Person:
    return await scene.app.person()


@thing
async def stranger_seeker(scene: Scene) -> Person:
    return await scene.app.person()


@thing
async def stranger_employer(scene: Scene) -> Person:
    return await scene.app.person("employer")


@thing
async def member(scene: Scene) -> Person:
    """Someone in the team of the owner's company, with a seat: a recruiter."""
    return await _joined(scene, "recruiter")


@thing
async def manager(scene: Scene) -> Person:
    """Someone in the team who looks after the company's page too."""
    return await _joined(scene, "manager")


@thing
async def invited(scene: Scene) -> Person:
    """Someone who was asked into the team, and has not answered."""
    person = await scene.app.person("employer")
    await invite(await scene.the("employer"), person.user["email"])
    return person


@thing
async def admin(scene: Scene) -> Person:
    person = await scene.app.person()
    change_role(scene.database_url, person.user["email"], Role.ADMIN)
    return await renewed(scene.app, person)


@thing
async def applicant(scene: Scene) -> Person:
    """The worker, having applied for the job."""
    await scene.the("application_id")
    person: Person = await scene.the("worker")
    return person


async def _joined(scene: Scene, role: str) -> Person:
    person, owner = await scene.app.person("employer"), await scene.the("employer")
    email = person.user["email"]
    await invite(owner, email, role)
    token = await scene.mailed(email, "invitations")
    await person.post("/companies/invitations/accept", expect=200, token=token)
    person.company = owner.company
    return person


# what they have


@thing
async def user_id(scene: Scene) -> int:
    return int((await scene.the("worker")).id)


@thing
async def user_kind(_: Scene) -> str:
    """What a report calls people."""
    return "user"


@thing
async def applicant_id(scene: Scene) -> int:
    return int((await scene.the("applicant")).id)


@thing
async def hired_id(scene: Scene) -> int:
    application = await scene.the("application_id")
    decider = await scene.the("employer")
    await decider.patch(f"/applications/{application}", status="hired", expect=200)
    return int((await scene.the("worker")).id)


@thing
async def worker_email(scene: Scene) -> str:
    return str((await scene.the("worker")).user["email"])


@thing
async def refresh_token(scene: Scene) -> str:
    return str((await scene.the("worker")).refresh_token)


@thing
async def new_email(_: Scene) -> str:
    return f"new{next(_numbers)}@example.com"


@thing
async def key(_: Scene) -> str:
    return f"key-{next(_numbers):08}"


@thing
async def company_id(scene: Scene) -> int:
    return int((await scene.the("employer")).company["id"])


@thing
async def job_id(scene: Scene) -> int:
    return int((await (await scene.the("employer")).job())["id"])


@thing
async def draft_id(scene: Scene) -> int:
    return int((await (await scene.the("employer")).job(published=False))["id"])


@thing
async def application_id(scene: Scene) -> int:
    path = f"/jobs/{await scene.the('job_id')}/applications"
    return int((await scene.post("worker", path, cover_letter="I mend pipes."))["id"])


@thing
async def message(scene: Scene) -> dict[str, Any]:
    """What the applicant wrote to the employer."""
    other = (await scene.the("employer")).id
    wanted = {"recipient_id": other, "body": "Good day", "key": await key(scene)}
    return await scene.post("applicant", "/conversations", **wanted)


@thing
async def message_id(scene: Scene) -> int:
    return int((await scene.the("message"))["id"])


@thing
async def conversation_id(scene: Scene) -> int:
    return int((await scene.the("message"))["conversation_id"])


@thing
async def post_id(scene: Scene) -> int:
    return int((await scene.post("employer", "/posts", body="Hello islands"))["id"])


@thing
async def comment_id(scene: Scene) -> int:
    path = f"/posts/{await scene.the('post_id')}/comments"
    return int((await scene.post("worker", path, body="Well said."))["id"])


@thing
async def connection_id(scene: Scene) -> int:
    """Of the worker's request to the employer."""
    other = (await scene.the("employer")).id
    return int((await scene.post("worker", "/connections", user_id=other))["id"])


# accounts


@thing
async def proof_token(scene: Scene) -> str:
    return await scene.mailed(await scene.the("worker_email"), "verify-email")


@thing
async def reset_token(scene: Scene) -> str:
    email = await scene.the("worker_email")
    await scene.app.client.post("/auth/password/forgot", json={"email": email})
    return await scene.mailed(email, "reset-password")


@thing
async def google_return(scene: Scene) -> dict[str, str]:
    """What a browser has that comes back from Google."""
    page = (await scene.app.client.post("/auth/google/begin", json={})).json()
    async with httpx2.AsyncClient(timeout=_PATIENCE_S) as browser:
        sent_back = await browser.get(page["url"])
    back = parse_qs(urlsplit(sent_back.headers["location"]).query)
    return {"code": back["code"][0], "state": back["state"][0], "key": page["key"]}


@thing
async def google_code(scene: Scene) -> str:
    return str((await scene.the("google_return"))["code"])


@thing
async def google_state(scene: Scene) -> str:
    return str((await scene.the("google_return"))["state"])


@thing
async def google_key(scene: Scene) -> str:
    return str((await scene.the("google_return"))["key"])


@thing
async def key_id(scene: Scene) -> int:
    return int((await scene.post("employer", "/api-keys", name="Import"))["id"])


@thing
async def search_id(scene: Scene) -> int:
    wanted = {"name": "Plumbing", "category": "plumbing"}
    return int((await scene.post("employer", "/saved-searches", **wanted))["id"])


# teams


@thing
async def member_id(scene: Scene) -> int:
    return int((await scene.the("member")).id)


@thing
async def manager_id(scene: Scene) -> int:
    return int((await scene.the("manager")).id)


@thing
async def invitation_id(scene: Scene) -> int:
    return int((await invite(await scene.the("employer"), await scene.the("new_email")))["id"])


@thing
async def invitation_token(scene: Scene) -> str:
    return await scene.mailed((await scene.the("invited")).user["email"], "invitations")


@thing
async def note_id(scene: Scene) -> int:
    return await _noted(scene, "employer")


@thing
async def members_note_id(scene: Scene) -> int:
    return await _noted(scene, "member")


async def _noted(scene: Scene, who: str) -> int:
    path = f"/applications/{await scene.the('application_id')}/notes"
    return int((await scene.post(who, path, body="Ask for references."))["id"])


# administration


@thing
async def admin_id(scene: Scene) -> int:
    return int((await scene.the("admin")).id)


@thing
async def suspended_id(scene: Scene) -> int:
    user = await scene.the("user_id")
    await scene.post("admin", f"/admin/users/{user}/suspend", reason="Spam")
    return int(user)


@thing
async def post_kind(_: Scene) -> str:
    return "post"


@thing
async def reported_id(scene: Scene) -> int:
    """Of the owner's post, which somebody reported."""
    reported = await scene.the("post_id")
    wanted = {"kind": "post", "thing_id": reported, "reason": "spam"}
    await scene.post("worker", "/reports", **wanted)
    return int(reported)


@thing
async def hidden_id(scene: Scene) -> int:
    """Of the owner's post, which an administrator hid."""
    reported = await scene.the("reported_id")
    path = f"/admin/moderation/post/{reported}/resolve"
    await scene.post("admin", path, resolution="hide", reason="Spam")
    return int(reported)


@thing
async def flag(_: Scene) -> str:
    return "messaging"


# advertising


@thing
async def campaign_id(scene: Scene) -> int:
    return await campaigns.campaign(await scene.the("employer"))


@thing
async def submitted_id(scene: Scene) -> int:
    draft = await scene.the("campaign_id")
    await scene.post("employer", f"/campaigns/{draft}/submit")
    return int(draft)


@thing
async def approved_id(scene: Scene) -> int:
    submitted = await scene.the("submitted_id")
    await scene.post("admin", f"/admin/campaigns/{submitted}/approve")
    return int(submitted)


@thing
async def running_id(scene: Scene) -> int:
    approved = await scene.the("approved_id")
    await scene.post("employer", f"/campaigns/{approved}/start")
    return int(approved)


@thing
async def placement(scene: Scene) -> str:
    """Where a campaign of the owner is shown."""
    await scene.the("running_id")
    return "jobs"


@thing
async def ad_token(scene: Scene) -> str:
    shown = await campaigns.asked(scene.app, f"placement={await scene.the('placement')}")
    return campaigns.path_of(shown).split("/")[2]


# uploads


@thing
async def announced_id(scene: Scene) -> int:
    """Of a file the worker may send."""
    wanted = {"kind": "resume", "file_name": "me.pdf", "content_type": "application/pdf"}
    begun = await scene.post("worker", "/uploads", **wanted, size_bytes=400)
    return int(begun["upload"]["id"])


async def _kept(scene: Scene, kind: str) -> int:
    """A file of the worker's, as if it had been sent and confirmed."""
    (made,) = execute_at(
        scene.database_url,
        "INSERT INTO uploads"
        " (owner_id, kind, file_name, content_type, size_bytes, object_key, confirmed_at)"
        " VALUES (%s, %s, 'a.pdf', 'application/pdf', 400, gen_random_uuid()::text, now())"
        " RETURNING id",
        (await scene.the("worker")).id,
        kind,
    )
    return int(made)


@thing
async def upload_id(scene: Scene) -> int:
    return await _kept(scene, "portfolio")


@thing
async def avatar_id(scene: Scene) -> int:
    return await _kept(scene, "avatar")


@thing
async def resume_id(scene: Scene) -> int:
    return await _kept(scene, "resume")


@thing
async def sent_resume_id(scene: Scene) -> int:
    resume = await _kept(scene, "resume")
    path = f"/jobs/{await scene.the('job_id')}/applications"
    await scene.post("worker", path, cover_letter="I mend pipes.", resume_id=resume)
    return resume


@thing
async def pictured_id(scene: Scene) -> int:
    """The worker, with an avatar."""
    await scene.the("avatar_id")
    return int((await scene.the("worker")).id)
