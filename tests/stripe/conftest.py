"""A real server process on a free loopback port, the real SDK, and a receiver of webhooks."""

import http.server
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path
from typing import Any

import pytest
import stripe

ROOT = Path(__file__).parents[2]
START_S = 20.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Answer:
    """What a browser or a control client got back."""

    status: int
    headers: Message
    text: str

    def json(self) -> Any:
        return json.loads(self.text)


class _StayHere(urllib.request.HTTPRedirectHandler):
    """Redirects are looked at, not followed."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


_OPENER = urllib.request.build_opener(_StayHere)


def fetch(url: str, data: bytes | None = None, headers: dict[str, str] | None = None) -> Answer:
    request = urllib.request.Request(url, data, headers or {})  # noqa: S310 - loopback only
    try:
        with _OPENER.open(request, timeout=30) as response:
            return Answer(response.status, response.headers, response.read().decode())
    except urllib.error.HTTPError as refused:
        with refused:
            return Answer(refused.code, refused.headers, refused.read().decode())


@dataclass
class Server:
    """One running server process."""

    url: str
    process: "subprocess.Popen[bytes]"

    def local(self, name: str, body: dict[str, Any] | None = None) -> Any:
        """Call a control route: GET without a body, POST with one."""
        data = None if body is None else json.dumps(body).encode()
        answer = fetch(f"{self.url}/_local/{name}", data, {"Content-Type": "application/json"})
        assert answer.status == 200, answer.text
        return answer.json()

    def page(self, url: str, **form: str) -> Answer:
        """Open a page, or post its form as a browser does."""
        data = urllib.parse.urlencode(form).encode() if form else None
        return fetch(url, data)

    def client(self, key: str = "sk_test_local", **options: Any) -> stripe.StripeClient:
        return stripe.StripeClient(key, base_addresses={"api": self.url}, **options)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(60)


def start_server(log: Path, **environment: str) -> Server:
    port = free_port()
    command = [
        *(sys.executable, "-m", "gunicorn", "--worker-class", "asgi", "--workers", "1"),
        *("--bind", f"127.0.0.1:{port}", "--graceful-timeout", "1", "--no-control-socket"),
        "stack.stripe.server:app",
    ]
    keep = {name: value for name, value in os.environ.items() if not name.startswith("STRIPE_")}
    with log.open("ab") as sink:
        process = subprocess.Popen(
            command, cwd=ROOT, env=keep | environment, stdout=sink, stderr=subprocess.STDOUT
        )
    server = Server(f"http://127.0.0.1:{port}", process)
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if fetch(server.url + "/_local/health").status == 200:
                return server
        except OSError:
            time.sleep(0.05)
    process.kill()
    process.wait()
    pytest.fail(f"the server did not start:\n{log.read_text()}")


@dataclass
class Receiver:
    """An app's webhook route: keeps what came, answers what it is told to."""

    url: str
    secret: str = ""
    bodies: list[bytes] = field(default_factory=list)
    signatures: list[str] = field(default_factory=list)
    refusals: int = 0
    """How many deliveries to refuse with 500 before taking any."""

    def events(self) -> list[stripe.Event]:
        """What came, each signature checked by the SDK."""
        pairs = zip(self.bodies, self.signatures, strict=True)
        return [stripe.Webhook.construct_event(b, s, self.secret) for b, s in pairs]  # type: ignore[no-untyped-call]

    def types(self) -> list[str]:
        return [json.loads(body)["type"] for body in self.bodies]


@pytest.fixture
def start() -> Callable[..., Server]:
    """Start a server of a test's own; the test stops it."""
    return start_server


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    log = tmp_path_factory.mktemp("stripe") / "server.log"
    running = start_server(log, STRIPE_WEBHOOK_BACKOFF_SECONDS="0.05")
    yield running
    running.stop()


@pytest.fixture
def clean(server: Server) -> Server:
    """The server with nothing in it."""
    server.local("reset", {})
    return server


@pytest.fixture
def api(clean: Server) -> Any:
    """The v1 services of a real SDK client."""
    return clean.client().v1


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    kept = Receiver("")

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            refused = kept.refusals > 0
            if refused:
                kept.refusals -= 1
            else:
                kept.bodies.append(body)
                kept.signatures.append(self.headers.get("Stripe-Signature", ""))
            self.send_response(500 if refused else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=web.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    kept.url = f"http://127.0.0.1:{web.server_port}/webhooks/stripe"
    yield kept
    web.shutdown()
    thread.join()
    web.server_close()


@pytest.fixture
def settled(clean: Server) -> Callable[[], None]:
    """Wait until no delivery is pending any more."""

    def wait() -> None:
        deadline = time.monotonic() + 60
        while clean.local("deliveries")["pending"]:
            assert time.monotonic() < deadline, "deliveries are still pending"
            time.sleep(0.02)

    return wait


@dataclass
class Plans:
    """The price list the tests sell from; prices in cents per month or year."""

    pro: str
    business: str
    pro_year: str


@pytest.fixture
def plans(api: Any) -> Plans:
    def price(name: str, cents: int, interval: str) -> str:
        product = api.products.create({"name": name})
        made = api.prices.create(
            {
                "product": product.id,
                "currency": "usd",
                "unit_amount": cents,
                "recurring": {"interval": interval},
                "lookup_key": f"{name}-{interval}".lower(),
            }
        )
        return str(made.id)

    return Plans(
        pro=price("Pro", 999, "month"),
        business=price("Business", 4999, "month"),
        pro_year=price("Pro yearly", 9900, "year"),
    )


JAN_31 = 1_769_817_600
"""2026-01-31 00:00:00 UTC: a start that has no like in February."""


@dataclass
class Timeline:
    """A customer on a test clock, with a card."""

    api: Any
    clock: str
    customer: str

    def to(self, moment: int) -> None:
        done = self.api.test_helpers.test_clocks.advance(self.clock, {"frozen_time": moment})
        assert done.status == "ready"

    def subscribe(self, price: str, **params: Any) -> Any:
        return self.api.subscriptions.create(
            {"customer": self.customer, "items": [{"price": price}], **params}
        )


@pytest.fixture
def timeline(api: Any) -> Timeline:
    clock = api.test_helpers.test_clocks.create({"frozen_time": JAN_31})
    customer = api.customers.create(
        {
            "email": "ana@example.com",
            "test_clock": clock.id,
            "payment_method": "pm_card_visa",
            "invoice_settings": {"default_payment_method": "pm_card_visa"},
        }
    )
    return Timeline(api, clock.id, customer.id)


@pytest.fixture
def visible_text() -> Callable[[str], str]:
    """The words on a page."""
    return lambda page: " ".join(
        re.sub(r"<style.*?</style>|<[^>]+>", " ", page, flags=re.S).split()
    )
