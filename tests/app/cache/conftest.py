"""Two workers whose caches share a real Redis."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from reference_app.kit.cache import Cache
from tests.app.caching import Clock, Source, a_worker


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def source() -> Source:
    return Source()


@pytest_asyncio.fixture
async def two(
    empty: None, app_servers: dict[str, str], clock: Clock
) -> AsyncIterator[tuple[Cache, Cache]]:
    """Two workers that share Redis."""
    url = app_servers["REDIS_URL"]
    async with a_worker(url, clock) as one, a_worker(url, clock) as other:
        yield one, other
