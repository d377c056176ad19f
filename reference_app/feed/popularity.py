"""What becomes popular, and so reaches people who do not follow its author.

Every ten minutes the few posts of the last day that are talked about most
become popular, and stay so. Their number is bounded, so that popular posts
never drown those of the people one follows.
"""

from reference_app.database import Database
from reference_app.feed import feed_sql
from reference_app.kit.chores import Chore

EVERY_S = 600
"""How often posts become popular, over all workers."""

MOST_AT_ONCE = 5
LEAST_TALK = 5
"""Likes, and comments twice, without which a post does not become popular."""


def promotion(database: Database) -> Chore:
    """Posts become popular, now and then."""

    async def work() -> None:
        await promote(database)

    return Chore("feed.promotion", EVERY_S, work)


async def promote(database: Database) -> list[int]:
    """Make posts popular; their ids."""
    async with database.writing() as session:
        return list(await feed_sql.promote(session, least=LEAST_TALK, most=MOST_AT_ONCE))
