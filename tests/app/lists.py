"""Asking for the lists of `lists.toml`."""

import tomllib
from pathlib import Path
from typing import Any

from redis.asyncio import Redis

from tests.app.life import Running
from tests.app.scene import Scene

LISTS: list[dict[str, Any]] = tomllib.loads(
    Path(__file__).with_name("lists.toml").read_text(encoding="utf-8")
)["row"]


async def ask(scene: Scene, path: str, row: dict[str, Any]) -> Any:
    """What whoever the row names gets at `path`."""
    headers = {}
    if "asks" in row:
        headers["authorization"] = f"Bearer {(await scene.the(row['asks'])).access_token}"
    answer = await scene.app.client.get(f"http://board.test{path}", headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def forget_everything(app: Running) -> None:
    """Empty the caches."""

    async def flush(redis: Redis) -> None:
        await redis.flushdb()

    await app.board.store.run(flush)
    app.board.cache.hears()
