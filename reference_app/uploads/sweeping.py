"""What is to go goes: uploads nobody confirmed, objects nobody has any more.

An object is deleted first and its note after that: broken off, it is deleted
twice, which is once. Its key is never given to another object.
"""

from reference_app.database import Database
from reference_app.kit.chores import Chore
from reference_app.kit.storage import Storage
from reference_app.uploads import sweeping_sql
from reference_app.uploads.service import UNCONFIRMED_FOR

_EVERY_S = 30
_BATCH = 20
_MOST_BATCHES = 25


def sweeping(database: Database, storage: Storage) -> Chore:
    """Objects that are due are deleted, and uploads that nobody confirmed."""

    async def work() -> None:
        await sweep(database, storage)

    return Chore("uploads.sweep", _EVERY_S, work)


async def sweep(database: Database, storage: Storage) -> None:
    """Delete what is due. Raises `UnavailableError` when the store does not answer."""
    async with database.writing() as session:
        await sweeping_sql.forget_unconfirmed(session, UNCONFIRMED_FOR)
    for _ in range(_MOST_BATCHES):
        keys = await sweeping_sql.due(database.reading(primary=True), _BATCH)
        if not keys:
            return
        await storage.delete(keys)
        async with database.writing() as session:
            await sweeping_sql.forget_objects(session, keys)
