"""Asking for the lists of `lists.toml`."""

import re
import tomllib
from pathlib import Path
from typing import Any

import httpx2
from redis.asyncio import Redis

from tests.app.filling import FILLS
from tests.app.filling_desks import DESK_FILLS
from tests.app.life import Running
from tests.app.scene import Scene

LISTS: list[dict[str, Any]] = tomllib.loads(
    Path(__file__).with_name("lists.toml").read_text(encoding="utf-8")
)["row"]


_FILLS = FILLS | DESK_FILLS


def name_of(row: dict[str, Any]) -> str:
    """What tests of the row are called."""
    return f"{row['path']}?{row.get('query', '')}"


async def fill(scene: Scene, row: dict[str, Any], many: int) -> None:
    """Let the row's list have so many more."""
    await _FILLS[row["of"]](scene, many)


async def place(scene: Scene, path: str, at: dict[str, str] | None = None) -> str:
    """`path` with the scene's things in it; `at` says which, where it is not by their names."""
    names = re.findall(r"{(\w+)}", path)
    return path.format(**{name: await scene.the((at or {}).get(name, name)) for name in names})


async def ask(scene: Scene, path: str, who: str | None) -> httpx2.Response:
    """What someone of the scene gets at `path`; None is who is not signed in."""
    headers = {}
    if who is not None:
        headers["authorization"] = f"Bearer {(await scene.the(who)).access_token}"
    answer = await scene.app.client.get(f"http://board.test{path}", headers=headers)
    assert answer.status_code == 200, answer.text
    return answer


async def page(scene: Scene, row: dict[str, Any], more: str = "") -> Any:
    """A page of the row's list."""
    path = await place(scene, row["path"], row.get("at"))
    return (await ask(scene, f"{path}?{row.get('query', '')}{more}", row.get("asks"))).json()


async def forget_everything(app: Running) -> None:
    """Empty the caches, however long Redis takes on a busy machine."""
    redis = Redis.from_url(app.board.settings.redis_url.get_secret_value())
    await redis.flushdb()
    await redis.aclose()
    app.board.cache.hears()
