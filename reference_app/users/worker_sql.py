"""SQL of the list of workers available for hire.

Statements are built once per combination of conditions and then reused.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    bindparam,
    func,
    literal_column,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import TSVECTOR

from reference_app.database import AnyRow, ReadSession
from reference_app.users.models import WORDS, User
from reference_app.users.naming import avatar_of

_query = func.websearch_to_tsquery(literal_column("'english'"), bindparam("words", type_=Text))

_CONDITIONS: Mapping[str, ColumnElement[bool]] = {
    "island": User.island == bindparam("island"),
    "skills": User.skills.contains(bindparam("skills", type_=User.skills.type)),
    "words": literal_column(WORDS, TSVECTOR).op("@@")(_query),
}


async def available(
    session: ReadSession,
    *,
    island: str | None,
    skill: str | None,
    words: str,
    rows: int,
    after: tuple[datetime, int] | None,
) -> Sequence[AnyRow]:
    """Up to `rows` people, the last to become available first, after (since, id)."""
    wanted = {"island": island, "skills": [skill] if skill else None, "words": words}
    given = {name: value for name, value in wanted.items() if value}
    parameters: dict[str, object] = {**given, "rows": rows}
    if after is not None:
        parameters |= {"after_time": after[0], "after_id": after[1]}
    return await session.rows(_available(tuple(given), after is not None), parameters)


@cache
def _available(given: tuple[str, ...], after: bool) -> Select[*tuple[Any, ...]]:
    statement = (
        select(
            User.id,
            User.full_name,
            User.headline,
            User.island,
            User.skills,
            User.available_since,
            avatar_of(User),
        )
        .where(
            User.available_since.is_not(None),
            User.suspended_at.is_(None),
            *(_CONDITIONS[name] for name in given),
        )
        .order_by(User.available_since.desc(), User.id.desc())
        .limit(bindparam("rows"))
    )
    if after:
        statement = statement.where(
            tuple_(User.available_since, User.id)
            < tuple_(
                bindparam("after_time", type_=User.created_at.type),
                bindparam("after_id", type_=User.id.type),
            )
        )
    return statement
