"""People as they are named beside what is theirs: who, in one line, with their picture."""

from typing import Any

from sqlalchemy import ColumnElement, Label, literal_column, select

from reference_app.database import AnyRow
from reference_app.uploads.models import Upload
from reference_app.users.models import User
from reference_app.users.schemas import PersonRef


def avatar_of(person: type[User]) -> Label[int | None]:
    """The upload that is the picture of a `User` (or alias of it), as `avatar_id`.

    Null when everyone may not see it: nobody sees that of who is suspended.
    """
    return (
        select(Upload.id)
        .where(
            Upload.owner_id == person.id,
            Upload.kind == literal_column("'avatar'"),
            Upload.confirmed_at.is_not(None),
            person.suspended_at.is_(None),
        )
        .correlate(person)
        .scalar_subquery()
        .label("avatar_id")
    )


def named(person: type[User]) -> tuple[ColumnElement[Any], ...]:
    """The columns that `person_ref` reads, of a `User` or alias of it."""
    return (
        person.id.label("person_id"),
        person.full_name.label("person_name"),
        person.headline.label("person_headline"),
        avatar_of(person),
    )


def person_ref(row: AnyRow) -> PersonRef:
    """The person whose columns `named` chose."""
    return PersonRef(
        id=row.person_id,
        full_name=row.person_name,
        headline=row.person_headline,
        avatar_id=row.avatar_id,
    )
