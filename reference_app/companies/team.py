"""What one can do with a company's team.

A pending invitation holds a seat, so that whoever is invited finds one; it is
looked at again when it is accepted, because the owner's tier may have changed.
Of a team larger than its owner's tier allows nobody is deleted: see `access`.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from reference_app.companies import access, team_sql
from reference_app.companies.access import Right
from reference_app.companies.models import CompanyInvitation, InvitationStatus
from reference_app.companies.schemas import (
    InvitationDraft,
    InvitationPage,
    InvitationShown,
    MemberShown,
    TeamPage,
)
from reference_app.companies.service import acting, no_such_company
from reference_app.database import AnyRow, Database, ReadSession, WriteSession
from reference_app.errors import ConflictError, ForbiddenError, LimitedError, NotFoundError
from reference_app.kit.chores import Chore
from reference_app.kit.pagination import cursor_by_id, cut, read_cursor_by_id
from reference_app.kit.tokens import new_refresh_token, refresh_token_hash
from reference_app.notifications.models import Kind
from reference_app.notifications.service import notify
from reference_app.subscriptions.entitlements import Feature, Tier, hold
from reference_app.subscriptions.tiers import TERMS
from reference_app.texts import LARGEST_ID
from reference_app.users.naming import person_ref

INVITATION_DAYS = 7
INVITED_PER_DAY = 50
"""Letters one owner can have us write to strangers in a day, whatever becomes of them."""

_KEPT_DAYS = 30
_TIDY_EVERY_S = 24 * 3600


@dataclass(frozen=True, slots=True)
class Letter:
    """What to post once the invitation is there."""

    to: str
    subject: str
    text: str


async def members(
    session: ReadSession, company_id: int, user_id: int, limit: int, cursor: str | None
) -> TeamPage:
    """A page of a company's members, for its team. Raises `NotFoundError` or `ForbiddenError`."""
    after = read_cursor_by_id(cursor) or 0
    rows = await team_sql.members(session, company_id, user_id, limit + 1, after)
    if not rows:
        raise no_such_company()
    access.check(rows[0].acting_role, Right.APPLICANTS)
    found = [row for row in rows if row.id is not None]
    shown, next_cursor = cut(found, limit, lambda row: cursor_by_id(row.id))
    return TeamPage(
        items=[_member(row) for row in shown],
        next_cursor=next_cursor,
        seats=TERMS[Tier(rows[0].owner_tier)].limits[Feature.TEAM_SEATS],
        taken=rows[0].taken,
    )


async def invitations(
    session: ReadSession, company_id: int, user_id: int, limit: int, cursor: str | None
) -> InvitationPage:
    """A page of invitations not answered yet, the newest first, for the owner.

    Raises `NotFoundError` or `ForbiddenError`.
    """
    below = read_cursor_by_id(cursor) or LARGEST_ID
    rows = await team_sql.invitations(session, company_id, user_id, limit + 1, below)
    if not rows:
        raise no_such_company()
    access.check(rows[0].acting_role, Right.TEAM)
    found = [row for row in rows if row.id is not None]
    shown, next_cursor = cut(found, limit, lambda row: cursor_by_id(row.id))
    items = [InvitationShown.model_validate(row) for row in shown]
    return InvitationPage(items=items, next_cursor=next_cursor)


async def invite(
    session: WriteSession, company_id: int, owner_id: int, wanted: InvitationDraft, frontend: str
) -> tuple[InvitationShown, Letter]:
    """Promise a seat to whoever reads an address's mail; the letter's link leads to `frontend`.

    The answer does not depend on whether the address has an account. Raises
    `NotFoundError`, `ForbiddenError`, `ConflictError` when the address is in
    the team or was invited, `LimitedError` after too many invitations, and
    `EntitlementRefusedError` when no seat is free.
    """
    company = await acting(session, company_id, owner_id, Right.TEAM)
    if await team_sql.is_in_team(session, company_id, wanted.email):
        raise ConflictError("already_member", "Whoever has this address is in the team.")
    now = datetime.now(UTC)
    if await team_sql.sent_since(session, owner_id, now - timedelta(days=1)) >= INVITED_PER_DAY:
        raise LimitedError(
            "too_many_invitations", "Too many invitations today.", retry_after_s=3600
        )
    await hold(session, owner_id, Feature.TEAM_SEATS, team_sql.count_taken(owner_id))
    token = new_refresh_token()
    invitation = await team_sql.invite(
        session,
        {
            "company_id": company_id,
            "email": wanted.email,
            "role": wanted.role,
            "token_hash": refresh_token_hash(token),
            "expires_at": now + timedelta(days=INVITATION_DAYS),
        },
    )
    if invitation is None:
        raise ConflictError("already_invited", "This address has an invitation.")
    return InvitationShown.model_validate(invitation), _letter(
        wanted, company.name, f"{frontend.rstrip('/')}/invitations#token={token}"
    )


async def accept(session: WriteSession, token: str, user_id: int) -> MemberShown:
    """Join a company's team; twice is once.

    Raises `NotFoundError` for a token that is not good, `ForbiddenError` for
    whoever has another address than was invited, and `EntitlementRefusedError`
    when the owner's tier has no seat left.
    """
    found = await _still_good(session, token, InvitationStatus.ACCEPTED)
    invitation: CompanyInvitation = found.CompanyInvitation
    if invitation.email != await team_sql.address_of(session, user_id):
        raise ForbiddenError("not_your_invitation", "This invitation is for another address.")
    company_id = invitation.company_id
    if invitation.status == InvitationStatus.PENDING:
        seats = team_sql.count_members(found.owner_id)
        await hold(session, found.owner_id, Feature.TEAM_SEATS, seats)
        await team_sql.join(session, company_id, user_id, invitation.role)
        await _decide(session, invitation, InvitationStatus.ACCEPTED)
        data = {"company_id": company_id, "user_id": user_id}
        await notify(session, found.owner_id, Kind.MEMBER_JOINED, data)
    return await _member_of(session, company_id, user_id)


async def decline(session: WriteSession, token: str) -> None:
    """Let an invitation be; twice is once. Raises `NotFoundError` for a token that is not good."""
    found = await _still_good(session, token, InvitationStatus.DECLINED)
    invitation: CompanyInvitation = found.CompanyInvitation
    if invitation.status == InvitationStatus.PENDING:
        await _decide(session, invitation, InvitationStatus.DECLINED)


async def revoke(session: WriteSession, company_id: int, invitation_id: int, owner_id: int) -> None:
    """Take an invitation back; nothing happens if it was answered.

    Raises `NotFoundError` or `ForbiddenError`.
    """
    await acting(session, company_id, owner_id, Right.TEAM)
    await team_sql.revoke(session, company_id, invitation_id)


async def change_role(
    session: WriteSession, company_id: int, member_id: int, owner_id: int, role: str
) -> MemberShown:
    """Give a member another role. Raises `NotFoundError` or `ForbiddenError`."""
    await acting(session, company_id, owner_id, Right.TEAM)
    if not await team_sql.change_role(session, company_id, member_id, role):
        raise _no_such_member()
    session.wrote_for(member_id)
    return await _member_of(session, company_id, member_id)


async def remove(session: WriteSession, company_id: int, member_id: int, user_id: int) -> None:
    """End a membership: one's own, or as the owner anyone's; twice is once.

    Raises `NotFoundError` or `ForbiddenError`.
    """
    if member_id != user_id:
        await acting(session, company_id, user_id, Right.TEAM)
    await team_sql.leave(session, company_id, member_id)
    # What they read next must be what they may still read.
    session.wrote_for(member_id)


def forgetting(database: Database) -> Chore:
    """Addresses of people who were invited once are not kept for ever."""

    async def work() -> None:
        async with database.writing() as session:
            await team_sql.forget_invitations(session, timedelta(days=_KEPT_DAYS))

    return Chore("companies.invitations", _TIDY_EVERY_S, work)


async def _still_good(session: WriteSession, token: str, answered: InvitationStatus) -> AnyRow:
    """The invitation, held, if it waits for an answer or has had this one."""
    found = await team_sql.by_token(session, refresh_token_hash(token))
    if found is not None:
        invitation = found.CompanyInvitation
        waits = invitation.status == InvitationStatus.PENDING
        if invitation.status == answered or (waits and invitation.expires_at > datetime.now(UTC)):
            return found
    raise NotFoundError("invitation_not_found", "This invitation is not good, or no longer.")


async def _decide(
    session: WriteSession, invitation: CompanyInvitation, status: InvitationStatus
) -> None:
    invitation.status = status
    invitation.decided_at = datetime.now(UTC)
    await session.flush()


async def _member_of(session: WriteSession, company_id: int, user_id: int) -> MemberShown:
    row = await team_sql.member(session, company_id, user_id)
    if row is None:
        raise _no_such_member()
    return _member(row)


def _member(row: AnyRow) -> MemberShown:
    return MemberShown(
        user=person_ref(row),
        role=row.role,
        has_seat=row.has_seat,
        joined_at=row.created_at,
    )


def _letter(wanted: InvitationDraft, company: str, link: str) -> Letter:
    # A name may hold line breaks; a subject must not.
    name = " ".join(company.split())
    return Letter(
        wanted.email,
        f"{name} invites you to its team on HireMeBahamas",
        f"{name} would like you to act for it as a {wanted.role}.\n\n"
        f"To accept or decline, open within {INVITATION_DAYS} days:\n{link}\n\n"
        "To accept you need an employer's account with this e-mail address. "
        "If you do not know the company, let it be: nothing happens then.\n",
    )


def _no_such_member() -> NotFoundError:
    return NotFoundError("member_not_found", "There is no such member.")
