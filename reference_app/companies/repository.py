"""SQL about companies."""

from collections.abc import Mapping, Sequence

from sqlalchemy import and_, bindparam, case, func, literal_column, or_, select, union_all
from sqlalchemy.dialects.postgresql import insert

from reference_app.companies.access_sql import HAS_SEAT, OWNER
from reference_app.companies.models import Company, CompanyMember, CompanyProfile
from reference_app.database import AnyRow, ReadSession, WriteSession
from reference_app.jobs.models import Job, is_open
from reference_app.subscriptions.entitlement_sql import tier_of

_OPEN_JOBS = (
    select(func.count()).select_from(Job).where(Job.company_id == Company.id, is_open())
).scalar_subquery()

_DETAIL = (
    select(
        Company.id,
        Company.name,
        Company.island,
        Company.created_at,
        Company.owner_id,
        Company.description,
        Company.website,
        Company.updated_at,
        _OPEN_JOBS.label("open_jobs"),
        CompanyProfile.company_id.label("profile_of"),
        CompanyProfile.cover_text,
        CompanyProfile.about,
        CompanyProfile.size,
        CompanyProfile.benefits,
        tier_of(Company.owner_id).label("owner_tier"),
    )
    .outerjoin(CompanyProfile, CompanyProfile.company_id == Company.id)
    .where(Company.id == bindparam("company_id"))
)

_NEWEST = (
    select(Company.id, Company.name, Company.island, Company.created_at)
    .order_by(Company.id.desc())
    .limit(bindparam("rows"))
)
_NEWEST_AFTER = _NEWEST.where(Company.id < bindparam("after"))

_me = bindparam("user_id", type_=Company.owner_id.type)
_owns = Company.owner_id == _me
_OF_PERSON = (
    select(
        Company.id,
        Company.name,
        Company.island,
        Company.created_at,
        case((_owns, literal_column(f"'{OWNER}'")), else_=CompanyMember.role).label("role"),
        or_(_owns, HAS_SEAT).label("has_seat"),
    )
    .outerjoin(
        CompanyMember, and_(CompanyMember.company_id == Company.id, CompanyMember.user_id == _me)
    )
    .where(
        Company.id.in_(
            union_all(
                select(Company.id).where(_owns).correlate(None),
                select(CompanyMember.company_id)
                .where(CompanyMember.user_id == _me)
                .correlate(None),
            )
        )
    )
    .order_by(Company.id.desc())
    .limit(bindparam("rows"))
)
_OF_PERSON_AFTER = _OF_PERSON.where(Company.id < bindparam("after"))


async def detail(session: ReadSession | WriteSession, company_id: int) -> AnyRow | None:
    """A company's page, with its owner's tier; `profile_of` is null when it has no profile."""
    parameters = {"company_id": company_id}
    if isinstance(session, ReadSession):
        return await session.first(_DETAIL, parameters)
    return (await session.execute(_DETAIL, parameters)).first()


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
    """A company, held for this transaction; what only refers to it need not wait."""
    return await session.get(Company, company_id, with_for_update={"key_share": True})


async def write_profile(
    session: WriteSession, company_id: int, values: Mapping[str, object]
) -> None:
    """A company's one profile, new or changed."""
    await session.execute(
        insert(CompanyProfile)
        .values(company_id=company_id, **values)
        .on_conflict_do_update(
            index_elements=[CompanyProfile.company_id], set_={**values, "updated_at": func.now()}
        )
    )


async def of_person(
    session: ReadSession, user_id: int, rows: int, after: int | None
) -> Sequence[AnyRow]:
    """Up to `rows` companies a person owns or is a member of, the newest first, below `after`.

    `role` is what they are there, `has_seat` whether they may act as that now.
    """
    parameters = {"user_id": user_id, "rows": rows}
    if after is None:
        return await session.rows(_OF_PERSON, parameters)
    return await session.rows(_OF_PERSON_AFTER, {**parameters, "after": after})
