"""/admin: for administrators alone."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from reference_app.admin import audit, moderation, people, switches
from reference_app.admin.acting import Acting
from reference_app.admin.schemas import (
    AuditPage,
    Because,
    FlagChange,
    FlagList,
    FlagName,
    FlagShown,
    PeopleSearch,
    PersonDetail,
    PersonPage,
    Queue,
    ReportList,
    Resolution,
    Resolved,
    Standing,
    Visibility,
)
from reference_app.admin.things import ThingKind
from reference_app.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    UnauthenticatedError,
    UnavailableError,
    problem_docs,
)
from reference_app.kit.pagination import CursorText, Limit
from reference_app.serving import Admin, Reading, Writing, board_of
from reference_app.texts import PathId
from reference_app.users.models import Role

router = APIRouter(prefix="/api/v1/admin", tags=["admin"])

_ADMINS = problem_docs(UnauthenticatedError, ForbiddenError)
_ADMINS_LIST = problem_docs(InvalidError, UnauthenticatedError, ForbiddenError)
_ADMINS_ONE = problem_docs(UnauthenticatedError, ForbiddenError, NotFoundError)
_ADMINS_THING = problem_docs(
    InvalidError, UnauthenticatedError, ForbiddenError, NotFoundError, ConflictError
)
_ADMINS_FLAG = problem_docs(UnauthenticatedError, ForbiddenError, NotFoundError, UnavailableError)


@router.get("/users", summary="Find people", responses=_ADMINS_LIST)
async def find(
    _: Admin,
    session: Reading,
    q: PeopleSearch = "",
    role: Role | None = None,
    suspended: bool | None = None,
    limit: Limit = 20,
    cursor: CursorText = None,
) -> PersonPage:
    """Administrators only. The newest first; all conditions must hold."""
    return await people.find(
        session, words=q, role=role, suspended=suspended, limit=limit, cursor=cursor
    )


@router.get("/users/{user_id}", summary="A person, in full", responses=_ADMINS_ONE)
async def person(user_id: PathId, _: Admin, session: Reading) -> PersonDetail:
    """Administrators only."""
    return await people.detail(session, user_id)


@router.post("/users/{user_id}/suspend", summary="Suspend a person", responses=_ADMINS_ONE)
async def suspend(user_id: PathId, wanted: Because, by: Acting, session: Writing) -> Standing:
    """Administrators only, and none of them. Ends all sessions, hides what they made.

    Lists of jobs and feeds of others may show it for a minute or a few. Twice is once.
    """
    return await people.suspend(session, user_id, by, wanted.reason)


@router.post("/users/{user_id}/reinstate", summary="Let a person back in", responses=_ADMINS_ONE)
async def reinstate(user_id: PathId, wanted: Because, by: Acting, session: Writing) -> Standing:
    """Administrators only. What the suspension hid is shown again. Twice is once."""
    return await people.reinstate(session, user_id, by, wanted.reason)


@router.get("/moderation", summary="What is reported", responses=_ADMINS_LIST)
async def queue(
    _: Admin,
    session: Reading,
    kind: ThingKind | None = None,
    limit: Limit = 20,
    cursor: CursorText = None,
) -> Queue:
    """Administrators only. Each thing once, what waits longest first."""
    return await moderation.queue(session, limit, cursor, kind)


@router.get("/moderation/{kind}/{thing_id}", summary="Reports of one thing", responses=_ADMINS)
async def reports(kind: ThingKind, thing_id: PathId, _: Admin, session: Reading) -> ReportList:
    """Administrators only. The newest first, open or resolved."""
    return await moderation.of_thing(session, kind, thing_id)


@router.post(
    "/moderation/{kind}/{thing_id}/resolve",
    summary="Resolve all reports of one thing",
    responses=_ADMINS_THING,
)
async def resolve(
    kind: ThingKind, thing_id: PathId, wanted: Resolution, by: Acting, session: Writing
) -> Resolved:
    """Administrators only. Of two who do so at once, the second is told 409.

    The pages of what is hidden are gone at once; lists of jobs and feeds of others may show it
    for a minute or a few.
    """
    return await moderation.resolve(session, kind, thing_id, by, wanted)


@router.post(
    "/moderation/{kind}/{thing_id}/restore",
    summary="Show again what was hidden",
    responses=_ADMINS_THING,
)
async def restore(
    kind: ThingKind, thing_id: PathId, wanted: Because, by: Acting, session: Writing
) -> Visibility:
    """Administrators only. Twice is once."""
    return await moderation.restore(session, kind, thing_id, by, wanted.reason)


@router.get("/audit", summary="What administrators did", responses=_ADMINS_LIST)
async def trail(
    _: Admin,
    session: Reading,
    admin_id: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None,
    action: Annotated[str | None, Query(pattern="^[a-z_.]{1,40}$")] = None,
    subject_kind: Annotated[str | None, Query(pattern="^[a-z_]{1,40}$")] = None,
    subject: Annotated[str | None, Query(pattern="^[a-z0-9_]{1,60}$")] = None,
    limit: Limit = 20,
    cursor: CursorText = None,
) -> AuditPage:
    """Administrators only. The newest first; nobody can change or delete any of it."""
    return await audit.page(
        session,
        limit,
        cursor,
        admin_id=admin_id,
        action=action,
        subject_kind=subject_kind,
        subject=subject,
    )


@router.get("/flags", summary="All switches", responses=_ADMINS)
async def flags(request: Request, _: Admin) -> FlagList:
    """Administrators only. As the worker that answers knows them."""
    return switches.all_of(board_of(request).flags)


@router.put("/flags/{name}", summary="Throw a switch", responses=_ADMINS_FLAG)
async def set_flag(
    request: Request, name: FlagName, wanted: FlagChange, by: Acting, session: Writing
) -> FlagShown:
    """Administrators only. It holds on all pods within moments, whatever the settings say."""
    return await switches.override(
        session, board_of(request).flags, name, wanted.percent, by, wanted.reason
    )


@router.delete("/flags/{name}", summary="Leave a switch to the settings", responses=_ADMINS_FLAG)
async def clear_flag(request: Request, name: FlagName, by: Acting, session: Writing) -> FlagShown:
    """Administrators only. Twice is once."""
    return await switches.override(session, board_of(request).flags, name, None, by, "")
