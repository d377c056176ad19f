"""Who may act for a company, and in what. Every domain that lets a team do something asks here.

A company's owner may do everything. A member may do what their role includes,
while they have a seat: the owner's tier says how many seats there are, the
owner has the first, and members have theirs in the order they joined. When
the tier allows fewer, the last to join may do nothing until it allows more;
their membership stays. In one statement with what it is for, `access_sql`
says what a person is to a company, and `includes` what that allows.
"""

from collections.abc import Mapping
from enum import StrEnum

from reference_app.companies import access_sql
from reference_app.companies.access_sql import OWNER
from reference_app.companies.models import Company, MemberRole
from reference_app.database import WriteSession
from reference_app.errors import ForbiddenError


class Right(StrEnum):
    """What can be done for a company."""

    TEAM = "team"
    PAGE = "page"
    JOBS = "jobs"
    APPLICANTS = "applicants"


_INCLUDED: Mapping[str, frozenset[Right]] = {
    OWNER: frozenset(Right),
    MemberRole.MANAGER: frozenset({Right.PAGE, Right.JOBS, Right.APPLICANTS}),
    MemberRole.RECRUITER: frozenset({Right.JOBS, Right.APPLICANTS}),
}


def includes(role: str | None, right: Right) -> bool:
    """Whether acting as `role` includes `right`; nobody's role is None."""
    return role is not None and right in _INCLUDED[role]


def roles_with(right: Right) -> list[str]:
    """The roles of members that include `right`."""
    return [role for role in MemberRole if right in _INCLUDED[role]]


async def may_act(session: WriteSession, company: Company, user_id: int, right: Right) -> bool:
    """Whether a person may do this for `company`."""
    if company.owner_id == user_id:
        return True
    return includes(await access_sql.role(session, company.id, user_id), right)


async def require(session: WriteSession, company: Company, user_id: int, right: Right) -> None:
    """Pass only who may do this for `company`. Raises `ForbiddenError`."""
    if company.owner_id != user_id:
        check(await access_sql.role(session, company.id, user_id), right)


def check(role: str | None, right: Right) -> None:
    """Pass only who acts as a role that includes `right`. Raises `ForbiddenError`."""
    if role is None:
        raise ForbiddenError("not_your_company", "This company is someone else's.")
    if not includes(role, right):
        raise ForbiddenError("not_in_your_role", "Your role in this company does not include this.")
