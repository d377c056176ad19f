"""Routes found by section are those the router would have found one by one."""

from collections.abc import AsyncIterator

import httpx2
import pytest
import pytest_asyncio
from fastapi import APIRouter, FastAPI
from starlette.routing import Mount

from reference_app.kit import sections

_ASKED = [
    *[("GET", path) for path in ("/api/v1/a/first", "/api/v1/a/7", "/api/v1/a", "/api/v1/b/7")],
    *[("GET", path) for path in ("/api/v1/a/", "/api/v1/c", "/api/v1", "/", "/up", "/up/", "/ap")],
    *[(method, "/api/v1/a/7") for method in ("PUT", "DELETE", "HEAD")],
]


def _router() -> APIRouter:
    router = APIRouter()
    for method, path in (
        ("GET", "/api/v1/a/first"),
        ("GET", "/api/v1/b/{number}"),
        ("GET", "/api/v1/a/{number}"),
        ("PUT", "/api/v1/a/{number}"),
        ("GET", "/api/v1/a"),
        ("GET", "/up"),
    ):
        router.add_api_route(path, lambda told=f"{method} {path}": told, methods=[method])
    return router


def _app(*, by_section: bool) -> FastAPI:
    app = FastAPI(redirect_slashes=False, openapi_url=None)
    app.router.routes.extend(_router().routes)
    if by_section:
        sections.install(app.router)
    return app


@pytest_asyncio.fixture(params=["", "/behind"])
async def pair(request: pytest.FixtureRequest) -> AsyncIterator[list[httpx2.AsyncClient]]:
    clients = [
        httpx2.AsyncClient(
            transport=httpx2.ASGITransport(_app(by_section=one), root_path=request.param),
            base_url="http://board",
        )
        for one in (False, True)
    ]
    yield clients
    for client in clients:
        await client.aclose()


@pytest.mark.parametrize(("method", "path"), _ASKED)
async def test_the_same_is_answered(pair: list[httpx2.AsyncClient], method: str, path: str) -> None:
    one_by_one, by_section = [await client.request(method, path) for client in pair]
    assert by_section.status_code == one_by_one.status_code
    assert by_section.content == one_by_one.content
    assert by_section.headers == one_by_one.headers


async def test_only_the_section_is_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    app = _app(by_section=True)
    tried = []
    for route in app.router.routes:
        was = route.matches

        def matches(scope, route=route, was=was):  # type: ignore[no-untyped-def]  # a spy
            tried.append(route.path)  # type: ignore[attr-defined]  # ours all have one
            return was(scope)

        monkeypatch.setattr(route, "matches", matches)
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app), base_url="http://board"
    ) as client:
        assert (await client.get("/up")).json() == "GET /up"
    assert tried == ["/up"]


def test_what_has_no_section_is_refused() -> None:
    for wrong in (APIRouter(routes=[Mount("/files", routes=[])]), APIRouter()):
        wrong.add_api_route("/{anything}", lambda: None)
        with pytest.raises((TypeError, ValueError), match="in no section"):
            sections.install(wrong)
