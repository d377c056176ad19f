"""SQL about saved searches. `watching_sql` holds new jobs against them."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Select, bindparam, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from reference_app.alerts.models import SavedSearch
from reference_app.database import AnyRow, ReadSession, WriteSession

_ADD = (
    insert(SavedSearch)
    .on_conflict_do_nothing(index_elements=[SavedSearch.user_id, SavedSearch.name])
    .returning(SavedSearch)
)
_OF = (
    select(
        SavedSearch.id,
        SavedSearch.name,
        SavedSearch.q,
        SavedSearch.island,
        SavedSearch.category,
        SavedSearch.employment_type,
        SavedSearch.salary_min_cents,
        SavedSearch.alerts,
        SavedSearch.created_at,
    )
    .where(SavedSearch.user_id == bindparam("user_id"))
    .order_by(SavedSearch.id)
)


def count(user_id: int) -> Select[int]:
    """Counts the searches a person has saved."""
    return select(func.count()).select_from(SavedSearch).where(SavedSearch.user_id == user_id)


async def of(session: ReadSession, user_id: int) -> Sequence[AnyRow]:
    """All searches a person has saved, the oldest first."""
    return await session.rows(_OF, {"user_id": user_id})


async def add(session: WriteSession, values: Mapping[str, object]) -> SavedSearch | None:
    """A new saved search; None when the person has one of this name."""
    return (await session.execute(_ADD, dict(values))).scalar_one_or_none()


async def for_change(session: WriteSession, search_id: int, user_id: int) -> SavedSearch | None:
    """A search this person saved, held for this transaction."""
    statement = (
        select(SavedSearch)
        .where(SavedSearch.id == search_id, SavedSearch.user_id == user_id)
        .with_for_update()
    )
    return (await session.execute(statement)).scalar_one_or_none()


async def has_named(session: WriteSession, user_id: int, name: str, but: int) -> bool:
    """Whether a person has saved another search than `but` under a name."""
    statement = select(SavedSearch.id).where(
        SavedSearch.user_id == user_id, SavedSearch.name == name, SavedSearch.id != but
    )
    return (await session.execute(statement)).scalar_one_or_none() is not None


async def remove(session: WriteSession, search_id: int, user_id: int) -> None:
    """Delete a search this person saved, if there is one."""
    await session.execute(
        delete(SavedSearch)
        .where(SavedSearch.id == search_id, SavedSearch.user_id == user_id)
        .execution_options(synchronize_session=False)
    )
