"""Fills the lists of a company's people and of administrators, and those of a board's front."""

from reference_app.jobs import discovery
from tests.app.filling import Fill, crowd, published, sql
from tests.app.scene import Scene


async def featured_jobs(scene: Scene, many: int) -> None:
    sql(
        scene,
        "UPDATE jobs SET featured_until = now() + interval '1 day' WHERE id = ANY(%s)",
        await published(scene, many),
    )


async def trending_jobs(scene: Scene, many: int) -> None:
    sql(
        scene,
        "INSERT INTO job_views (job_id, day, views)"
        " SELECT unnest(%s::bigint[]), (now() AT TIME ZONE 'UTC')::date, 7",
        await published(scene, many),
    )
    # As the chore does, which may have its turn at any time.
    await discovery.reckon(scene.app.board.database)


async def history(scene: Scene, many: int) -> None:
    sql(
        scene,
        "INSERT INTO application_events (application_id, actor_id, from_status, to_status)"
        " SELECT %s, unnest(%s::bigint[]), 'submitted', 'reviewed'",
        await scene.the("application_id"),
        crowd(scene, many),
    )


async def notes(scene: Scene, many: int) -> None:
    sql(
        scene,
        "INSERT INTO application_notes (application_id, author_id, body)"
        " SELECT %s, unnest(%s::bigint[]), 'Hm.'",
        await scene.the("application_id"),
        crowd(scene, many),
    )


async def memberships(scene: Scene, many: int) -> None:
    """Of the employer, in companies of others."""
    sql(
        scene,
        "WITH made AS (INSERT INTO companies (owner_id, name)"
        " SELECT unnest(%s::bigint[]), 'Grouper Ltd' RETURNING id)"
        " INSERT INTO company_members (company_id, user_id, role)"
        " SELECT id, %s, 'recruiter' FROM made",
        crowd(scene, many),
        (await scene.the("employer")).id,
    )


async def members(scene: Scene, many: int) -> None:
    sql(
        scene,
        "INSERT INTO company_members (company_id, user_id, role)"
        " SELECT %s, unnest(%s::bigint[]), 'recruiter'",
        await scene.the("company_id"),
        crowd(scene, many),
    )


async def invitations(scene: Scene, many: int) -> None:
    sql(
        scene,
        "INSERT INTO company_invitations (company_id, email, role, token_hash, expires_at)"
        " SELECT %s, gen_random_uuid() || '@example.com', 'recruiter',"
        " sha256(gen_random_uuid()::text::bytea), now() + interval '1 day'"
        " FROM generate_series(1, %s)",
        await scene.the("company_id"),
        many,
    )


async def api_keys(scene: Scene, many: int) -> None:
    sql(
        scene,
        "INSERT INTO api_keys (user_id, name, prefix, key_hash) SELECT %s,"
        " gen_random_uuid()::text, 'hmb_0123', sha256(gen_random_uuid()::text::bytea)"
        " FROM generate_series(1, %s)",
        (await scene.the("employer")).id,
        many,
    )


async def profile_views(scene: Scene, many: int) -> None:
    sql(
        scene,
        "INSERT INTO profile_views (user_id, viewer_id, views, viewed_at)"
        " SELECT %s, unnest(%s::bigint[]), 2, now()",
        (await scene.the("employer")).id,
        crowd(scene, many),
    )


async def saved_searches(scene: Scene, many: int) -> None:
    sql(
        scene,
        "INSERT INTO saved_searches (user_id, name, q)"
        " SELECT %s, gen_random_uuid()::text, 'plumber' FROM generate_series(1, %s)",
        await scene.the("user_id"),
        many,
    )


async def campaigns(scene: Scene, many: int) -> None:
    """Submitted ones, that have come to something before."""
    sql(
        scene,
        "WITH made AS (INSERT INTO campaigns (owner_id, title, body, target_url, starts_at,"
        " ends_at, daily_impressions, total_impressions, cpm_cents, status)"
        " SELECT %s, gen_random_uuid()::text, 'Fritters', 'https://conch.example.com', now(),"
        " now() + interval '1 day', 10, 100, 200, 'submitted' FROM generate_series(1, %s)"
        " RETURNING id)"
        " INSERT INTO campaign_days (campaign_id, day, impressions)"
        " SELECT id, CURRENT_DATE - n, 1 FROM made, generate_series(1, 3) n",
        (await scene.the("employer")).id,
        many,
    )


async def reported(scene: Scene, many: int) -> None:
    """People, by the worker."""
    sql(
        scene,
        "INSERT INTO reports (reporter_id, kind, thing_id, author_id, reason)"
        " SELECT %s, 'user', person, person, 'spam' FROM unnest(%s::bigint[]) person",
        await scene.the("user_id"),
        crowd(scene, many),
    )


async def reports(scene: Scene, many: int) -> None:
    """Of the worker."""
    worker = await scene.the("user_id")
    sql(
        scene,
        "INSERT INTO reports (reporter_id, kind, thing_id, author_id, reason)"
        " SELECT unnest(%s::bigint[]), 'user', %s, %s, 'spam'",
        crowd(scene, many),
        worker,
        worker,
    )


async def people(scene: Scene, many: int) -> None:
    crowd(scene, many)


async def audit_entries(scene: Scene, many: int) -> None:
    sql(
        scene,
        "INSERT INTO audit_log (action, subject_kind, subject, before, after, request_id)"
        " SELECT 'user.suspend', 'user', n::text, '{}', '{}', 'r-1' FROM generate_series(1, %s) n",
        many,
    )


DESK_FILLS: dict[str, Fill] = {
    fill.__name__: fill
    for fill in (
        featured_jobs,
        trending_jobs,
        history,
        notes,
        memberships,
        members,
        invitations,
        api_keys,
        profile_views,
        saved_searches,
        campaigns,
        reported,
        reports,
        people,
        audit_entries,
    )
}
"""By what a list is of."""
