"""The OpenAPI document: names and words of ours where the framework would use its own."""

import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

import orjson
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from reference_app import errors

ABOUT = """A job board for the Bahamas.

Errors are `application/problem+json`; `code` is stable and meant for programs.
Lists come in pages: pass `next_cursor` as `cursor` for the next one.
Every request counts against a limit per user or address, some against a stricter one as well.
People's pictures count against a wider one of their own instead.
429 says which and when to come back.
So does 503, for any request: what it needs is gone for the moment, or too much is going on.
Nothing may be kept but what says so: public pages, for a few seconds, by those not signed in.
"""

_ABOUT_TAGS = {
    "jobs": "Finding, keeping and offering work.",
    "applications": "Applying for jobs, and what becomes of it.",
    "saved searches": "Searches one repeats, and being told what is new in them.",
    "users": "People: their profiles, and who looks at them.",
    "companies": "Companies: their pages and their teams.",
    "reviews": "What people say of companies and workers they had to do with.",
    "feed": "Posts, comments and likes.",
    "network": "Following people and companies, and connecting with people.",
    "messages": "Conversations of two.",
    "notifications": "What happened that concerns one.",
    "realtime": "Being told at once, over a WebSocket.",
    "auth": "Accounts: making one, signing in and out, passwords, and the end of it.",
    "uploads": "Files: avatars, résumés and portfolios.",
    "API keys": "Letting programs act for one.",
    "subscriptions": "Tiers, and paying for them.",
    "advertising": "Advertisements, and campaigns that show them.",
    "analytics": "How one's own jobs fare.",
    "reports": "Telling administrators what is wrong.",
    "admin": "What only administrators see and do.",
    "probes": "What the load balancer asks a pod. Not limited, and not under `/api`.",
}
TAGS = [{"name": name, "description": about} for name, about in _ABOUT_TAGS.items()]

_FRAMEWORKS_WORD = "Successful Response"
_GENERIC_PAGE = re.compile(rb"\bPage[_\[]([A-Za-z]+)[_\]]")


def name_operations(routes: Iterable[BaseRoute]) -> None:
    """Name the operation of each route after its tag and its function."""
    for route in routes:
        if isinstance(route, APIRoute) and route.tags:
            tag = str(route.tags[0]).lower().replace(" ", "_")
            route.operation_id = tag if route.name == tag else f"{tag}_{route.name}"


def reworded(schema: dict[str, Any]) -> dict[str, Any]:
    """An OpenAPI document with every answer described, in the order of statuses."""
    errors.document_problems(schema)
    for operations in schema["paths"].values():
        for operation in operations.values():
            answers = operation["responses"]
            for status, answer in answers.items():
                if answer["description"] == _FRAMEWORKS_WORD:
                    answer["description"] = HTTPStatus(int(status)).phrase
            operation["responses"] = dict(sorted(answers.items()))
    # `Page[JobSummary]` is called `JobSummaryPage`.
    renamed: dict[str, Any] = orjson.loads(_GENERIC_PAGE.sub(rb"\1Page", orjson.dumps(schema)))
    return renamed
