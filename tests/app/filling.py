"""Fills the lists of a scene: so many more of something, past every quota.

Those that only a company's people or administrators see are in `filling_desks`.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from tests.app.rows import execute_at
from tests.app.scene import Scene

Fill = Callable[[Scene, int], Awaitable[None]]

FILLS: dict[str, Fill] = {}
"""By what a list is of."""


def fills(fill: Fill) -> Fill:
    """Let tables name `fill`."""
    FILLS[fill.__name__] = fill
    return fill


def sql(scene: Scene, statement: str, *parameters: Any) -> list[Any]:
    return execute_at(scene.database_url, statement, *parameters)


def crowd(scene: Scene, many: int, columns: str = "", values: str = "") -> list[int]:
    """The ids of new people who do not act."""
    return sql(
        scene,
        f"INSERT INTO users (email, password_hash, role, full_name{columns})"  # noqa: S608
        f" SELECT gen_random_uuid() || '@example.com', 'x', 'seeker', 'One of many'{values}"
        " FROM generate_series(1, %s) n RETURNING id",
        many,
    )


async def published(scene: Scene, many: int) -> list[int]:
    """The ids of new jobs of the employer."""
    owner = await scene.the("employer")
    return [(await owner.job(salary_min_cents=200_000))["id"] for _ in range(many)]


@fills
async def jobs(scene: Scene, many: int) -> None:
    await published(scene, many)


@fills
async def saved_jobs(scene: Scene, many: int) -> None:
    worker = await scene.the("worker")
    for job in await published(scene, many):
        await worker.send("PUT", f"/jobs/{job}/save", expect=204)


@fills
async def applications_of_a_worker(scene: Scene, many: int) -> None:
    for job in await published(scene, many):
        await scene.post("worker", f"/jobs/{job}/applications", cover_letter="Me.")


@fills
async def applications_to_a_job(scene: Scene, many: int) -> None:
    job = await scene.the("job_id")
    for _ in range(many):
        person = await scene.app.person()
        await person.post(f"/jobs/{job}/applications", cover_letter="Me.", expect=201)


@fills
async def companies(scene: Scene, many: int) -> None:
    owner = (await scene.the("employer")).id
    sql(
        scene,
        "INSERT INTO companies (owner_id, name)"
        " SELECT %s, gen_random_uuid()::text FROM generate_series(1, %s)",
        owner,
        many,
    )


@fills
async def available_workers(scene: Scene, many: int) -> None:
    crowd(scene, many, ", available_since", ", now()")


@fills
async def posts(scene: Scene, many: int) -> None:
    """Of the worker, and of the company in the name of each of many: all that is talked about."""
    company, worker = await scene.the("company_id"), await scene.the("user_id")
    authors = [*crowd(scene, many), *[worker] * many]
    ids = sql(
        scene,
        "INSERT INTO posts (author_id, company_id, body) SELECT author, CASE WHEN author <> %s"
        " THEN %s::bigint END, 'Hello' FROM unnest(%s::bigint[]) author RETURNING id",
        worker,
        company,
        authors,
    )
    sql(
        scene,
        "INSERT INTO post_tallies (post_id, likes) SELECT unnest(%s::bigint[]), 7",
        ids,
    )


@fills
async def comments(scene: Scene, many: int) -> None:
    post = await scene.the("post_id")
    sql(
        scene,
        "INSERT INTO post_comments (post_id, author_id, body)"
        " SELECT %s, unnest(%s::bigint[]), 'Well said.'",
        post,
        crowd(scene, many),
    )


@fills
async def reviews(scene: Scene, many: int) -> None:
    for column, subject in (("company_id", "company_id"), ("worker_id", "user_id")):
        sql(
            scene,
            f"INSERT INTO reviews (author_id, {column}, stars) SELECT unnest(%s::bigint[]), %s, 4",
            crowd(scene, many),
            await scene.the(subject),
        )


@fills
async def followers(scene: Scene, many: int) -> None:
    for table, column, subject in (
        ("company_follows", "company_id", "company_id"),
        ("user_follows", "user_id", "user_id"),
    ):
        sql(
            scene,
            f"INSERT INTO {table} (follower_id, {column}) SELECT unnest(%s::bigint[]), %s",
            crowd(scene, many),
            await scene.the(subject),
        )


@fills
async def followed(scene: Scene, many: int) -> None:
    worker = await scene.the("user_id")
    sql(
        scene,
        "INSERT INTO user_follows (follower_id, user_id) SELECT %s, unnest(%s::bigint[])",
        worker,
        crowd(scene, many),
    )
    await companies(scene, many)
    sql(
        scene,
        "INSERT INTO company_follows (follower_id, company_id) SELECT %s, id FROM companies"
        " ON CONFLICT DO NOTHING",
        worker,
    )


async def _connect(scene: Scene, many: int, status: str) -> None:
    # Whoever is new has a higher id.
    sql(
        scene,
        "INSERT INTO connections (low_user_id, high_user_id, asked_by, status, decided_at)"
        " SELECT %s, other, other, %s, CASE %s WHEN 'accepted' THEN now() END"
        " FROM unnest(%s::bigint[]) other",
        await scene.the("user_id"),
        status,
        status,
        crowd(scene, many),
    )


@fills
async def connections(scene: Scene, many: int) -> None:
    await _connect(scene, many, "accepted")


@fills
async def connection_requests(scene: Scene, many: int) -> None:
    await _connect(scene, many, "pending")


@fills
async def conversations(scene: Scene, many: int) -> None:
    worker = await scene.the("user_id")
    for other in crowd(scene, many):
        (conversation,) = sql(
            scene,
            "INSERT INTO conversations (low_user_id, high_user_id) VALUES (%s, %s) RETURNING id",
            worker,
            other,
        )
        (message,) = sql(
            scene,
            "INSERT INTO messages (conversation_id, sender_id, key, body)"
            " VALUES (%s, %s, gen_random_uuid(), 'Good day') RETURNING id",
            conversation,
            other,
        )
        for one, two in ((worker, other), (other, worker)):
            sql(
                scene,
                "INSERT INTO conversation_participants"
                " (conversation_id, user_id, other_id, last_message_id) VALUES (%s, %s, %s, %s)",
                conversation,
                one,
                two,
                message,
            )


@fills
async def messages(scene: Scene, many: int) -> None:
    sql(
        scene,
        "INSERT INTO messages (conversation_id, sender_id, key, body)"
        " SELECT %s, %s, gen_random_uuid(), 'Good day' FROM generate_series(1, %s)",
        await scene.the("conversation_id"),
        await scene.the("user_id"),
        many,
    )


@fills
async def notifications(scene: Scene, many: int) -> None:
    sql(
        scene,
        "INSERT INTO notifications (user_id, kind, data)"
        " SELECT %s, 'followed', '{}' FROM generate_series(1, %s)",
        await scene.the("user_id"),
        many,
    )


@fills
async def payments(scene: Scene, many: int) -> None:
    sql(
        scene,
        "INSERT INTO payments (user_id, stripe_invoice_id, status, reason, amount_total_cents,"
        " amount_due_cents, amount_paid_cents, currency, attempts, created_at)"
        " SELECT %s, gen_random_uuid(), 'paid', 'cycle', 999, 999, 999, 'usd', 1, now()"
        " FROM generate_series(1, %s)",
        await scene.the("user_id"),
        many,
    )


@fills
async def uploads(scene: Scene, many: int) -> None:
    sql(
        scene,
        "INSERT INTO uploads"
        " (owner_id, kind, file_name, content_type, size_bytes, object_key, confirmed_at)"
        " SELECT %s, 'portfolio', 'wall.png', 'image/png', 400, gen_random_uuid()::text, now()"
        " FROM generate_series(1, %s)",
        (await scene.the("worker")).id,
        many,
    )
