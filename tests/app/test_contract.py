"""The OpenAPI document and the running app, held against each other by schemathesis.

A pod as in production is asked in the short run (what is sold, which it cannot know of, in
`tests/degradation`), a whole stack through nginx in the long one.
"""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx2
import pytest
import pytest_asyncio

from stack import engine
from stack.state import Running as Stack
from tests.app.contract import WHO, agrees
from tests.app.pods import Pod, running_pod
from tests.conftest import MakeHome

# The payment service is not there.
_NOTHING_BOUGHT = (
    "--exclude-path-regex",
    "/subscriptions/(checkout|portal|change|cancel|reactivate|webhook)$",
)
# Whoever is signed in gets much the same everywhere: the short run asks for each thing once, as
# someone it lets do most. Where people are only turned away, that is the access table's.
_SHORT: dict[str, tuple[str, ...]] = {
    "anonymous": ("auth", "jobs"),
    "employer": (
        *("jobs", "companies", "advertising", "messages", "uploads", "analytics", "API keys"),
    ),
    "worker": (
        *("applications", "reviews", "feed", "network", "users", "saved searches"),
        *("notifications", "reports"),
    ),
}
_ALL: tuple[str, ...] = ()


@pytest_asyncio.fixture(scope="module")
async def pod(
    app_servers: dict[str, str], storage: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Pod]:
    """A pod that serves, as in production."""
    folder = tmp_path_factory.mktemp("contract")
    with running_pod("contract", app_servers, folder, **storage) as pod:
        await pod.ready()
        yield pod


@pytest.mark.parametrize(
    ("who", "tags"),
    [
        *(pytest.param(who, tags, id=who) for who, tags in _SHORT.items()),
        pytest.param("employer", _ALL, id="employer, everything", marks=pytest.mark.long),
    ],
)
async def test_the_app_answers_as_its_document_says(
    empty: None,
    pod: Pod,
    app_servers: dict[str, str],
    tmp_path: Path,
    who: str,
    tags: tuple[str, ...],
) -> None:
    asked = [word for tag in tags for word in ("--include-tag", tag)]
    how = ("--phases", "coverage", *asked, *_NOTHING_BOUGHT)
    async with pod.client() as client:
        await agrees(client, app_servers["DATABASE_DIRECT_URL"], tmp_path, who, *how)


@pytest.fixture(scope="module")
def stack(make_home: MakeHome) -> Iterator[Stack]:
    """A whole stack that lets one address ask as often as it likes."""
    home = make_home()
    nginx = home / "nginx-production.conf"
    limited = nginx.read_text("utf-8")
    nginx.write_text(limited.replace("rate=50r/s", "rate=50000r/s"), "utf-8")
    assert nginx.read_text("utf-8") != limited
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("WEB_CONCURRENCY", "2")
        environment.setenv("API_RATE_PER_MINUTE", "1000000")
        environment.delenv("STRIPE_SECRET_KEY", raising=False)
        yield engine.up(home, pods=2, replicas=1, bound=True)


@pytest_asyncio.fixture
async def board(stack: Stack) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of the stack, whose paths begin at /api/v1."""
    address = f"{stack.base_url}/api/v1"
    async with httpx2.AsyncClient(base_url=address, timeout=60) as client:
        yield client


@pytest.mark.stack
@pytest.mark.long
@pytest.mark.parametrize("who", WHO)
async def test_the_running_stack_answers_as_its_document_says_whatever_one_thinks_of(
    board: httpx2.AsyncClient, stack: Stack, tmp_path: Path, who: str
) -> None:
    how = ("--phases", "coverage,fuzzing", "--max-examples", "60")
    await agrees(board, stack.environment["DATABASE_DIRECT_URL"], tmp_path, who, *how)
