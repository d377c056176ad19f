"""What one can do with files: announce, confirm, show, delete.

A file goes from its owner straight into the store, to an address good for that
one file and a quarter of an hour. Nothing said of it is believed: on confirmation
the object itself is looked at, and what was looked at is copied to a key nobody
can write to, so that nothing can be put in its place afterwards. No transaction
is open while the store is asked.
"""

from datetime import timedelta
from urllib.parse import quote
from uuid import uuid4

from reference_app.companies.access import Right, includes
from reference_app.database import AnyRow, Database, ReadSession, WriteSession
from reference_app.errors import ConflictError, InvalidError, NotFoundError, UnauthenticatedError
from reference_app.kit.pagination import cursor_by_id, cut, read_cursor_by_id
from reference_app.kit.storage import Found, Storage
from reference_app.texts import LARGEST_ID
from reference_app.uploads import repository
from reference_app.uploads.kinds import FIRST_BYTES, RULES, Kind, type_of
from reference_app.uploads.schemas import (
    Link,
    PortfolioItem,
    PortfolioPage,
    Put,
    UploadBegun,
    UploadDraft,
    UploadPage,
    UploadShown,
)
from reference_app.users.service import cache_key as profile_cache_key
from reference_app.users.service import no_such_user

UNCONFIRMED_FOR = timedelta(hours=1)
"""After that an upload that was not confirmed is gone, and what was sent."""

LINK_S = 300
_PUT_S = 900


async def begin(
    session: WriteSession, storage: Storage, owner_id: int, wanted: UploadDraft, largest: int
) -> UploadBegun:
    """Announce a file of at most `largest` bytes, and get an address to send it to.

    Raises `InvalidError` for one that its kind does not allow, `ConflictError`
    when one has too many, `UnavailableError` without a store.
    """
    _check(wanted, largest)
    key = f"incoming/{uuid4().hex}"
    address = await storage.address_to_put(
        key, content_type=wanted.content_type, size=wanted.size_bytes, seconds=_PUT_S
    )
    await _hold(session, owner_id)
    most = RULES[wanted.kind].most
    if await repository.count(session, owner_id, wanted.kind) >= most:
        raise ConflictError(
            "too_many_uploads", f"One has at most {most} files of this kind. Delete one first."
        )
    # Whatever becomes of it: what lies there goes once nobody can send any more.
    await repository.doom(session, [key], UNCONFIRMED_FOR)
    upload = await repository.add(
        session, owner_id=owner_id, object_key=key, **wanted.model_dump(mode="json")
    )
    put = Put(url=address, headers={"content-type": wanted.content_type}, expires_in_s=_PUT_S)
    return UploadBegun(upload=UploadShown.model_validate(upload), put=put)


async def confirm(
    database: Database, storage: Storage, owner_id: int, upload_id: int
) -> UploadShown:
    """Look at what was sent, and keep it if it is what was announced; twice is once.

    Raises `NotFoundError`, also for someone else's; `ConflictError` when nothing
    was sent yet or something else meanwhile; `InvalidError` when it is not what
    was announced, and then it is gone; `UnavailableError` when the store is.
    """
    upload = await _own(database.reading(primary=True), upload_id, owner_id)
    if upload.confirmed_at is not None:
        return UploadShown.model_validate(upload)
    found = await storage.look(upload.object_key, FIRST_BYTES)
    if found is None:
        raise ConflictError("nothing_sent", "The file has not arrived. Send it, then confirm.")
    problem = _wrong(upload, found)
    if problem is not None:
        await storage.delete([upload.object_key])
        async with database.writing() as session:
            session.wrote_for(owner_id)
            # Unless something better came and was confirmed meanwhile.
            if await repository.hold_unconfirmed(session, upload_id):
                await repository.remove(session, upload_id, owner_id)
        raise problem
    key = f"{upload.kind}/{uuid4().hex}"
    async with database.writing() as session:
        # Unless all goes well.
        await repository.doom(session, [key], UNCONFIRMED_FOR)
    if not await storage.copy(
        upload.object_key, key, etag=found.etag, content_type=upload.content_type
    ):
        raise ConflictError("file_changed", "Another file has arrived meanwhile. Confirm again.")
    async with database.writing() as session:
        session.wrote_for(owner_id)
        kept = await _keep(session, upload, key)
    if kept is not None:
        return UploadShown.model_validate(kept)
    # It was confirmed meanwhile, or deleted.
    again = await _own(database.reading(primary=True), upload_id, owner_id)
    return UploadShown.model_validate(again)


async def _keep(session: WriteSession, upload: AnyRow, key: str) -> AnyRow | None:
    await _hold(session, upload.owner_id)
    if not await repository.hold_unconfirmed(session, upload.id):
        return None
    if upload.kind == Kind.AVATAR:
        await repository.remove_avatar(session, upload.owner_id)
        session.forget(profile_cache_key(upload.owner_id))
    await repository.spare(session, key)
    return await repository.confirm(session, upload.id, key)


async def own(
    session: ReadSession, owner_id: int, kind: Kind | None, limit: int, cursor: str | None
) -> UploadPage:
    """A page of one's own files, the newest first."""
    below = read_cursor_by_id(cursor) or LARGEST_ID
    rows = await repository.of(session, owner_id, limit + 1, below, kind=kind)
    shown, next_cursor = cut(rows, limit, lambda row: cursor_by_id(row.id))
    items = [UploadShown.model_validate(row) for row in shown]
    return UploadPage(items=items, next_cursor=next_cursor)


async def portfolio(
    session: ReadSession, owner_id: int, limit: int, cursor: str | None
) -> PortfolioPage:
    """A page of someone's portfolio, the newest first."""
    below = read_cursor_by_id(cursor) or LARGEST_ID
    rows = await repository.of(
        session, owner_id, limit + 1, below, kind=Kind.PORTFOLIO, public=True
    )
    shown, next_cursor = cut(rows, limit, lambda row: cursor_by_id(row.id))
    items = [PortfolioItem.model_validate(row) for row in shown]
    return PortfolioPage(items=items, next_cursor=next_cursor)


async def link(
    session: ReadSession, storage: Storage, upload_id: int, reader_id: int | None
) -> Link:
    """An address to fetch a file at for some minutes.

    Avatars are everyone's to see, portfolios everyone's who is signed in, a résumé
    its owner's and theirs who handle an application it was sent with, until that
    is withdrawn. Raises `NotFoundError` for the rest, `UnauthenticatedError` when
    it is not known who asks.
    """
    upload = await repository.for_reader(session, upload_id, reader_id)
    if upload is None or not _may_read(upload, reader_id):
        if reader_id is None:
            raise UnauthenticatedError("not_signed_in", "Sign in to do this.")
        raise _no_such_upload()
    if upload.confirmed_at is None:
        raise ConflictError("upload_not_confirmed", "Confirm this file first.")
    return Link(url=await _address(storage, upload), expires_in_s=LINK_S)


async def avatar_address(session: ReadSession, storage: Storage, user_id: int) -> str:
    """An address to fetch a person's avatar at. Raises `NotFoundError`."""
    found = await repository.avatar(session, user_id)
    if found is None:
        raise NotFoundError("avatar_not_found", "This person has no picture.")
    return await _address(storage, found)


async def remove(session: WriteSession, upload_id: int, owner_id: int) -> None:
    """Delete one's file; applications it was sent with go on without it.

    Raises `NotFoundError`, also for someone else's.
    """
    gone = await repository.remove(session, upload_id, owner_id)
    if gone is None:
        raise _no_such_upload()
    if gone.kind == Kind.AVATAR:
        session.forget(profile_cache_key(owner_id))


async def hold_resume(session: WriteSession, upload_id: int, owner_id: int) -> None:
    """Pass only one's own confirmed résumé, which then stays. Raises `NotFoundError`."""
    if not await repository.hold_resume(session, upload_id, owner_id):
        raise NotFoundError("resume_not_found", "You have no such résumé, or did not confirm it.")


def _check(wanted: UploadDraft, largest: int) -> None:
    rule = RULES[wanted.kind]
    endings = rule.extensions.get(wanted.content_type)
    if endings is None:
        allowed = ", ".join(rule.extensions)
        raise InvalidError("type_not_allowed", f"Must be one of: {allowed}.")
    if not wanted.file_name.lower().endswith(tuple(f".{ending}" for ending in endings)):
        raise InvalidError(
            "name_does_not_fit", f"The name of such a file ends in: {', '.join(endings)}."
        )
    most = min(rule.largest_bytes, largest)
    if wanted.size_bytes > most:
        raise InvalidError("file_too_large", f"Must be at most {most} bytes.")


def _wrong(upload: AnyRow, found: Found) -> InvalidError | None:
    if found.size != upload.size_bytes:
        return InvalidError(
            "wrong_size", f"{found.size} bytes have arrived instead of {upload.size_bytes}."
        )
    if upload.content_type not in {found.content_type} & {type_of(found.head)}:
        return InvalidError("wrong_type", f"What has arrived is not {upload.content_type}.")
    return None


def _may_read(upload: AnyRow, reader_id: int | None) -> bool:
    if reader_id is not None and upload.owner_id == reader_id:
        return True
    if upload.confirmed_at is None:
        return False
    if upload.kind == Kind.RESUME:
        return any(includes(role, Right.APPLICANTS) for role in upload.acting_roles or ())
    if upload.owner_suspended_at is not None:
        return False
    return upload.kind == Kind.AVATAR or reader_id is not None


async def _own(session: ReadSession, upload_id: int, owner_id: int) -> AnyRow:
    upload = await repository.one(session, upload_id)
    if upload is None or upload.owner_id != owner_id:
        raise _no_such_upload()
    return upload


async def _hold(session: WriteSession, owner_id: int) -> None:
    if not await repository.hold_owner(session, owner_id):
        raise no_such_user()


async def _address(storage: Storage, upload: AnyRow) -> str:
    how = "inline" if upload.kind == Kind.AVATAR else "attachment"
    return await storage.address_to_get(
        upload.object_key,
        content_type=upload.content_type,
        disposition=f"{how}; filename*=UTF-8''{quote(upload.file_name, safe='')}",
        seconds=LINK_S,
    )


def _no_such_upload() -> NotFoundError:
    return NotFoundError("upload_not_found", "There is no such file.")
