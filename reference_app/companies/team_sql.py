"""SQL about a company's members and invitations."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    SQLColumnExpression,
    and_,
    bindparam,
    delete,
    exists,
    func,
    literal,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from reference_app.companies.access_sql import HAS_SEAT, role_of
from reference_app.companies.models import (
    Company,
    CompanyInvitation,
    CompanyMember,
    InvitationStatus,
)
from reference_app.database import AnyRow, ReadSession, WriteSession
from reference_app.subscriptions.entitlement_sql import tier_of
from reference_app.users.models import User
from reference_app.users.naming import named

_OWN = Company.__table__.alias("own")
_PENDING = and_(
    CompanyInvitation.status == literal_column("'pending'"),
    CompanyInvitation.expires_at > func.now(),
)
_company = bindparam("company_id", type_=Company.id.type)
_me = bindparam("me", type_=User.id.type)


def _members_of(owner_id: SQLColumnExpression[int]) -> ColumnElement[int]:
    return (
        select(func.count())
        .select_from(CompanyMember)
        .join(_OWN, _OWN.c.id == CompanyMember.company_id)
        .where(_OWN.c.owner_id == owner_id)
        .correlate(Company)
        .scalar_subquery()
    )


def _invited_by(owner_id: SQLColumnExpression[int]) -> ColumnElement[int]:
    return (
        select(func.count())
        .select_from(CompanyInvitation)
        .join(_OWN, _OWN.c.id == CompanyInvitation.company_id)
        .where(_OWN.c.owner_id == owner_id, _PENDING)
        .correlate(Company)
        .scalar_subquery()
    )


def _taken(owner_id: SQLColumnExpression[int]) -> ColumnElement[int]:
    return _members_of(owner_id) + _invited_by(owner_id) + literal_column("1")


_MEMBERS = (
    select(
        role_of(_me).label("acting_role"),
        tier_of(Company.owner_id).label("owner_tier"),
        _taken(Company.owner_id).label("taken"),
        CompanyMember.id,
        CompanyMember.role,
        CompanyMember.created_at,
        HAS_SEAT.label("has_seat"),
        *named(User),
    )
    .select_from(Company)
    .outerjoin(
        CompanyMember,
        and_(CompanyMember.company_id == Company.id, CompanyMember.id > bindparam("after")),
    )
    .outerjoin(User, User.id == CompanyMember.user_id)
    .where(Company.id == _company)
    .order_by(CompanyMember.id)
    .limit(bindparam("rows"))
)

_INVITATIONS = (
    select(
        role_of(_me).label("acting_role"),
        CompanyInvitation.id,
        CompanyInvitation.email,
        CompanyInvitation.role,
        CompanyInvitation.created_at,
        CompanyInvitation.expires_at,
    )
    .select_from(Company)
    .outerjoin(
        CompanyInvitation,
        and_(
            CompanyInvitation.company_id == Company.id,
            _PENDING,
            CompanyInvitation.id < bindparam("below"),
        ),
    )
    .where(Company.id == _company)
    .order_by(CompanyInvitation.id.desc().nulls_last())
    .limit(bindparam("rows"))
)

_INVITE = (
    insert(CompanyInvitation)
    .on_conflict_do_nothing(
        index_elements=[CompanyInvitation.company_id, CompanyInvitation.email],
        index_where=CompanyInvitation.status == literal_column("'pending'"),
    )
    .returning(CompanyInvitation)
)

_IN_TEAM = select(
    exists().where(
        User.email == bindparam("email"),
        Company.id == _company,
        or_(
            User.id == Company.owner_id,
            exists().where(
                CompanyMember.company_id == Company.id, CompanyMember.user_id == User.id
            ),
        ),
    )
)

_SENT = (
    select(func.count())
    .select_from(CompanyInvitation)
    .join(Company, Company.id == CompanyInvitation.company_id)
    .where(
        Company.owner_id == bindparam("owner_id"),
        CompanyInvitation.created_at > bindparam("since", type_=CompanyInvitation.created_at.type),
    )
)

_BY_TOKEN = (
    select(CompanyInvitation, Company.owner_id, Company.name)
    .join(Company, Company.id == CompanyInvitation.company_id)
    .where(CompanyInvitation.token_hash == bindparam("token_hash"))
    .with_for_update(of=CompanyInvitation)
)


async def members(
    session: ReadSession, company_id: int, user_id: int, rows: int, after: int
) -> Sequence[AnyRow]:
    """Up to `rows` members with an id above `after`, in order, with what the asker acts as.

    No row: there is no such company. Without members it is one row whose `id` is None.
    """
    parameters = {"company_id": company_id, "me": user_id, "rows": rows, "after": after}
    return await session.rows(_MEMBERS, parameters)


async def invitations(
    session: ReadSession, company_id: int, user_id: int, rows: int, below: int
) -> Sequence[AnyRow]:
    """Up to `rows` pending invitations with an id under `below`, the newest first; as above."""
    parameters = {"company_id": company_id, "me": user_id, "rows": rows, "below": below}
    return await session.rows(_INVITATIONS, parameters)


def count_taken(owner_id: int) -> Select[int]:
    """Counts the seats an owner has given: their own, members', and promised ones."""
    return select(_taken(literal(owner_id, User.id.type)))


def count_members(owner_id: int) -> Select[int]:
    """Counts the seats an owner's members and they themselves have."""
    return select(_members_of(literal(owner_id, User.id.type)) + literal_column("1"))


async def is_in_team(session: WriteSession, company_id: int, email: str) -> bool:
    """Whether an address belongs to a company's owner or a member."""
    parameters = {"company_id": company_id, "email": email}
    return bool((await session.execute(_IN_TEAM, parameters)).scalar_one())


async def sent_since(session: WriteSession, owner_id: int, since: datetime) -> int:
    """How many invitations to an owner's companies were sent since a moment."""
    parameters = {"owner_id": owner_id, "since": since}
    return (await session.execute(_SENT, parameters)).scalar_one()


async def invite(session: WriteSession, values: dict[str, Any]) -> CompanyInvitation | None:
    """A new invitation in place of one that expired; None while a pending one is good."""
    await session.execute(
        update(CompanyInvitation)
        .where(
            CompanyInvitation.company_id == values["company_id"],
            CompanyInvitation.email == values["email"],
            CompanyInvitation.status == InvitationStatus.PENDING,
            CompanyInvitation.expires_at <= func.now(),
        )
        .values(status=InvitationStatus.REVOKED, decided_at=func.now())
        .execution_options(synchronize_session=False)
    )
    return (await session.execute(_INVITE, values)).scalar_one_or_none()


async def by_token(session: WriteSession, token_hash: bytes) -> AnyRow | None:
    """An invitation, held for this transaction, with the company's `owner_id` and `name`."""
    return (await session.execute(_BY_TOKEN, {"token_hash": token_hash})).one_or_none()


async def revoke(session: WriteSession, company_id: int, invitation_id: int) -> None:
    """Take a company's pending invitation back."""
    await session.execute(
        update(CompanyInvitation)
        .where(
            CompanyInvitation.id == invitation_id,
            CompanyInvitation.company_id == company_id,
            CompanyInvitation.status == InvitationStatus.PENDING,
        )
        .values(status=InvitationStatus.REVOKED, decided_at=func.now())
        .execution_options(synchronize_session=False)
    )


async def address_of(session: WriteSession, user_id: int) -> str | None:
    """A person's e-mail address."""
    return (
        await session.execute(select(User.email).where(User.id == user_id))
    ).scalar_one_or_none()


async def join(session: WriteSession, company_id: int, user_id: int, role: str) -> None:
    """Make someone a member; who is one already keeps their role."""
    await session.execute(
        insert(CompanyMember)
        .values(company_id=company_id, user_id=user_id, role=role)
        .on_conflict_do_nothing(index_elements=[CompanyMember.company_id, CompanyMember.user_id])
    )


async def leave(session: WriteSession, company_id: int, user_id: int) -> None:
    """Let someone be a member no longer."""
    await session.execute(
        delete(CompanyMember).where(
            CompanyMember.company_id == company_id, CompanyMember.user_id == user_id
        )
    )


async def change_role(session: WriteSession, company_id: int, user_id: int, role: str) -> bool:
    """Whether there was such a member to give `role` to."""
    changed = await session.execute(
        update(CompanyMember)
        .where(CompanyMember.company_id == company_id, CompanyMember.user_id == user_id)
        .values(role=role)
        .returning(CompanyMember.id)
        .execution_options(synchronize_session=False)
    )
    return changed.scalar_one_or_none() is not None


async def member(session: WriteSession, company_id: int, user_id: int) -> AnyRow | None:
    """A member of a company, as they are shown."""
    statement = (
        select(
            CompanyMember.role,
            CompanyMember.created_at,
            HAS_SEAT.label("has_seat"),
            *named(User),
        )
        .join(Company, Company.id == CompanyMember.company_id)
        .join(User, User.id == CompanyMember.user_id)
        .where(CompanyMember.company_id == company_id, CompanyMember.user_id == user_id)
    )
    return (await session.execute(statement)).one_or_none()


async def forget_invitations(session: WriteSession, age: timedelta) -> None:
    """Delete invitations made longer ago than `age`."""
    await session.execute(
        delete(CompanyInvitation)
        .where(CompanyInvitation.created_at < func.now() - age)
        .execution_options(synchronize_session=False)
    )
