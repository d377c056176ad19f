"""Signed deliveries of events over HTTP, with retries, to this machine or its services only."""

import asyncio
import hashlib
import hmac
import http.client
import ipaddress
import re
import socket
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from urllib.parse import urlsplit

import orjson

from stack.stripe.calls import Call, given, listed, metadata
from stack.stripe.errors import invalid
from stack.stripe.objects import Json, make, new_id
from stack.stripe.settings import Settings
from stack.stripe.state import DELIVERY, State

CONFIGURED = "we_environment"
"""The id of the endpoint named by the environment."""

_SERVICE = re.compile(r"[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?", re.IGNORECASE)
MAX_ENDPOINTS = 16


def check_target(url: str) -> None:
    """Refuse (400 `url_invalid`) every address but loopback and bare service names.

    Events carry what customers did: a test server must never send them to strangers.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        fine = ipaddress.ip_address(host).is_loopback
    except ValueError:
        fine = host == "localhost" or bool(_SERVICE.fullmatch(host) and not host.isdigit())
    if parts.scheme != "http" or not fine or parts.username or _bad_port(url):
        raise invalid(
            f"Webhooks go over http to this machine or to a service by its bare name, not to "
            f"{url!r}.",
            code="url_invalid",
            param="url",
        )


def _bad_port(url: str) -> bool:
    try:
        return urlsplit(url).port == 0
    except ValueError:
        return True


def resolve(host: str, port: int) -> str:
    """The address to connect to. `ValueError` if a name leads out of the private networks."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    address = str(found[0][4][0])
    parsed = ipaddress.ip_address(address)
    if not (parsed.is_loopback or parsed.is_private) or parsed.is_link_local:
        raise ValueError(f"{host} is {address}, which is not a local address")
    return address


def signature(body: bytes, secret: str, timestamp: int) -> str:
    """The `Stripe-Signature` header: HMAC-SHA256 over `{timestamp}.{body}`."""
    signed = f"{timestamp}.".encode() + body
    digest = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={digest}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a receiver answered: its status, or why there was none."""

    status: int | None
    error: str | None

    @property
    def fine(self) -> bool:
        """Whether the receiver took the event."""
        return self.status is not None and 200 <= self.status < 300


def post(url: str, body: bytes, header: str | None, timeout_s: float) -> Outcome:
    """One delivery, blocking. Follows no redirect: anything but 2xx is a failure."""
    parts = urlsplit(url)
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Stripe/1.0 (+local)",
        "Host": parts.netloc,
        "Connection": "close",
    }
    if header is not None:
        headers["Stripe-Signature"] = header
    port = parts.port or 80
    try:
        address = resolve(parts.hostname or "", port)
        connection = http.client.HTTPConnection(address, port, timeout=timeout_s)
        try:
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request("POST", path, body, headers)
            return Outcome(connection.getresponse().status, None)
        finally:
            connection.close()
    except (OSError, ValueError, http.client.HTTPException) as failure:
        return Outcome(None, f"{type(failure).__name__}: {failure}")


class Deliveries:
    """Sends every event to every endpoint that wants it; each endpoint has its own line.

    First attempts go in the order of the events, one after the other. A failed one is
    tried again later by itself (back-off doubling), so that it never holds up the rest:
    events then arrive out of order, as they do in life.
    """

    def __init__(self, state: State, settings: Settings) -> None:
        self.state = state
        self.settings = settings
        self.held = False
        self._lines: dict[str, asyncio.Queue[str]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        state.on_event = self.enqueue

    def register_configured(self) -> None:
        """The endpoint from the environment, unless it is there. `ApiError` for a bad URL."""
        self.state.objects["webhook_endpoint"].pop(CONFIGURED, None)
        if self.settings.webhook_url and self.settings.webhook_secret:
            check_target(self.settings.webhook_url)
            endpoint = make(
                "webhook_endpoint",
                id=CONFIGURED,
                created=self.state.now(),
                enabled_events=["*"],
                url=self.settings.webhook_url,
                _secret=self.settings.webhook_secret,
            )
            self.state.put(endpoint)

    def resume(self) -> None:
        """After a restart: go on with what was not delivered."""
        for delivery in self.state.every(DELIVERY, state="pending"):
            self._line(delivery["endpoint"]).put_nowait(delivery["id"])

    def enqueue(self, event: Json) -> None:
        """Note who is to get the event and put it at the end of their lines."""
        for endpoint in self.state.every("webhook_endpoint", status="enabled"):
            if not {"*", event["type"]} & set(endpoint["enabled_events"]):
                continue
            delivery: Json = {
                "id": new_id("del_"),
                "event": event["id"],
                "type": event["type"],
                "endpoint": endpoint["id"],
                "state": "pending",
                "attempts": [],
            }
            self.state.put(delivery, DELIVERY)
            event["pending_webhooks"] += 1
            if not self.held:
                self._line(endpoint["id"]).put_nowait(delivery["id"])

    def hold(self, held: bool) -> None:
        """Keep new events back, or let go what was kept back, oldest first."""
        was, self.held = self.held, held
        if was and not held:
            for delivery in self.state.every(DELIVERY, state="pending"):
                if not delivery["attempts"]:
                    self._line(delivery["endpoint"]).put_nowait(delivery["id"])

    def _line(self, endpoint: str) -> "asyncio.Queue[str]":
        if endpoint not in self._lines:
            self._lines[endpoint] = asyncio.Queue()
            self._spawn(self._work(self._lines[endpoint]))
        return self._lines[endpoint]

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _work(self, line: "asyncio.Queue[str]") -> None:
        while True:
            await self._attempt(await line.get())

    async def _attempt(self, identifier: str) -> None:
        """Try one delivery; on failure plan the next try, or give up."""
        delivery = self.state.objects[DELIVERY].get(identifier)
        if delivery is None or delivery["state"] != "pending":
            return
        endpoint = self.state.objects["webhook_endpoint"].get(delivery["endpoint"])
        event = self.state.objects["event"].get(delivery["event"])
        if endpoint is None or event is None:
            delivery["state"] = "dropped"
            return
        outcome = await self.send(endpoint, event)
        self.state.changed = True
        delivery["attempts"].append(
            {"at": time.time(), "status": outcome.status, "error": outcome.error}
        )
        if outcome.fine:
            delivery["state"] = "delivered"
            event["pending_webhooks"] -= 1
        elif len(delivery["attempts"]) >= self.settings.attempts:
            delivery["state"] = "failed"
        else:
            self._spawn(self._later(identifier, len(delivery["attempts"])))

    async def _later(self, identifier: str, failures: int) -> None:
        await asyncio.sleep(self.settings.backoff_s * 2 ** (failures - 1))
        await self._attempt(identifier)

    async def send(self, endpoint: Json, event: Json, *, forge: str | None = None) -> Outcome:
        """Deliver once, now. `forge` spoils it: `secret`, `tampered`, `stale` or `unsigned`."""
        sent = {name: value for name, value in event.items() if not name.startswith("_")}
        body = orjson.dumps(sent)
        now = int(time.time())
        secret = new_id("whsec_", 32) if forge == "secret" else endpoint["_secret"]
        header: str | None = signature(body, secret, now - 3600 if forge == "stale" else now)
        if forge == "tampered":
            body = orjson.dumps(sent | {"id": new_id("evt_")})
        if forge == "unsigned":
            header = None
        return await asyncio.to_thread(post, endpoint["url"], body, header, self.settings.timeout_s)

    async def close(self) -> None:
        """Stop all lines; what is pending stays so, and goes on after a restart."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._lines.clear()


def create(call: Call) -> Json:
    """POST /v1/webhook_endpoints; the answer alone shows the secret"""
    state = call.state
    check_target(call.params["url"])
    if len(state.objects["webhook_endpoint"]) >= MAX_ENDPOINTS:
        raise invalid(f"You have reached the maximum of {MAX_ENDPOINTS} webhook endpoints.")
    secret = new_id("whsec_", 32)
    endpoint = make(
        "webhook_endpoint",
        created=state.now(),
        url=call.params["url"],
        enabled_events=call.params["enabled_events"],
        description=call.get("description"),
        api_version=call.get("api_version"),
        metadata=metadata(None, call.params.get("metadata")),
        _secret=secret,
    )
    state.put(endpoint)
    return endpoint | {"secret": secret}


def update(call: Call) -> Json:
    """POST /v1/webhook_endpoints/{id}"""
    endpoint = call.state.get("webhook_endpoint", call.ids["id"])
    if "url" in call.params:
        check_target(call.params["url"])
    endpoint.update(given(call, "url", "enabled_events", "description"))
    if "disabled" in call.params:
        endpoint["status"] = "disabled" if call.params["disabled"] else "enabled"
    if "metadata" in call.params:
        endpoint["metadata"] = metadata(endpoint["metadata"], call.params["metadata"])
    return endpoint


def list_endpoints(call: Call) -> Json:
    """GET /v1/webhook_endpoints"""
    return listed(call, call.state.every("webhook_endpoint"))


def delete(call: Call) -> Json:
    """DELETE /v1/webhook_endpoints/{id}"""
    call.state.drop("webhook_endpoint", call.state.get("webhook_endpoint", call.ids["id"])["id"])
    return {"id": call.ids["id"], "object": "webhook_endpoint", "deleted": True}
