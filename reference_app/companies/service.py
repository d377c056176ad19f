"""What one can do with companies."""

from sqlalchemy.exc import IntegrityError

from reference_app.companies import access, repository
from reference_app.companies.access import Right
from reference_app.companies.models import Company
from reference_app.companies.schemas import (
    CompanyChange,
    CompanyDetail,
    CompanyDraft,
    CompanySummary,
    Membership,
    MembershipPage,
    ProfileDraft,
    ProfileShown,
)
from reference_app.database import AnyRow, Database, ReadSession, WriteSession
from reference_app.errors import ConflictError, NotFoundError
from reference_app.kit.cache import Loader
from reference_app.kit.pagination import Page, cursor_by_id, cut, read_cursor_by_id
from reference_app.subscriptions.entitlements import Feature, Tier, has, require
from reference_app.texts import json_bytes

CompanyPage = Page[CompanySummary]


def cache_key(company_id: int) -> str:
    """The cache's name for a company's page."""
    return f"company:{company_id}"


def list_cache_key(limit: int, cursor: str | None) -> str:
    """The cache's name for a page of the list."""
    return f"companies:{limit}:{cursor or ''}"


def no_such_company() -> NotFoundError:
    """There is no company by this id."""
    return NotFoundError("company_not_found", "There is no such company.")


def detail_loader(database: Database, company_id: int) -> Loader:
    """Reads a company's page as ready bytes."""

    async def load(position: int) -> bytes | None:
        row = await repository.detail(database.reading(position), company_id)
        return None if row is None else json_bytes(_detail(row))

    return load


def list_loader(database: Database, limit: int, cursor: str | None) -> Loader:
    """Reads a page of the list. The loader raises `InvalidError` on a wrong cursor."""

    async def load(position: int) -> bytes:
        after = read_cursor_by_id(cursor)
        rows = await repository.newest(database.reading(position), limit + 1, after)
        shown, next_cursor = cut(rows, limit, lambda row: cursor_by_id(row.id))
        items = [CompanySummary.model_validate(row) for row in shown]
        return json_bytes(CompanyPage(items=items, next_cursor=next_cursor))

    return load


async def add(session: WriteSession, owner_id: int, wanted: CompanyDraft) -> CompanyDetail:
    """A new company of `owner_id`. Raises `ConflictError` when they have one of this name."""
    company = await repository.add(session, owner_id, wanted.model_dump())
    if company is None:
        raise _name_taken()
    session.forget(cache_key(company.id), list_cache_key(20, None))
    return await _shown(session, company.id)


async def change(
    session: WriteSession, company_id: int, user_id: int, wanted: CompanyChange
) -> CompanyDetail:
    """Change a company one owns or manages.

    Raises `NotFoundError`, `ForbiddenError` for someone else's, `ConflictError`
    when the new name is taken by another of its owner's.
    """
    company = await acting(session, company_id, user_id, Right.PAGE)
    for field, value in wanted.model_dump(exclude_unset=True).items():
        setattr(company, field, value)
    try:
        await session.flush()
    except IntegrityError as error:
        raise _name_taken() from error
    session.forget(cache_key(company_id))
    return await _shown(session, company_id)


async def change_profile(
    session: WriteSession, company_id: int, user_id: int, wanted: ProfileDraft
) -> CompanyDetail:
    """Write the profile of a company one owns or manages, in place of the one before.

    Raises `NotFoundError`, `ForbiddenError` for someone else's company, and
    `EntitlementRefusedError` when the owner's tier has no company page.
    """
    company = await acting(session, company_id, user_id, Right.PAGE)
    await require(session, company.owner_id, Feature.COMPANY_PAGE)
    await repository.write_profile(session, company_id, wanted.model_dump())
    session.forget(cache_key(company_id))
    return await _shown(session, company_id)


async def acting(session: WriteSession, company_id: int, user_id: int, right: Right) -> Company:
    """A company that a person may do something for, held for this transaction.

    Raises `NotFoundError` or `ForbiddenError`.
    """
    company = await repository.for_change(session, company_id)
    if company is None:
        raise no_such_company()
    await access.require(session, company, user_id, right)
    return company


async def of_person(
    session: ReadSession, user_id: int, limit: int, cursor: str | None
) -> MembershipPage:
    """A page of the companies one owns or is a member of, the newest first."""
    after = read_cursor_by_id(cursor)
    rows = await repository.of_person(session, user_id, limit + 1, after)
    shown, next_cursor = cut(rows, limit, lambda row: cursor_by_id(row.id))
    items = [
        Membership(company=CompanySummary.model_validate(row), role=row.role, has_seat=row.has_seat)
        for row in shown
    ]
    return MembershipPage(items=items, next_cursor=next_cursor)


async def _shown(session: WriteSession, company_id: int) -> CompanyDetail:
    row = await repository.detail(session, company_id)
    assert row is not None  # noqa: S101 - of this transaction, or held by it
    return _detail(row)


def _detail(row: AnyRow) -> CompanyDetail:
    told = row.profile_of is not None and has(Tier(row.owner_tier), Feature.COMPANY_PAGE)
    profile = ProfileShown.model_validate(row) if told else None
    fields = {name: getattr(row, name) for name in CompanyDetail.model_fields if name != "profile"}
    return CompanyDetail(**fields, profile=profile)


def _name_taken() -> ConflictError:
    return ConflictError("company_exists", "The owner has a company of this name.")
