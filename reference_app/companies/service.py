"""What one can do with companies."""

from sqlalchemy.exc import IntegrityError

from reference_app.companies import repository
from reference_app.companies.models import Company
from reference_app.companies.schemas import (
    CompanyChange,
    CompanyDetail,
    CompanyDraft,
    CompanySummary,
)
from reference_app.database import Database, WriteSession
from reference_app.errors import ConflictError, ForbiddenError, NotFoundError
from reference_app.kit.cache import Loader
from reference_app.kit.pagination import Page, cursor_by_id, cut, read_cursor_by_id
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
        return None if row is None else json_bytes(CompanyDetail.model_validate(row))

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
    return _detail(company, open_jobs=0)


async def change(
    session: WriteSession, company_id: int, owner_id: int, wanted: CompanyChange
) -> CompanyDetail:
    """Change one's own company.

    Raises `NotFoundError`, `ForbiddenError` for someone else's, `ConflictError`
    when the new name is taken by another of one's own.
    """
    company = await owned(session, company_id, owner_id)
    for field, value in wanted.model_dump(exclude_unset=True).items():
        setattr(company, field, value)
    try:
        await session.flush()
    except IntegrityError as error:
        raise _name_taken() from error
    session.forget(cache_key(company_id))
    return _detail(company, open_jobs=await repository.open_jobs(session, company_id))


async def owned(session: WriteSession, company_id: int, owner_id: int) -> Company:
    """A company, held for this transaction. Raises `NotFoundError` or `ForbiddenError`."""
    company = await repository.for_change(session, company_id)
    if company is None:
        raise no_such_company()
    if company.owner_id != owner_id:
        raise ForbiddenError("not_your_company", "This company is someone else's.")
    return company


def _detail(company: Company, *, open_jobs: int) -> CompanyDetail:
    return CompanyDetail(
        id=company.id,
        name=company.name,
        island=company.island,
        created_at=company.created_at,
        owner_id=company.owner_id,
        description=company.description,
        website=company.website,
        updated_at=company.updated_at,
        open_jobs=open_jobs,
    )


def _name_taken() -> ConflictError:
    return ConflictError("company_exists", "You have a company of this name.")
