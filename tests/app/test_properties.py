"""What holds however things fall: pages, quotas, and loads of the cache."""

import asyncio
import re
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reference_app.assembly import create_app
from reference_app.kit.cache import Cache
from reference_app.kit.store import Store
from reference_app.subscriptions.entitlements import EntitlementRefusedError, Feature, spend
from tests.app.conftest import MakeSettings
from tests.app.filling import FILLS, crowd
from tests.app.life import Running
from tests.app.lists import LISTS, ask, forget_everything
from tests.app.scene import Scene

_FREE_POSTS = 5


def _few(examples: int) -> settings:
    suppressed = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
    return settings(max_examples=examples, derandomize=True, suppress_health_check=suppressed)


# pages

_PAGED = [row for row in LISTS if row.get("paged", True)]


def test_every_list_that_takes_a_cursor_is_walked(make_settings: MakeSettings) -> None:
    paths = create_app(make_settings()).openapi()["paths"]
    with_cursor = {
        path
        for path, operations in paths.items()
        for each in operations.get("get", {}).get("parameters", [])
        if each["name"] == "cursor"
    }
    assert with_cursor == {row["path"] for row in _PAGED}


@pytest.mark.parametrize("row", _PAGED, ids=lambda row: f"{row['path']}?{row.get('query', '')}")
@_few(3)
@given(sizes=st.lists(st.integers(1, 5), min_size=1, max_size=4))
async def test_every_item_is_on_exactly_one_page_whatever_comes_in_front(
    app: Running, row: dict[str, Any], sizes: list[int]
) -> None:
    scene = Scene(app, app.board.settings.database_url.get_secret_value())
    names = re.findall(r"{(\w+)}", row["path"])
    path = row["path"].format(**{name: await scene.the(name) for name in names})
    path = f"{path}?{row.get('query', '')}"
    fill = FILLS[row["of"]]
    await fill(scene, 6)
    await forget_everything(app)
    there = [item["id"] for item in (await ask(scene, f"{path}&limit=100", row))["items"]]
    assert len(there) >= 6
    found: list[int] = []
    cursor = ""
    for step in range(len(there) + 1):
        wanted = sizes[step % len(sizes)]
        page = await ask(scene, f"{path}&limit={wanted}{cursor}", row)
        assert len(page["items"]) <= wanted
        found += [item["id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
        if step < 2:
            await fill(scene, 1)
            await forget_everything(app)
    assert page["next_cursor"] is None
    assert found == there


# quotas


@st.composite
def _spenders(draw: st.DrawFn) -> list[tuple[int, bool, int]]:
    """Of each how much, whether it fails after all, and how long it takes its time."""
    one = st.tuples(st.integers(1, 4), st.booleans(), st.integers(0, 3))
    return draw(st.lists(one, min_size=1, max_size=8))


class _ChangedMindError(Exception):
    """A transaction that fails after it has spent."""


@_few(40)
@given(spenders=_spenders())
async def test_no_interleaving_spends_more_than_the_quota(
    app: Running, spenders: list[tuple[int, bool, int]]
) -> None:
    database = app.board.database
    (user,) = crowd(Scene(app, app.board.settings.database_url.get_secret_value()), 1)

    async def take(amount: int, fails: bool, pause: int) -> str:
        try:
            async with database.writing() as session:
                await asyncio.sleep(pause / 1_000)
                await spend(session, user, Feature.POSTS, amount)
                await asyncio.sleep(pause / 1_000)
                if fails:
                    raise _ChangedMindError  # noqa: TRY301 - as anything after it may
        except EntitlementRefusedError:
            return "refused"
        except _ChangedMindError:
            return "failed"
        return "spent"

    outcomes = await asyncio.gather(*(take(*each) for each in spenders))
    told = [(each[0], outcome) for each, outcome in zip(spenders, outcomes, strict=True)]
    left = _FREE_POSTS - sum(amount for amount, outcome in told if outcome == "spent")
    assert left >= 0
    # Nobody was refused for what another spent and did not keep.
    assert all(amount > left for amount, outcome in told if outcome == "refused")
    # What is left is all that is left.
    async with database.writing() as session:
        if left:
            await spend(session, user, Feature.POSTS, left)
        with pytest.raises(EntitlementRefusedError):
            await spend(session, user, Feature.POSTS)


# loads


@_few(30)
@given(
    calls=st.lists(
        st.tuples(st.integers(0, 1), st.sampled_from("abc"), st.integers(0, 4)), max_size=25
    )
)
async def test_each_value_is_loaded_once_by_a_worker_whoever_asks_when(
    calls: list[tuple[int, str, int]], app_servers: dict[str, str]
) -> None:
    stores = [Store(app_servers["REDIS_URL"], connections=30, timeout_s=5.0) for _ in range(2)]
    caches = [Cache(store, 1_000_000, lambda: 1_000.0) for store in stores]
    loads: Counter[tuple[int, str]] = Counter()

    async def ask_for(worker: int, key: str, pause: int) -> None:
        async def load(_: int) -> bytes:
            loads[worker, key] += 1
            await asyncio.sleep(0.003)
            return key.encode()

        await asyncio.sleep(pause / 1_000)
        found = await caches[worker].get(key, 60, load)
        assert found.body == key.encode()

    async def flush(redis: Any) -> None:
        await redis.flushall()

    try:
        await stores[0].run(flush)
        for cache in caches:
            cache.hears()
        await asyncio.gather(*(ask_for(*call) for call in calls))
    finally:
        for cache, store in zip(caches, stores, strict=True):
            await cache.close()
            await store.close()
    assert set(loads.values()) <= {1}
    assert {key for _, key in loads} == {key for _, key, _ in calls}
