"""What a worker does before it serves: it opens its connections and asks for common pages.

The first request of a kind costs a worker ten times what the next one does: SQL is compiled,
connections are opened, memory shared with the other workers is copied. On a busy machine whole
seconds of that come together when a fresh pod gets its full share of requests at once; then
some wait for a connection until they are refused.
"""

import asyncio
from uuid import UUID

import structlog
from fastapi import FastAPI
from starlette.types import Message

from reference_app.database import Database
from reference_app.kit.middleware import Observed
from reference_app.kit.tokens import Access
from reference_app.texts import LARGEST_ID
from reference_app.users.models import Role

_log = structlog.get_logger()

_AT_MOST_S = 10.0
_NOBODY = 0

PUBLIC = (
    "/api/v1/jobs",
    "/api/v1/jobs?category=plumbing&island=exuma",
    "/api/v1/jobs?q=plumber",
    f"/api/v1/jobs/{LARGEST_ID}",
    f"/api/v1/companies/{LARGEST_ID}",
)
SEEKERS = (
    "/api/v1/auth/me",
    "/api/v1/jobs/saved",
    "/api/v1/applications",
    "/api/v1/feed",
    "/api/v1/conversations",
    "/api/v1/notifications",
)
EMPLOYERS = ("/api/v1/jobs/mine", f"/api/v1/jobs/{LARGEST_ID}/applications")


async def warm(app: FastAPI, database: Database) -> None:
    """Make the worker quick. Never raises: one that stays cold serves all the same."""
    try:
        async with asyncio.timeout(_AT_MOST_S):
            await database.open()
            for pages, role in (
                (PUBLIC, None),
                (SEEKERS, Role.SEEKER),
                (EMPLOYERS, Role.EMPLOYER),
            ):
                for page in pages:
                    await _ask(app, page, role)
    except Exception as error:
        _log.warning("the worker starts cold", error=type(error).__name__)


async def _ask(app: FastAPI, page: str, role: Role | None) -> None:
    """Ask for `page` as nobody in particular; the answer, mostly 404, is of no interest."""
    path, _, query = page.partition("?")
    access = None if role is None else Access(_NOBODY, role, UUID(int=0))
    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "query_string": query.encode(),
        "headers": [],
        # Already observed: it counts neither as a request nor against a limit.
        "observed": Observed("warming", "", access),
    }

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(_: Message) -> None:
        pass

    await app(scope, receive, send)
