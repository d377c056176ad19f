"""What the database holds now."""

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from psycopg.rows import class_row, dict_row

from reference_app.seed import definitions
from reference_app.seed.database import Connection

_COUNTS = """
SELECT (SELECT count(*) FROM users) AS users,
       (SELECT count(*) FROM companies) AS companies,
       (SELECT count(*) FROM jobs) AS jobs,
       (SELECT count(*) FROM jobs WHERE status = 'published' AND
               (expires_at IS NULL OR expires_at > now())) AS open_jobs,
       (SELECT count(*) FROM applications) AS applications,
       (SELECT count(*) FROM saved_jobs) AS saved_jobs
"""


@dataclass(frozen=True, slots=True)
class Recorded:
    """Which data was loaded."""

    scale: str
    seed: int
    day: date


def recorded(connection: Connection) -> Recorded | None:
    """The last whole load, or None when there was none or a later one broke off."""
    named = connection.execute("SELECT to_regclass('seed_state') IS NOT NULL").fetchone()
    if named != (True,) or definitions.under_way(connection):
        return None
    with connection.cursor(row_factory=class_row(Recorded)) as cursor:
        return cursor.execute("SELECT scale, seed, day FROM seed_state").fetchone()


def state(connection: Connection) -> dict[str, Any]:
    """Scale, seed and day of the seeded data, and how many rows there are now.

    `{"scale": None}` when nothing was seeded; with `"broken_off": True` when a
    load is under way or was killed, so that the tables may hold part of it.
    """
    found = recorded(connection)
    if found is None:
        broken = {"broken_off": True} if definitions.under_way(connection) else {}
        return {"scale": None} | broken
    with connection.cursor(row_factory=dict_row) as cursor:
        counts = cursor.execute(_COUNTS).fetchone()
    return asdict(found) | {"day": found.day.isoformat()} | (counts or {})
