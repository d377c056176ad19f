"""How many statements a page costs: as many for one item as for twelve."""

import re
from typing import Any

import pytest

from reference_app.assembly import create_app
from tests.app.conftest import MakeSettings
from tests.app.filling import FILLS
from tests.app.life import Running
from tests.app.lists import LISTS, ask, forget_everything
from tests.app.scene import Scene
from tests.app.statements import counted


def test_every_list_has_a_row_and_every_row_a_list(make_settings: MakeSettings) -> None:
    document = create_app(make_settings()).openapi()
    lists = {
        path
        for path, operations in document["paths"].items()
        if "get" in operations and _is_list(document, operations["get"])
    }
    assert lists == {row["path"] for row in LISTS}


def _is_list(document: dict[str, Any], operation: dict[str, Any]) -> bool:
    shown = operation["responses"].get("200", {}).get("content", {}).get("application/json", {})
    name = shown.get("schema", {}).get("$ref", "").rpartition("/")[2]
    return "items" in document["components"]["schemas"].get(name, {}).get("properties", {})


@pytest.mark.parametrize("row", LISTS, ids=lambda row: f"{row['path']}?{row.get('query', '')}")
async def test_a_list_is_one_statement_however_long(app: Running, row: dict[str, Any]) -> None:
    scene = Scene(app, app.board.settings.database_url.get_secret_value())
    names = re.findall(r"{(\w+)}", row["path"])
    path = row["path"].format(**{name: await scene.the(name) for name in names})
    shown = 0
    for more in (1, 11):
        await FILLS[row["of"]](scene, more)
        await forget_everything(app)
        with counted() as statements:
            answer = await ask(scene, f"{path}?{row.get('query', '')}", row)
        before, shown = shown, len(answer["items"])
        assert shown >= before + more
        assert len(statements) == row.get("statements", 1), statements


@pytest.mark.parametrize("path", ["/companies/{company_id}", "/jobs/{job_id}", "/users/{user_id}"])
async def test_a_page_is_one_statement(app: Running, path: str) -> None:
    scene = Scene(app, app.board.settings.database_url.get_secret_value())
    names = re.findall(r"{(\w+)}", path)
    where = path.format(**{name: await scene.the(name) for name in names})
    await forget_everything(app)
    with counted() as statements:
        assert (await app.client.get(where)).status_code == 200
    assert len(statements) == 1, statements


async def test_writes_cost_a_fixed_number_of_statements(app: Running) -> None:
    owner, seeker = await app.employer(), await app.person()
    job = await owner.job()
    for method, path, body, most in (
        ("PUT", f"/jobs/{job['id']}/save", None, 2),
        ("POST", f"/jobs/{job['id']}/applications", {"cover_letter": "Me."}, 5),
        ("PATCH", "/users/me", {"headline": "Mason"}, 3),
        ("POST", "/saved-searches", {"name": "Pipes", "q": "plumber"}, 4),
    ):
        with counted() as statements:
            answer = await seeker.send(method, path, body)
        assert answer.is_success
        assert len(statements) <= most, statements
    with counted() as statements:
        refreshed = await app.client.post(
            "/auth/refresh", json={"refresh_token": seeker.refresh_token}
        )
    assert refreshed.status_code == 200
    assert len(statements) == 1, statements
