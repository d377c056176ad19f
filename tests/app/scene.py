"""Things of the board: people, and what they have and do there."""

from itertools import count
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2

from reference_app.admin.promote import change_role
from reference_app.users.models import Role
from tests.app import scene_desks
from tests.app.admins import renewed
from tests.app.life import Person
from tests.app.rows import execute_at
from tests.app.scenery import PATIENCE_S, Scene, thing
from tests.app.teams import invite

__all__ = ["Scene", "scene_desks"]

_numbers = count(1)


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
async def application_ids(scene: Scene) -> list[int]:
    """Of all applications to the job."""
    await scene.the("application_id")
    return execute_at(
        scene.database_url,
        "SELECT id FROM applications WHERE job_id = %s",
        await scene.the("job_id"),
    )


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
    async with httpx2.AsyncClient(timeout=PATIENCE_S) as browser:
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
