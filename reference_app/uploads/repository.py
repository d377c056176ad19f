"""SQL about uploads. `sweeping_sql` finds what is to go."""

from collections.abc import Sequence
from datetime import timedelta
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, delete, func, literal_column, select, update
from sqlalchemy.dialects.postgresql import insert

from reference_app.applications.models import Application, ApplicationStatus
from reference_app.companies.access_sql import role_of
from reference_app.companies.models import Company
from reference_app.database import AnyRow, ReadSession, WriteSession
from reference_app.jobs.models import Job
from reference_app.uploads.kinds import Kind
from reference_app.uploads.models import DoomedObject, Upload
from reference_app.users.models import User

_COLUMNS = (
    Upload.id,
    Upload.kind,
    Upload.file_name,
    Upload.content_type,
    Upload.size_bytes,
    Upload.created_at,
    Upload.confirmed_at,
)
_me = bindparam("me", type_=User.id.type)

# One may hold a résumé for several jobs; it is enough to act for one of them.
_acting_roles = (
    select(func.array_agg(role_of(_me)))
    .select_from(Application)
    .join(Job, Job.id == Application.job_id)
    .join(Company, Company.id == Job.company_id)
    .where(
        Application.resume_id == Upload.id,
        Application.status != ApplicationStatus.WITHDRAWN,
    )
    .correlate(Upload)
    .scalar_subquery()
)
_ONE = select(*_COLUMNS, Upload.owner_id, Upload.object_key).where(
    Upload.id == bindparam("upload_id")
)
_FOR_READER = _ONE.join(User, User.id == Upload.owner_id).add_columns(
    User.suspended_at.label("owner_suspended_at"), _acting_roles.label("acting_roles")
)
_AVATAR = select(*_COLUMNS, Upload.object_key).where(
    Upload.owner_id == bindparam("owner_id"),
    Upload.kind == literal_column("'avatar'"),
    Upload.confirmed_at.is_not(None),
)
_SHOWN_AVATAR = _AVATAR.join(User, User.id == Upload.owner_id).where(User.suspended_at.is_(None))


async def hold_owner(session: WriteSession, owner_id: int) -> bool:
    """Hold a person for this transaction; False when the account is gone.

    So that they begin, confirm and end uploads one at a time.
    """
    statement = (
        select(User.id)
        .where(User.id == owner_id, User.deleted_at.is_(None))
        .with_for_update(key_share=True)
    )
    return (await session.execute(statement)).scalar_one_or_none() is not None


async def count(session: WriteSession, owner_id: int, kind: Kind) -> int:
    """How many uploads of a kind a person has, with those not confirmed."""
    statement = (
        select(func.count())
        .select_from(Upload)
        .where(Upload.owner_id == owner_id, Upload.kind == kind)
    )
    return (await session.execute(statement)).scalar_one()


async def add(session: WriteSession, **values: Any) -> Upload:
    """A new upload, not confirmed."""
    upload = Upload(**values)
    session.add(upload)
    await session.flush()
    return upload


async def one(session: ReadSession, upload_id: int) -> AnyRow | None:
    """An upload with its `owner_id` and `object_key`."""
    return await session.first(_ONE, {"upload_id": upload_id})


async def for_reader(session: ReadSession, upload_id: int, reader_id: int | None) -> AnyRow | None:
    """The same, with what the reader may act as for those it was sent to as a résumé."""
    return await session.first(_FOR_READER, {"upload_id": upload_id, "me": reader_id})


async def avatar(session: ReadSession, owner_id: int) -> AnyRow | None:
    """A person's avatar with its `object_key`; none of who is suspended."""
    return await session.first(_SHOWN_AVATAR, {"owner_id": owner_id})


async def avatar_id(session: WriteSession, owner_id: int) -> int | None:
    """The number of a person's avatar."""
    found = (await session.execute(_AVATAR, {"owner_id": owner_id})).one_or_none()
    return None if found is None else found.id


async def hold_resume(session: WriteSession, upload_id: int, owner_id: int) -> bool:
    """Keep someone's confirmed résumé from going until the commit; whether there is one."""
    statement = (
        select(Upload.id)
        .where(
            Upload.id == upload_id,
            Upload.owner_id == owner_id,
            Upload.kind == Kind.RESUME,
            Upload.confirmed_at.is_not(None),
        )
        .with_for_update(read=True, key_share=True)
    )
    return (await session.execute(statement)).scalar_one_or_none() is not None


async def of(
    session: ReadSession,
    owner_id: int,
    rows: int,
    below: int,
    *,
    kind: Kind | None = None,
    public: bool = False,
) -> Sequence[AnyRow]:
    """Up to `rows` uploads of a person with an id under `below`, the newest first.

    In `public` only those that are confirmed, and none of who is suspended.
    """
    parameters: dict[str, object] = {"owner_id": owner_id, "rows": rows, "below": below}
    if kind is not None:
        parameters["kind"] = kind
    return await session.rows(_of(kind is not None, public), parameters)


@cache
def _of(by_kind: bool, public: bool) -> Select[*tuple[Any, ...]]:
    statement = (
        select(*_COLUMNS)
        .where(Upload.owner_id == bindparam("owner_id"), Upload.id < bindparam("below"))
        .order_by(Upload.id.desc())
        .limit(bindparam("rows"))
    )
    if by_kind:
        statement = statement.where(Upload.kind == bindparam("kind"))
    if public:
        statement = statement.join(User, User.id == Upload.owner_id).where(
            Upload.confirmed_at.is_not(None), User.suspended_at.is_(None)
        )
    return statement


async def hold_unconfirmed(session: WriteSession, upload_id: int) -> bool:
    """Hold an upload for this transaction; False when it is gone, or confirmed already."""
    statement = (
        select(Upload.id)
        .where(Upload.id == upload_id, Upload.confirmed_at.is_(None))
        .with_for_update()
    )
    return (await session.execute(statement)).scalar_one_or_none() is not None


async def confirm(session: WriteSession, upload_id: int, object_key: str) -> AnyRow:
    """Say that an upload that is there is confirmed, and where it is."""
    statement = (
        update(Upload)
        .where(Upload.id == upload_id)
        .values(object_key=object_key, confirmed_at=func.now())
        .returning(*_COLUMNS)
        .execution_options(synchronize_session=False)
    )
    return (await session.execute(statement)).one()


async def remove(session: WriteSession, upload_id: int, owner_id: int) -> AnyRow | None:
    """Delete someone's upload and doom its object; its `kind`, None when there is none."""
    statement = (
        delete(Upload)
        .where(Upload.id == upload_id, Upload.owner_id == owner_id)
        .returning(Upload.kind, Upload.object_key, Upload.confirmed_at)
        .execution_options(synchronize_session=False)
    )
    gone = (await session.execute(statement)).one_or_none()
    # One not confirmed is doomed already, for when nobody may write to it any more.
    if gone is not None and gone.confirmed_at is not None:
        await doom(session, [gone.object_key], timedelta())
    return gone


async def remove_avatar(session: WriteSession, owner_id: int) -> None:
    """Delete someone's avatar, if they have one, and doom its object."""
    found = await avatar_id(session, owner_id)
    if found is not None:
        await remove(session, found, owner_id)


async def doom_all(session: WriteSession, owner_id: int) -> None:
    """Doom the objects of all uploads a person has confirmed; the rest are doomed already."""
    statement = select(Upload.object_key).where(
        Upload.owner_id == owner_id, Upload.confirmed_at.is_not(None)
    )
    await doom(session, (await session.execute(statement)).scalars().all(), timedelta())


async def doom(session: WriteSession, keys: Sequence[str], after: timedelta) -> None:
    """Have objects deleted from the store some time from now."""
    if keys:
        due_at = func.now() + after
        await session.execute(
            insert(DoomedObject)
            .values([{"object_key": key, "due_at": due_at} for key in keys])
            .on_conflict_do_nothing(index_elements=[DoomedObject.object_key])
        )


async def spare(session: WriteSession, key: str) -> None:
    """Have an object not deleted after all."""
    await session.execute(
        delete(DoomedObject)
        .where(DoomedObject.object_key == key)
        .execution_options(synchronize_session=False)
    )
