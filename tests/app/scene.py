"""What belongs to one owner, made when first asked for, and everyone who may come to it.

A new domain adds its things here: a function named as the route names its
parameter, or as a body refers to it.
"""

from collections.abc import Awaitable, Callable
from itertools import count
from typing import Any

from tests.app.life import PASSWORD, Person, Running
from tests.app.rows import execute_at

_numbers = count(1)


class Scene:
    """An owner's things by name, each made once."""

    def __init__(self, app: Running, database_url: str) -> None:
        self.app = app
        self.database_url = database_url
        self._made: dict[str, Any] = {}

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


_THINGS: dict[str, Callable[[Scene], Awaitable[Any]]] = {}


def thing(make: Callable[[Scene], Awaitable[Any]]) -> Callable[[Scene], Awaitable[Any]]:
    """Let scenes have what `make` makes, under its name."""
    _THINGS[make.__name__] = make
    return make


# people


@thing
async def employer(scene: Scene) -> Person:
    """The owner, unless said otherwise: has a company, and the tier Business."""
    owner = await scene.app.person("employer")
    owner.company = (await owner.post("/companies", name="Conch Ltd", expect=201)).json()
    execute_at(
        scene.database_url,
        "INSERT INTO subscriptions (user_id, tier, billing_interval, status)"
        " VALUES (%s, 'business', 'month', 'active')",
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
    """Someone the owner works with. Without teams that is a word only, and gives no rights."""
    return await scene.app.person("employer")


@thing
async def admin(scene: Scene) -> Person:
    person = await scene.app.person()
    execute_at(scene.database_url, "UPDATE users SET role = 'admin' WHERE id = %s", person.id)
    answer = await scene.app.client.post(
        "/auth/login", json={"email": person.user["email"], "password": PASSWORD}
    )
    return Person(scene.app.client, answer.json())


@thing
async def applicant(scene: Scene) -> Person:
    """The worker, having applied for the job."""
    await scene.the("application_id")
    person: Person = await scene.the("worker")
    return person


# what they have


@thing
async def user_id(scene: Scene) -> int:
    return int((await scene.the("worker")).id)


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
