"""What endpoints ask for: who is signed in, a session, a cached page."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Request
from fastapi.security import HTTPBearer
from starlette.responses import Response

from reference_app.advertising.desk import AdDesk
from reference_app.analytics.activity import Activity
from reference_app.api_keys.keyring import KeyRing
from reference_app.auth.google import Google
from reference_app.auth.recovery import ResetDesk
from reference_app.database import Database, ReadSession, WriteSession
from reference_app.errors import ForbiddenError, NotFoundError, UnauthenticatedError
from reference_app.kit import metrics
from reference_app.kit.cache import Cache, Loader
from reference_app.kit.cache_entry import Found
from reference_app.kit.ended_sessions import EndedSessions
from reference_app.kit.flags import Flags
from reference_app.kit.mail import Mail
from reference_app.kit.middleware import Observed
from reference_app.kit.passwords import Passwords
from reference_app.kit.rate_limit import ApiLimit, LetterLimit, LoginLimit
from reference_app.kit.storage import Storage
from reference_app.kit.store import Store
from reference_app.kit.tally import Tally
from reference_app.kit.tokens import Access
from reference_app.realtime.switchboard import Switchboard
from reference_app.settings import Settings
from reference_app.subscriptions.billing import Billing
from reference_app.subscriptions.entitlements import Feature
from reference_app.subscriptions.known_tiers import KnownTiers
from reference_app.users.models import Role

_DB = metrics.LAYERS.index("db")

# Account matters: an API key must not make itself another, sign in, or spend money.
_NOT_BY_KEY = (
    "/api/v1/admin/",
    "/api/v1/auth/",
    "/api/v1/api-keys",
    "/api/v1/subscriptions/",
    "/api/v1/realtime/",
)
# Those signed in always ask: what one does oneself must show at once. nginx keeps these
# too, and shows one a moment older while it fetches the next.
_KEPT_BRIEFLY = {
    "cache-control": "public, max-age=5, stale-while-revalidate=10",
    "vary": "authorization, origin",
}
# Every look at these is counted, so only the browser that looked may show them again.
_KEPT_BY_ONE = _KEPT_BRIEFLY | {"cache-control": "private, max-age=5"}


@dataclass(frozen=True, slots=True)
class Board:
    """Everything one worker holds while it serves."""

    settings: Settings
    database: Database
    store: Store
    cache: Cache
    api_limit: ApiLimit
    login_limit: LoginLimit
    letter_limit: LetterLimit
    ended_sessions: EndedSessions
    passwords: Passwords
    mail: Mail
    storage: Storage
    reset_desk: ResetDesk
    google: Google
    billing: Billing
    switchboard: Switchboard
    job_views: Tally
    profile_views: Tally
    activity: Activity
    flags: Flags
    tiers: KnownTiers
    keys: KeyRing
    ads: AdDesk


def board_of(request: Request) -> Board:
    """The worker's `Board`, made when it started."""
    return cast(Board, request.scope["app"].state.board)


def observed_of(request: Request) -> Observed:
    """What is known of the request itself."""
    return cast(Observed, request.scope["observed"])


# The token itself is read on arrival; this says in the OpenAPI document how to bring one.
_Bearer = Annotated[
    object,
    Depends(
        HTTPBearer(
            scheme_name="token", description="An access token, or an API key.", auto_error=False
        )
    ),
]


async def _signed_in(request: Request, _: _Bearer) -> Access:
    access = observed_of(request).access
    if access is None:
        raise UnauthenticatedError("not_signed_in", "Sign in to do this.")
    if access.by_key:
        await _admit_key(request, access)
    return access


async def _admit_key(request: Request, access: Access) -> None:
    if request.scope["path"].startswith(_NOT_BY_KEY):
        raise ForbiddenError("not_by_api_key", "This is not for API keys. Sign in to do this.")
    depth = await board_of(request).tiers.require(access.user_id, Feature.API_ACCESS)
    observed_of(request).touched(depth)


async def _anyone(request: Request, bearer: _Bearer) -> Access | None:
    return None if observed_of(request).access is None else await _signed_in(request, bearer)


Viewer = Annotated[Access, Depends(_signed_in)]
"""Whoever is signed in."""

Guest = Annotated[Access | None, Depends(_anyone)]
"""Whoever asks; None when it is not known."""


async def _employer(access: Viewer) -> Access:
    if access.role != Role.EMPLOYER:
        raise ForbiddenError("employers_only", "Only employers can do this.")
    return access


async def _seeker(access: Viewer) -> Access:
    if access.role != Role.SEEKER:
        raise ForbiddenError("seekers_only", "Only job seekers can do this.")
    return access


async def _admin(access: Viewer) -> Access:
    if access.role != Role.ADMIN:
        raise ForbiddenError("admins_only", "Only administrators can do this.")
    return access


async def _reading(request: Request, access: Viewer) -> ReadSession:
    observed_of(request).touched(_DB)
    return await board_of(request).database.reading_for(access.user_id)


async def _writing(request: Request) -> AsyncGenerator[WriteSession]:
    observed = observed_of(request)
    observed.touched(_DB)
    async with board_of(request).database.writing() as session:
        if observed.access is not None:
            session.wrote_for(observed.access.user_id)
        yield session


Employer = Annotated[Access, Depends(_employer)]
Seeker = Annotated[Access, Depends(_seeker)]
Admin = Annotated[Access, Depends(_admin)]

Reading = Annotated[ReadSession, Depends(_reading)]
"""Reads that show the signed-in user their own writes."""

Writing = Annotated[WriteSession, Depends(_writing, scope="function")]
"""The request's transaction, committed before its response leaves."""


async def cached(
    request: Request,
    key: str,
    ttl_s: int,
    load: Loader,
    missing: NotFoundError | None = None,
    *,
    looks_count: bool = False,
) -> Response:
    """The ready bytes under `key` as a JSON response. Raises `missing` when there are none."""
    found = await board_of(request).cache.get(key, ttl_s, load)
    return shown(request, found, missing, looks_count=looks_count)


def shown(
    request: Request,
    found: Found,
    missing: NotFoundError | None = None,
    *,
    looks_count: bool = False,
) -> Response:
    """What was found in the cache as a JSON response. Raises `missing` when there is nothing."""
    observed = observed_of(request)
    observed.touched(found.depth)
    if found.body is None:
        raise missing or NotFoundError("not_found", "There is no such thing.")
    headers = None
    if observed.access is None:
        headers = _KEPT_BY_ONE if looks_count else _KEPT_BRIEFLY
    return Response(found.body, media_type="application/json", headers=headers)
