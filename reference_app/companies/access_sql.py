"""SQL behind `access`: what a person is to a company, as part of any statement on companies."""

from collections.abc import Collection

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    bindparam,
    case,
    func,
    literal_column,
    select,
    union_all,
)
from sqlalchemy.orm import aliased

from reference_app.companies.models import Company, CompanyMember
from reference_app.database import WriteSession
from reference_app.subscriptions.entitlement_sql import allows
from reference_app.subscriptions.tiers import Feature

OWNER = "owner"

_Earlier = aliased(CompanyMember)
_EarlierCompany = aliased(Company)

# A member's seat is numbered by the order of joining, over all companies of one owner; the
# owner has the first. The owner's tier says how many there are.
_seat = (
    select(func.count() + literal_column("1"))
    .select_from(_Earlier)
    .join(_EarlierCompany, _EarlierCompany.id == _Earlier.company_id)
    .where(_EarlierCompany.owner_id == Company.owner_id, _Earlier.id <= CompanyMember.id)
    .correlate(Company, CompanyMember)
    .scalar_subquery()
)
HAS_SEAT: ColumnElement[bool] = allows(Company.owner_id, Feature.TEAM_SEATS, _seat)
"""Whether a row of `CompanyMember`, joined to its `Company`, has a seat."""


def role_of(user_id: ColumnElement[int]) -> ColumnElement[str | None]:
    """What the person may act for a row of `Company` as; null for whoever may not."""
    role = (
        select(CompanyMember.role)
        .where(CompanyMember.company_id == Company.id, CompanyMember.user_id == user_id, HAS_SEAT)
        .correlate(Company)
        .scalar_subquery()
    )
    return case((Company.owner_id == user_id, literal_column(f"'{OWNER}'")), else_=role)


def acted_for(user_id: ColumnElement[int], roles: Collection[str]) -> CompoundSelect[int]:
    """The ids of all companies a person acts for in one of `roles`, or owns."""
    return union_all(
        select(Company.id).where(Company.owner_id == user_id).correlate(None),
        select(Company.id)
        .join(CompanyMember, CompanyMember.company_id == Company.id)
        .where(CompanyMember.user_id == user_id, CompanyMember.role.in_(roles), HAS_SEAT)
        .correlate(None),
    )


_ROLE = select(role_of(bindparam("user_id", type_=Company.owner_id.type))).where(
    Company.id == bindparam("company_id")
)


async def role(session: WriteSession, company_id: int, user_id: int) -> str | None:
    """What a person may act for a company as."""
    parameters = {"company_id": company_id, "user_id": user_id}
    return (await session.execute(_ROLE, parameters)).scalar_one_or_none()
