"""Things of the desks behind the board: administration, advertising, uploads."""

from tests.app import campaigns
from tests.app.parcels import PNG, announced
from tests.app.rows import execute_at
from tests.app.scenery import Scene, thing

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


@thing
async def sent_id(scene: Scene) -> int:
    """Of a picture the worker has sent and not confirmed."""
    parcel = await announced(await scene.the("worker"), "avatar", "me.png", len(PNG))
    assert (await parcel.send(PNG)).status_code == 200
    return parcel.id


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
