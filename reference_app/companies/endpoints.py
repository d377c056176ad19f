"""/companies."""

from fastapi import APIRouter, BackgroundTasks, Request, status
from starlette.responses import Response

from reference_app.companies import service, team
from reference_app.companies.schemas import (
    CompanyChange,
    CompanyDetail,
    CompanyDraft,
    InvitationDraft,
    InvitationPage,
    InvitationShown,
    InvitationToken,
    MembershipPage,
    MemberShown,
    ProfileDraft,
    RoleChange,
    TeamPage,
)
from reference_app.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    LimitedError,
    NotFoundError,
    UnauthenticatedError,
    problem_docs,
)
from reference_app.jobs import listing
from reference_app.jobs.schemas import JobPage
from reference_app.kit.mail import Mail
from reference_app.kit.pagination import CursorText, Limit
from reference_app.serving import Employer, Reading, Writing, board_of, cached
from reference_app.texts import PathId

router = APIRouter(prefix="/api/v1/companies", tags=["companies"])

_TEAM = problem_docs(UnauthenticatedError, ForbiddenError, NotFoundError)
_CHANGE = problem_docs(UnauthenticatedError, ForbiddenError, NotFoundError, ConflictError)


@router.get(
    "",
    summary="Companies, the newest first",
    response_model=service.CompanyPage,
    responses=problem_docs(InvalidError),
)
async def companies(request: Request, limit: Limit = 20, cursor: CursorText = None) -> Response:
    """Cached for a few minutes."""
    board = board_of(request)
    return await cached(
        request,
        service.list_cache_key(limit, cursor),
        board.settings.cache_ttl_default,
        service.list_loader(board.database, limit, cursor),
    )


@router.get(
    "/mine",
    summary="Companies one may act for",
    responses=problem_docs(InvalidError, UnauthenticatedError, ForbiddenError),
)
async def own(
    employer: Employer, session: Reading, limit: Limit = 20, cursor: CursorText = None
) -> MembershipPage:
    """Employers only. One's own and those whose team one is in, the newest first."""
    return await service.of_person(session, employer.user_id, limit, cursor)


@router.get(
    "/{company_id}",
    summary="A company's page",
    response_model=CompanyDetail,
    responses=problem_docs(NotFoundError),
)
async def company(request: Request, company_id: PathId) -> Response:
    """Cached; a change shows at once, another tier of its owner within minutes."""
    board = board_of(request)
    return await cached(
        request,
        service.cache_key(company_id),
        board.settings.cache_ttl_default,
        service.detail_loader(board.database, company_id),
        service.no_such_company(),
    )


@router.get(
    "/{company_id}/jobs",
    summary="A company's open jobs, the newest first",
    response_model=JobPage,
    responses=problem_docs(InvalidError),
)
async def company_jobs(
    request: Request, company_id: PathId, limit: Limit = 20, cursor: CursorText = None
) -> Response:
    """The first page of 20 shows a change at once; the others are cached for a minute."""
    board = board_of(request)
    key = listing.company_cache_key(company_id, limit, cursor)
    emptied = key == listing.company_cache_key(company_id)
    return await cached(
        request,
        key,
        board.settings.cache_ttl_default if emptied else board.settings.cache_ttl_jobs,
        listing.company_loader(board.database, company_id, limit, cursor),
    )


@router.post(
    "",
    summary="Make a company",
    status_code=status.HTTP_201_CREATED,
    responses=problem_docs(UnauthenticatedError, ForbiddenError, ConflictError),
)
async def add(wanted: CompanyDraft, employer: Employer, session: Writing) -> CompanyDetail:
    """Employers only. One owner's companies have different names."""
    return await service.add(session, employer.user_id, wanted)


@router.patch("/{company_id}", summary="Change a company", responses=_CHANGE)
async def change(
    company_id: PathId, wanted: CompanyChange, employer: Employer, session: Writing
) -> CompanyDetail:
    """Its owner and managers. Fields left out stay. Lists and jobs show the change within
    minutes.
    """
    return await service.change(session, company_id, employer.user_id, wanted)


@router.put("/{company_id}/profile", summary="Write a company's profile", responses=_TEAM)
async def change_profile(
    company_id: PathId, wanted: ProfileDraft, employer: Employer, session: Writing
) -> CompanyDetail:
    """Its owner and managers, in place of the one before. The owner's tier must have it."""
    return await service.change_profile(session, company_id, employer.user_id, wanted)


@router.get(
    "/{company_id}/members",
    summary="A company's team",
    responses=problem_docs(InvalidError, UnauthenticatedError, ForbiddenError, NotFoundError),
)
async def members(
    company_id: PathId,
    employer: Employer,
    session: Reading,
    limit: Limit = 20,
    cursor: CursorText = None,
) -> TeamPage:
    """The team only. The first to join first, and how many seats there are."""
    return await team.members(session, company_id, employer.user_id, limit, cursor)


@router.patch("/{company_id}/members/{user_id}", summary="Change a member's role", responses=_TEAM)
async def change_role(
    company_id: PathId, user_id: PathId, wanted: RoleChange, employer: Employer, session: Writing
) -> MemberShown:
    """The owner only."""
    return await team.change_role(session, company_id, user_id, employer.user_id, wanted.role)


@router.delete(
    "/{company_id}/members/{user_id}",
    summary="Leave a company's team, or remove someone from it",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=_TEAM,
)
async def remove_member(
    company_id: PathId, user_id: PathId, employer: Employer, session: Writing
) -> Response:
    """Oneself, or the owner anyone. Twice is once."""
    await team.remove(session, company_id, user_id, employer.user_id)
    return Response(status_code=status.HTTP_204_NO_CONTENT)


@router.get(
    "/{company_id}/invitations",
    summary="A company's invitations not answered yet",
    responses=problem_docs(InvalidError, UnauthenticatedError, ForbiddenError, NotFoundError),
)
async def invitations(
    company_id: PathId,
    employer: Employer,
    session: Reading,
    limit: Limit = 20,
    cursor: CursorText = None,
) -> InvitationPage:
    """The owner only. The newest first."""
    return await team.invitations(session, company_id, employer.user_id, limit, cursor)


@router.post(
    "/{company_id}/invitations",
    summary="Invite someone to a company's team",
    status_code=status.HTTP_201_CREATED,
    responses=problem_docs(
        UnauthenticatedError, ForbiddenError, NotFoundError, ConflictError, LimitedError
    ),
)
async def invite(
    request: Request,
    company_id: PathId,
    wanted: InvitationDraft,
    employer: Employer,
    session: Writing,
    afterwards: BackgroundTasks,
) -> InvitationShown:
    """The owner only. A letter goes to the address; a seat is kept until it is answered."""
    board = board_of(request)
    shown, letter = await team.invite(
        session, company_id, employer.user_id, wanted, board.settings.frontend_url
    )
    afterwards.add_task(_post, board.mail, letter)
    return shown


@router.delete(
    "/{company_id}/invitations/{invitation_id}",
    summary="Take an invitation back",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=_TEAM,
)
async def revoke(
    company_id: PathId, invitation_id: PathId, employer: Employer, session: Writing
) -> Response:
    """The owner only. Twice is once."""
    await team.revoke(session, company_id, invitation_id, employer.user_id)
    return Response(status_code=status.HTTP_204_NO_CONTENT)


@router.post("/invitations/accept", summary="Join a company's team", responses=_TEAM)
async def accept(wanted: InvitationToken, employer: Employer, session: Writing) -> MemberShown:
    """Employers only, whose account has the invited address. Twice is once."""
    return await team.accept(session, wanted.token, employer.user_id)


@router.post(
    "/invitations/decline",
    summary="Decline to join a company's team",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problem_docs(NotFoundError),
)
async def decline(wanted: InvitationToken, session: Writing) -> Response:
    """Whoever has the letter, with or without an account. Twice is once."""
    await team.decline(session, wanted.token)
    return Response(status_code=status.HTTP_204_NO_CONTENT)


async def _post(mail: Mail, letter: team.Letter) -> None:
    # After the response, and so after the commit: no letter tells of what is not there.
    mail.post(letter.to, letter.subject, letter.text)
