"""What one can do with saved searches."""

from typing import Any

from reference_app.alerts import repository
from reference_app.alerts.models import SavedSearch
from reference_app.alerts.schemas import SavedSearches, SavedSearchShown, SearchChange, SearchDraft
from reference_app.database import AnyRow, ReadSession, WriteSession
from reference_app.errors import ConflictError, InvalidError, NotFoundError
from reference_app.subscriptions.entitlement_sql import count_locked

MOST = 20
"""So many searches a person can save."""

_MAY_BE_EMPTY = ("island", "category", "employment_type")


async def of(session: ReadSession, user_id: int) -> SavedSearches:
    """All searches one has saved, the oldest first."""
    rows = await repository.of(session, user_id)
    return SavedSearches(items=[_shown(row) for row in rows])


async def add(session: WriteSession, user_id: int, wanted: SearchDraft) -> SavedSearchShown:
    """Save a search. Raises `ConflictError` when there are too many or one has its name."""
    held = await count_locked(session, user_id, "saved_searches", repository.count(user_id))
    if held >= MOST:
        raise ConflictError("too_many_searches", f"At most {MOST} searches can be saved.")
    values = _stored(wanted.model_dump())
    made = await repository.add(session, {"user_id": user_id, **values})
    if made is None:
        raise _name_taken()
    return _shown(made)


async def change(
    session: WriteSession, search_id: int, user_id: int, wanted: SearchChange
) -> SavedSearchShown:
    """Change a search one saved.

    Raises `NotFoundError`, `ConflictError` when another has its name,
    `InvalidError` when no condition would be left.
    """
    # Names are given one at a time.
    await count_locked(session, user_id, "saved_searches", repository.count(user_id))
    search = await repository.for_change(session, search_id, user_id)
    if search is None:
        raise NotFoundError("search_not_found", "You have saved no such search.")
    values = _stored(wanted.model_dump(exclude_unset=True))
    name = values.get("name", search.name)
    if name != search.name and await repository.has_named(session, user_id, name, search_id):
        raise _name_taken()
    for field, value in values.items():
        setattr(search, field, value)
    if not _has_condition(search):
        raise InvalidError("no_condition", "A search needs a condition.")
    if not search.alerts:
        search.found = search.unmailed = 0
    await session.flush()
    return _shown(search)


async def remove(session: WriteSession, search_id: int, user_id: int) -> None:
    """Save a search no longer; nothing happens if it was not saved."""
    await repository.remove(session, search_id, user_id)


def _stored(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: "" if value is None and name in _MAY_BE_EMPTY else value
        for name, value in values.items()
    }


def _has_condition(search: SavedSearch) -> bool:
    texts = (search.q, search.island, search.category, search.employment_type)
    return any(texts) or search.salary_min_cents is not None


def _name_taken() -> ConflictError:
    return ConflictError("name_taken", "You have saved a search of this name.")


def _shown(search: SavedSearch | AnyRow) -> SavedSearchShown:
    return SavedSearchShown(
        id=search.id,
        name=search.name,
        q=search.q,
        island=search.island or None,
        category=search.category or None,
        employment_type=search.employment_type or None,
        salary_min_cents=search.salary_min_cents,
        alerts=search.alerts,
        created_at=search.created_at,
    )
