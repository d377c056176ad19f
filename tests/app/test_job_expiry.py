"""What happens when a job's time is over."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy.exc import IntegrityError

from reference_app.jobs.expiry import expire
from reference_app.subscriptions.tiers import Tier
from tests.app.life import Person, Running, problem
from tests.app.rows import execute

pytestmark = pytest.mark.usefixtures("no_chores")


def _end(app: Running, *jobs: dict[str, Any]) -> None:
    execute(
        app,
        "UPDATE jobs SET expires_at = now() - interval '1 minute' WHERE id = ANY(%s)",
        [job["id"] for job in jobs],
    )


async def _told(owner: Person) -> list[int]:
    """The jobs of which it was told that they have expired, the last first."""
    found = (await owner.get("/notifications")).json()["items"]
    return [each["data"]["job_id"] for each in found if each["kind"] == "job_expired"]


async def test_a_job_past_its_end_is_said_to_be_expired_and_its_employer_told_once(
    app: Running,
) -> None:
    owner, other = await app.employer(), await app.employer()
    over, open_ = await owner.job(), await owner.job()
    theirs = await other.job()
    draft = await owner.job(published=False)
    path = f"/jobs/{over['id']}"
    assert (await app.client.get(path)).json()["status"] == "published"
    _end(app, over, theirs, draft)
    assert await expire(app.board.database) == 2
    assert (await app.client.get(path)).json()["status"] == "expired"  # at once
    for _ in range(2):
        assert await expire(app.board.database) == 0
    assert await _told(owner) == [over["id"]]
    assert await _told(other) == [theirs["id"]]
    states = execute(app, "SELECT status FROM jobs ORDER BY id")
    assert states == ["expired", "published", "expired", "draft"]
    assert open_["status"] == "published"


async def test_however_many_workers_do_it_each_employer_is_told_once(app: Running) -> None:
    owner = await app.employer()
    jobs = [await owner.job() for _ in range(8)]
    _end(app, *jobs)
    done = await asyncio.gather(*(expire(app.board.database) for _ in range(4)))
    assert sum(done) == len(jobs)
    assert sorted(await _told(owner)) == [job["id"] for job in jobs]


async def test_what_breaks_off_is_done_the_next_time(app: Running) -> None:
    owner = await app.employer()
    job = await owner.job()
    _end(app, job)
    execute(app, "ALTER TABLE notifications ADD CONSTRAINT broken CHECK (kind <> 'job_expired')")
    try:
        with pytest.raises(IntegrityError):
            await expire(app.board.database)
    finally:
        execute(app, "ALTER TABLE notifications DROP CONSTRAINT broken")
    assert execute(app, "SELECT status FROM jobs") == ["published"]
    assert await expire(app.board.database) == 1
    assert await _told(owner) == [job["id"]]


async def test_an_expired_job_leaves_its_place_and_takes_it_again_with_a_later_end(
    app: Running,
) -> None:
    owner, seeker = await app.employer(Tier.FREE), await app.person()
    first = await owner.job()
    _end(app, first)
    await expire(app.board.database)
    apply = f"/jobs/{first['id']}/applications"
    problem(await seeker.post(apply, cover_letter="Me!"), 409, "job_closed")
    second = await owner.job()  # Free has room for one
    later = (datetime.now(UTC) + timedelta(days=5)).isoformat()
    path = f"/jobs/{first['id']}"
    problem(await owner.patch(path, expires_at=later), 403, "quota_exceeded")
    assert (await owner.patch(path, title="Still over", expect=200)).json()["status"] == "expired"
    await owner.post(f"/jobs/{second['id']}/close", expect=200)
    opened = (await owner.patch(path, expires_at=later, expect=200)).json()
    assert opened["status"] == "published"
    await seeker.post(apply, cover_letter="Me!", expect=201)
    # It may end again, and then that is news again.
    await owner.send("PUT", "/notifications/seen", {"up_to": 10**6}, expect=200)
    _end(app, first)
    assert await expire(app.board.database) == 1
    assert await _told(owner) == [first["id"], first["id"]]


async def test_an_expired_job_can_be_closed_for_good(app: Running) -> None:
    owner = await app.employer()
    job = await owner.job()
    await owner.send("PUT", f"/jobs/{job['id']}/feature", expect=200)
    _end(app, job)
    await expire(app.board.database)
    assert (await owner.get("/jobs/mine")).json()["items"][0]["featured_until"] is None
    closed = await owner.post(f"/jobs/{job['id']}/close", expect=200)
    assert closed.json()["status"] == "closed"
    problem(await owner.patch(f"/jobs/{job['id']}", expires_at=None), 409, "job_closed")


async def test_jobs_of_whoever_is_just_being_changed_expire_the_next_time(app: Running) -> None:
    leaving, other = await app.employer(), await app.employer()
    _end(app, await leaving.job(), await other.job())
    url = app.board.settings.database_url.get_secret_value()
    # as closing an account begins; to wait for it with jobs in hand would be a deadlock
    with psycopg.connect(url) as closing:
        closing.execute("SELECT id FROM users WHERE id = %s FOR UPDATE", (leaving.id,))
        assert await expire(app.board.database) == 1
    assert await expire(app.board.database) == 1
    assert [len(await _told(owner)) for owner in (leaving, other)] == [1, 1]
