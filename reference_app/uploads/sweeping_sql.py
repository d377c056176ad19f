"""SQL about what is to go: uploads nobody confirmed, objects nobody has any more."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import bindparam, delete, func, select

from reference_app.database import ReadSession, WriteSession
from reference_app.uploads.models import DoomedObject, Upload

_DUE = (
    select(DoomedObject.object_key)
    .where(DoomedObject.due_at <= func.now())
    .order_by(DoomedObject.due_at)
    .limit(bindparam("rows"))
)


async def forget_unconfirmed(session: WriteSession, age: timedelta) -> None:
    """Delete uploads announced longer ago than `age` and not confirmed."""
    await session.execute(
        delete(Upload)
        .where(Upload.confirmed_at.is_(None), Upload.created_at < func.now() - age)
        .execution_options(synchronize_session=False)
    )


async def due(session: ReadSession, rows: int) -> Sequence[str]:
    """Up to `rows` objects that are due."""
    return [row.object_key for row in await session.rows(_DUE, {"rows": rows})]


async def forget_objects(session: WriteSession, keys: Sequence[str]) -> None:
    """Note that objects are gone."""
    await session.execute(
        delete(DoomedObject)
        .where(DoomedObject.object_key.in_(keys))
        .execution_options(synchronize_session=False)
    )
