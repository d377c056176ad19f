"""The app and Stripe as processes of their own, and people who buy."""

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import httpx2
import psycopg
from psycopg.rows import dict_row

from tests.app.life import PASSWORD, Person

DAY = 86_400
KEY = "sk_test_till"
WEBHOOK_SECRET = "whsec_till_0123456789"
GOOD_CARD = "4242424242424242"
FAILING_CARD = "4000000000000341"
"""Is saved, then every charge is declined."""

_CHECKOUT = Path(__file__).parents[2]
_START_S = 120.0
_PATIENCE_S = 60.0
_numbers = count(1)


@dataclass(frozen=True)
class Till:
    """A board where one can buy: its API, its database, and its Stripe."""

    client: httpx2.AsyncClient
    stripe: httpx2.AsyncClient
    database_url: str

    async def person(self, role: str = "seeker", **given: Any) -> Person:
        """Someone new, signed in."""
        answer = await self.client.post(
            "/auth/register",
            json={
                "email": f"buyer{next(_numbers)}@example.com",
                "password": PASSWORD,
                "full_name": "Ann Buyer",
                "role": role,
                **given,
            },
        )
        assert answer.status_code == 201, answer.text
        return Person(self.client, answer.json())

    async def control(self, name: str, **body: Any) -> Any:
        """Call one of Stripe's control routes: with a body to do, without one to look."""
        if body:
            answer = await self.stripe.post(f"/_local/{name}", json=body)
        else:
            answer = await self.stripe.get(f"/_local/{name}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def api(self, path: str, **form: str) -> Any:
        """Ask Stripe's API about what it holds, past the app; with a form, change it."""
        headers = {"authorization": f"Bearer {KEY}"}
        if form:
            answer = await self.stripe.post(f"/v1/{path}", data=form, headers=headers)
        else:
            answer = await self.stripe.get(f"/v1/{path}", headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def settled(self) -> None:
        """Wait until every event has reached the app, or was given up."""

        async def nothing_pending() -> bool:
            return bool((await self.control("deliveries"))["pending"] == 0)

        await eventually(nothing_pending, what="events delivered")

    async def days(self, days: float) -> None:
        """Let time pass at Stripe, and the app hear of it."""
        await self.control("advance", seconds=round(days * DAY))
        await self.settled()

    async def pay(self, url: str, card: str = GOOD_CARD) -> httpx2.Response:
        """Fill in the payment page as a browser does."""
        page = await self.stripe.get(url)
        assert page.status_code == 200, page.text
        return await self.stripe.post(
            url,
            data={
                "action": "pay",
                "number": card,
                "expiry": "12/40",
                "cvc": "123",
                "name": "Ann Buyer",
            },
        )

    async def subscribe(
        self,
        person: Person,
        tier: str = "pro",
        interval: str = "month",
        *,
        card: str = GOOD_CARD,
        trial: bool = False,
        **given: Any,
    ) -> dict[str, Any]:
        """Buy, pay, and wait for the news; without `trial` that is over as well."""
        asked = {"tier": tier, "interval": interval, **given}
        page = (await person.post("/subscriptions/checkout", expect=200, **asked)).json()
        paid = await self.pay(page["url"], card)
        assert paid.status_code == 303, paid.text
        await self.settled()
        if not trial:
            # The trial, and the hour that a renewal's invoice stays a draft.
            await self.days(7 + 2 / 24)
        return await self.own(person)

    async def own(self, person: Person) -> dict[str, Any]:
        """What the app says of a person's subscription."""
        told: dict[str, Any] = (await person.get("/subscriptions/me")).json()
        return told

    async def paid(self, person: Person) -> list[dict[str, Any]]:
        """A person's payments, the oldest first."""
        told = (await person.get("/subscriptions/payments")).json()
        items: list[dict[str, Any]] = told["items"][::-1]
        return items

    def rows(self, query: str, *values: Any) -> list[dict[str, Any]]:
        """What the app's database answers."""
        with (
            psycopg.connect(self.database_url, autocommit=True) as connection,
            connection.cursor(row_factory=dict_row) as cursor,
        ):
            cursor.execute(query.encode(), values)
            return cursor.fetchall() if cursor.description else []


async def eventually(
    condition: Callable[[], Awaitable[bool]], *, what: str, patience_s: float = _PATIENCE_S
) -> None:
    """Wait for `condition` to hold; fail the test if it does not in time."""
    try:
        async with asyncio.timeout(patience_s):
            while not await condition():  # noqa: ASYNC110 - of things that know no events
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"not in time: {what}") from None


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(
    app: str,
    port: int,
    healthy: str,
    environment: dict[str, str],
    log: Path,
    *,
    worker: str = "asgi",
) -> Iterator["subprocess.Popen[bytes]"]:
    """One gunicorn worker of `app` on `port`, from when it answers until the block ends."""
    command = [
        *(sys.executable, "-m", "gunicorn", "--worker-class", worker, "--workers", "1"),
        *("--bind", f"127.0.0.1:{port}", "--graceful-timeout", "1", "--no-control-socket"),
        app,
    ]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("STRIPE_")}
    with log.open("ab") as sink:
        process = subprocess.Popen(
            command, cwd=_CHECKOUT, env=kept | environment, stdout=sink, stderr=subprocess.STDOUT
        )
    try:
        _wait_for(f"http://127.0.0.1:{port}{healthy}", process, log)
        yield process
    finally:
        process.terminate()
        process.wait(20)


def _wait_for(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx2.get(url).status_code == 200:
                return
        except httpx2.TransportError:
            time.sleep(0.05)
    raise AssertionError(f"{url} does not answer:\n{log.read_text()}")


@contextmanager
def shop(servers: dict[str, str], logs: Path) -> Iterator[tuple[int, int]]:
    """The app on `servers` and a Stripe that tells it what happens: their ports."""
    app_port, stripe_port = free_port(), free_port()
    stripe = {
        "STRIPE_SECRET_KEY": KEY,
        "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
        "STRIPE_WEBHOOK_URL": f"http://127.0.0.1:{app_port}/api/v1/subscriptions/webhook",
        "STRIPE_WEBHOOK_BACKOFF_SECONDS": "0.1",
    }
    app = {
        **servers,
        "STRIPE_SECRET_KEY": KEY,
        "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
        "STRIPE_API_URL": f"http://127.0.0.1:{stripe_port}",
        "STRIPE_TIMEOUT_SECONDS": "1",
        "STRIPE_SUCCESS_URL": "http://board.test/done",
        "BCRYPT_ROUNDS": "4",
        "API_RATE_PER_MINUTE": "1000000",
        "WEB_CONCURRENCY": "1",
    }
    app.pop("PROMETHEUS_MULTIPROC_DIR", None)
    with (
        serving(
            "stack.stripe.server:app", stripe_port, "/_local/health", stripe, logs / "stripe.log"
        ),
        serving("reference_app.app:app", app_port, "/ready", app, logs / "app.log"),
    ):
        yield app_port, stripe_port


@asynccontextmanager
async def open_till(ports: tuple[int, int], database_url: str) -> AsyncIterator[Till]:
    """A till whose app and Stripe listen on `ports`; Stripe has forgotten everything."""
    app_port, stripe_port = ports
    async with (
        httpx2.AsyncClient(base_url=f"http://127.0.0.1:{app_port}/api/v1", timeout=40) as client,
        httpx2.AsyncClient(base_url=f"http://127.0.0.1:{stripe_port}", timeout=40) as stripe,
    ):
        till = Till(client, stripe, database_url)
        assert (await stripe.post("/_local/reset", json={})).status_code == 200
        till.rows("TRUNCATE stripe_events")
        yield till
