"""SQL about an application's history and the notes on it."""

from collections.abc import Sequence

from sqlalchemy import and_, bindparam, delete, exists, select, true
from sqlalchemy.dialects.postgresql import insert

from reference_app.applications.models import Application, ApplicationEvent, ApplicationNote
from reference_app.companies.access_sql import role_of
from reference_app.companies.models import Company
from reference_app.database import AnyRow, ReadSession, WriteSession
from reference_app.jobs.models import Job
from reference_app.subscriptions.entitlement_sql import tier_of
from reference_app.users.models import User
from reference_app.users.naming import named

_me = bindparam("me", type_=User.id.type)
_below = bindparam("below", type_=User.id.type)
_PERSON = named(User)

# What the asker is to an application: whether it is theirs, and what they act as for the employer.
_STANDING = (
    select(
        Application.applicant_id,
        Application.created_at.label("applied_at"),
        role_of(_me).label("acting_role"),
        tier_of(Company.owner_id).label("owner_tier"),
    )
    .select_from(Application)
    .join(Job, Job.id == Application.job_id)
    .join(Company, Company.id == Job.company_id)
    .where(Application.id == bindparam("application_id"))
)

_HISTORY = (
    _STANDING.add_columns(
        ApplicationEvent.id,
        ApplicationEvent.from_status,
        ApplicationEvent.to_status,
        ApplicationEvent.created_at,
        *_PERSON,
    )
    .outerjoin(
        ApplicationEvent,
        and_(ApplicationEvent.application_id == Application.id, ApplicationEvent.id < _below),
    )
    .outerjoin(User, User.id == ApplicationEvent.actor_id)
    .order_by(ApplicationEvent.id.desc().nulls_last())
    .limit(bindparam("rows"))
)

_NOTE = (ApplicationNote.id, ApplicationNote.body, ApplicationNote.created_at, *_PERSON)
_NOTES = (
    _STANDING.add_columns(*_NOTE)
    .outerjoin(
        ApplicationNote,
        and_(ApplicationNote.application_id == Application.id, ApplicationNote.id < _below),
    )
    .outerjoin(User, User.id == ApplicationNote.author_id)
    .order_by(ApplicationNote.id.desc().nulls_last())
    .limit(bindparam("rows"))
)


async def history(
    session: ReadSession, application_id: int, user_id: int, rows: int, below: int
) -> Sequence[AnyRow]:
    """What the asker is to an application, with up to `rows` of its steps under id `below`.

    The newest first. No row: there is no such application. One without steps is
    one row whose `id` is None.
    """
    return await session.rows(_HISTORY, _page(application_id, user_id, rows, below))


async def notes(
    session: ReadSession, application_id: int, user_id: int, rows: int, below: int
) -> Sequence[AnyRow]:
    """The same with its notes."""
    return await session.rows(_NOTES, _page(application_id, user_id, rows, below))


async def standing(session: WriteSession, application_id: int, user_id: int) -> AnyRow | None:
    """What a person is to an application; None when there is none."""
    parameters = {"application_id": application_id, "me": user_id}
    return (await session.execute(_STANDING, parameters)).one_or_none()


async def add_note(session: WriteSession, application_id: int, author_id: int, body: str) -> AnyRow:
    """A new note, as it is shown."""
    made = await session.execute(
        insert(ApplicationNote)
        .values(application_id=application_id, author_id=author_id, body=body)
        .returning(ApplicationNote.id)
    )
    statement = (
        select(*_NOTE)
        .outerjoin(User, User.id == ApplicationNote.author_id)
        .where(ApplicationNote.id == made.scalar_one())
    )
    return (await session.execute(statement)).one()


async def remove_note(
    session: WriteSession, application_id: int, note_id: int, author_id: int | None
) -> bool:
    """Delete a note, of `author_id` or of anyone; whether someone else's is left."""
    note = and_(ApplicationNote.id == note_id, ApplicationNote.application_id == application_id)
    anyones = true() if author_id is None else ApplicationNote.author_id == author_id
    await session.execute(
        delete(ApplicationNote).where(note, anyones).execution_options(synchronize_session=False)
    )
    return bool((await session.execute(select(exists().where(note)))).scalar_one())


def _page(application_id: int, user_id: int, rows: int, below: int) -> dict[str, int]:
    return {"application_id": application_id, "me": user_id, "rows": rows, "below": below}
