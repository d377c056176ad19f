"""The whole stack with the built front end, shared by the tests of this folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from stack import engine
from tests.conftest import checkouts
from tests.frontend.browser.life import Board
from tests.frontend.conftest import DIST, FRONT_END
from tests.reports.conftest import chromium

__all__ = ["chromium"]


@pytest.fixture(scope="package")
def board() -> Iterator[Board]:
    """Two pods, no replica, the local Stripe; small, and no limit on what one address asks."""
    if not (DIST / "index.html").is_file():
        pytest.skip("the front end is not built: make frontend")
    with checkouts() as make:
        home = make()
        compose = home / "docker-compose.production.yml"
        text = compose.read_text("utf-8")
        for setting, ours in (("API_RATE_PER_MINUTE:-100", 100_000), ("WEB_CONCURRENCY:-4", 1)):
            assert f"{setting}}}" in text
            name, _, _ = setting.partition(":")
            text = text.replace(f"{setting}}}", f"{name}:-{ours}}}")
        compose.write_text(text, "utf-8")
        yield Board(engine.up(home, pods=2, replicas=0, bound=True))


@pytest.fixture(scope="session")
def pictures() -> Path:
    """Where each page's pictures are kept, for people to look at."""
    folder = FRONT_END.parents[1] / "build/pages"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
