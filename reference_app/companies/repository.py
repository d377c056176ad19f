"""SQL about companies."""

from collections.abc import Mapping, Sequence

from sqlalchemy import bindparam, func, select
from sqlalchemy.dialects.postgresql import insert

from reference_app.companies.models import Company
from reference_app.database import AnyRow, ReadSession, WriteSession
from reference_app.jobs.models import Job, is_open

_OPEN_JOBS = (
    select(func.count()).select_from(Job).where(Job.company_id == Company.id, is_open())
).scalar_subquery()

_DETAIL = select(
    Company.id,
    Company.name,
    Company.island,
    Company.created_at,
    Company.owner_id,
    Company.description,
    Company.website,
    Company.updated_at,
    _OPEN_JOBS.label("open_jobs"),
).where(Company.id == bindparam("company_id"))

_NEWEST = (
    select(Company.id, Company.name, Company.island, Company.created_at)
    .order_by(Company.id.desc())
    .limit(bindparam("rows"))
)
_NEWEST_AFTER = _NEWEST.where(Company.id < bindparam("after"))


async def detail(session: ReadSession, company_id: int) -> AnyRow | None:
    """A company's page."""
    return await session.first(_DETAIL, {"company_id": company_id})


async def newest(session: ReadSession, rows: int, after: int | None) -> Sequence[AnyRow]:
    """Up to `rows` companies, the newest first, those older than id `after`."""
    if after is None:
        return await session.rows(_NEWEST, {"rows": rows})
    return await session.rows(_NEWEST_AFTER, {"rows": rows, "after": after})


async def add(session: WriteSession, owner_id: int, values: Mapping[str, object]) -> Company | None:
    """A new company; None when the owner has one of this name."""
    statement = (
        insert(Company)
        .values(owner_id=owner_id, **values)
        .on_conflict_do_nothing(index_elements=[Company.owner_id, Company.name])
        .returning(Company)
    )
    return (await session.execute(statement)).scalar_one_or_none()


async def for_change(session: WriteSession, company_id: int) -> Company | None:
    """A company, held for this transaction."""
    return await session.get(Company, company_id, with_for_update=True)


async def open_jobs(session: WriteSession, company_id: int) -> int:
    """How many jobs of a company are open."""
    statement = select(_OPEN_JOBS).select_from(Company).where(Company.id == company_id)
    return int((await session.execute(statement)).scalar_one())
