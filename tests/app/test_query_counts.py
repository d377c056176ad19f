"""How many statements a page costs: as many for one item as for twelve."""

from typing import Any

import pytest

from reference_app.assembly import create_app
from tests.app.conftest import MakeSettings
from tests.app.life import Running
from tests.app.lists import LISTS, ask, fill, forget_everything, name_of, page, place
from tests.app.scene import Scene
from tests.app.statements import counted

_API = "/api/v1"
_PAGES = [
    (f"{_API}/jobs/{{job_id}}", None),
    (f"{_API}/companies/{{company_id}}", None),
    (f"{_API}/companies/{{company_id}}/rating", None),
    (f"{_API}/companies/{{company_id}}/audience", "worker"),
    (f"{_API}/users/{{user_id}}", None),
    (f"{_API}/users/{{user_id}}/rating", None),
    (f"{_API}/users/{{user_id}}/audience", "worker"),
    (f"{_API}/users/{{user_id}}/relation", "employer"),
    (f"{_API}/users/me/views", "employer"),
    (f"{_API}/auth/me", "worker"),
    (f"{_API}/auth/google", None),
    (f"{_API}/posts/{{post_id}}", None),
    (f"{_API}/subscriptions/tiers", None),
    (f"{_API}/subscriptions/me", "worker"),
    (f"{_API}/conversations/{{conversation_id}}", "employer"),
    (f"{_API}/conversations/unread", "worker"),
    (f"{_API}/notifications/unread", "worker"),
    (f"{_API}/jobs/{{job_id}}/applications/counts", "employer"),
    (f"{_API}/jobs/{{job_id}}/applications/export", "employer"),
    (f"{_API}/analytics/jobs/totals", "employer"),
    (f"{_API}/campaigns/{{campaign_id}}", "employer"),
    (f"{_API}/campaigns/{{campaign_id}}/statistics", "employer"),
    (f"{_API}/admin/users/{{user_id}}", "admin"),
    (f"{_API}/admin/analytics/people", "admin"),
    (f"{_API}/admin/analytics/revenue", "admin"),
    (f"{_API}/admin/analytics/growth", "admin"),
    (f"{_API}/admin/analytics/jobs", "admin"),
    (f"{_API}/admin/advertising/statistics", "admin"),
]
"""Pages that are no lists, and who asks for them."""
_STATEMENTS = {
    f"{_API}/auth/google": 0,
    f"{_API}/subscriptions/tiers": 0,
    f"{_API}/subscriptions/me": 5,
}
"""Of those that are not one."""
_COUNTED_ELSEWHERE = {
    f"{_API}/ads": "test_campaigns.py",
    f"{_API}/ads/{{token}}/click": "test_campaigns.py",
    f"{_API}/uploads/{{upload_id}}/link": "uploads/test_kept.py",
    f"{_API}/users/{{user_id}}/avatar": "uploads/test_kept.py",
}
"""What leads elsewhere, and the file that counts it."""


def test_every_list_has_a_row_and_every_row_a_list(make_settings: MakeSettings) -> None:
    document = create_app(make_settings()).openapi()
    lists = {
        path
        for path, operations in document["paths"].items()
        if "get" in operations and _is_list(document, operations["get"])
    }
    assert lists == {row["path"] for row in LISTS}


def test_no_page_is_left_uncounted(make_settings: MakeSettings) -> None:
    document = create_app(make_settings()).openapi()
    pages = {path for path, operations in document["paths"].items() if "get" in operations}
    counted_here = {row["path"] for row in LISTS} | {path for path, _ in _PAGES}
    # Probes are no pages.
    assert pages - {"/health", "/ready", "/startup"} == counted_here | _COUNTED_ELSEWHERE.keys()


def _is_list(document: dict[str, Any], operation: dict[str, Any]) -> bool:
    # Not every route answers 200: some send one elsewhere.
    answer = operation["responses"].get("200", {})
    shown = answer.get("content", {}).get("application/json", {})
    name = shown.get("schema", {}).get("$ref", "").rpartition("/")[2]
    return "items" in document["components"]["schemas"].get(name, {}).get("properties", {})


@pytest.mark.parametrize("row", LISTS, ids=name_of)
async def test_a_list_is_one_statement_however_long(app: Running, row: dict[str, Any]) -> None:
    scene = Scene(app, app.board.settings.database_url.get_secret_value())
    shown = 0
    for more in (1, 11):
        await fill(scene, row, more)
        # Whoever asks is there before it counts.
        await page(scene, row)
        await forget_everything(app)
        with counted() as statements:
            answer = await page(scene, row)
        before, shown = shown, len(answer["items"])
        due = before if row.get("fixed", False) else min(before + more, row.get("most", 20))
        assert shown >= max(due, 1)
        assert len(statements) == row.get("statements", 1), statements


@pytest.mark.parametrize(("path", "who"), _PAGES)
async def test_a_page_is_one_statement(app: Running, path: str, who: str | None) -> None:
    scene = Scene(app, app.board.settings.database_url.get_secret_value())
    where = await place(scene, path)
    for of in ("applications_to_a_job", "profile_views", "campaigns", "reports"):
        await fill(scene, {"of": of}, 12)
    await ask(scene, where, who)
    await forget_everything(app)
    with counted() as statements:
        await ask(scene, where, who)
    assert len(statements) == _STATEMENTS.get(path, 1), statements
