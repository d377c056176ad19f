"""A virtual user in Locust: sends what its journey decides, from an address of its own."""

import functools
import logging
import socket as plain_socket
import ssl
import time
from typing import Any
from urllib.parse import urlsplit

import gevent
import gevent.ssl
import orjson
from gevent import socket
from geventhttpclient.client import HTTPClient, HTTPClientPool
from geventhttpclient.url import URL
from locust import FastHttpUser
from locust.env import Environment
from websocket import WebSocketException

from scenarios.arrivals.closed import ClosedArrivals
from scenarios.catalogue import Limits
from scenarios.crowd import Crowd
from scenarios.journeys.account import Member
from scenarios.journeys.call import BodyError, Call
from scenarios.journeys.files import FileOwner
from scenarios.journeys.social import Social
from scenarios.live_socket import LiveSocket, open_socket
from scenarios.sources import can_bind, source_address

_log = logging.getLogger(__name__)
# Linux: a bound address without a bound port lets the port be chosen at connect, per address pair.
_BIND_ADDRESS_NO_PORT = 24
_FOREVER_S = 86_400.0


@functools.cache
def _shared_context(cafile: str | None = None) -> ssl.SSLContext:
    """One context for all users: making one takes milliseconds. Certificates are not checked."""
    context: ssl.SSLContext = gevent.ssl._create_unverified_context()
    return context


class OwnConnection(HTTPClientPool):
    """One keepalive connection, from `source` when that is given."""

    def __init__(self, source: str | None, limits: Limits) -> None:
        super().__init__(
            concurrency=1,
            connection_timeout=limits.connect_s,
            network_timeout=limits.answer_s,
            insecure=True,
            ssl_context_factory=_shared_context,
        )
        self._source = source

    def get_client(self, url: str | URL) -> HTTPClient:
        """The client for `url`'s host, made on first use."""
        new = not self.clients
        client = super().get_client(url)
        if new and self._source is not None:
            # the pool's own place for how a socket is made; it takes no source address
            client._connection_pool._create_tcp_socket = self.make_socket  # type: ignore[method-assign,assignment]
        return client

    def make_socket(self, family: int, kind: int, protocol: int) -> socket.socket:
        """A socket not connected yet, from the source address when there is one."""
        made = socket.socket(family, kind, protocol)
        if self._source is None:
            return made
        made.setsockopt(plain_socket.IPPROTO_IP, _BIND_ADDRESS_NO_PORT, 1)
        made.bind((self._source, 0))
        return made

    def connect(self, url: str) -> None:
        """Open the connection before it is needed. What fails now is the first request's to say."""
        pool = self.get_client(url)._connection_pool
        try:
            pool.return_socket(pool.get_socket())
        except OSError:
            _log.debug("no connection to %s yet", url)


class VirtualUser(FastHttpUser):
    """One person of the crowd. Concrete classes set `crowd` before users are made."""

    abstract = True
    crowd: Crowd

    def __init__(self, environment: Environment) -> None:
        number, self.journey = self.crowd.join()
        world = self.crowd.world
        self.arrivals = ClosedArrivals(world.think, world.chance(number, "arrivals"))
        host = urlsplit(self.host or "").hostname or ""
        source = source_address(number) if can_bind(host) else None
        self._connection = OwnConnection(source, world.scenario.limits)
        self.client_pool = self._connection
        super().__init__(environment)
        self._ready = False
        self._socket: LiveSocket | None = None

    def wait_time(self) -> float:
        """Seconds until the next request is due; practically never, once the load is over."""
        if self.crowd.is_over(self.arrivals.due):
            return _FOREVER_S
        return self.arrivals.wait_s(time.time())

    def act(self) -> None:
        """Stand ready the first time, send one request every other time."""
        if not self._ready:
            self._stand_ready()
            return
        try:
            self.send_due(self.arrivals.due)
        finally:
            self.arrivals.answered(time.time())

    tasks = [act]  # noqa: RUF012  # Locust's way to say what a user does

    def send_due(self, intended: float) -> None:
        """Send the journey's next request, which was meant to start at `intended`."""
        call = self.journey.next_call(time.time())
        if call.anew:
            self._reconnect()
        self._send(call, intended)

    def make_ready(self) -> None:
        """Open the connection the first request will take."""
        with self.crowd.connecting:
            self._connection.connect(self.host or "")

    def _stand_ready(self) -> None:
        self._ready = True
        self.make_ready()
        self.arrivals.open(self.crowd.stand_ready())

    def _reconnect(self) -> None:
        """A person who comes back brings a new connection; opening it is part of the request."""
        self._connection.close()
        self._leave_socket()

    def on_stop(self) -> None:
        """Locust calls this when the user is stopped."""
        self._leave_socket()

    def _send(self, call: Call, intended: float) -> None:
        sent_at = time.time()
        with self.client.request(
            call.method,
            call.path,
            name=call.route,
            json=call.body,
            headers=self._headers(call),
            catch_response=True,
            allow_redirects=False,  # no part of this API: following one would hide it
            context={"intended": intended, "key": call.key},
        ) as response:
            status = response.status_code
            if status == 401 and isinstance(self.journey, Member):
                self.journey.shut_out(call)
            if status in call.expect:
                try:
                    body = response.text if call.is_text else _decoded(response.content)
                    call.check(status, body)
                except BodyError as error:
                    response.failure(f"body: {error}")
                else:
                    response.success()
                    self._go_on(call, status, body, sent_at)
            elif 0 < status < 400:
                response.failure(f"http {status}")
            elif call.opens_socket:
                self._want_socket_again()
            # everything else fails by Locust's own judgement of status and connection

    def _go_on(self, call: Call, status: int, body: Any, sent_at: float) -> None:
        """What a right answer leads to, beside the next request."""
        if call.writes_to is not None and status == 201:
            place = (call.writes_to, body["conversation_id"])
            self.crowd.deliveries.sent(*place, body["id"], sent_at)
        if call.opens_socket and isinstance(self.journey, Member):
            # a person does not wait for it
            gevent.spawn(self._open_socket, self.journey.person, body)
        if call.sends_file is not None and status == 201 and isinstance(self.journey, FileOwner):
            # nor for the file to be there: one looks around meanwhile
            gevent.spawn(self._send_file, self.journey, body, call.sends_file)

    def _send_file(self, owner: FileOwner, begun: dict[str, Any], content: bytes) -> None:
        put = begun["put"]
        if self.crowd.store.put(put["url"], put["headers"], content):
            owner.arrived(begun["upload"]["id"])

    def _open_socket(self, person: int, ticket: dict[str, str]) -> None:
        self._leave_socket()
        began = time.time()
        try:
            connection = open_socket(
                self.host or "",
                [ticket["protocol"], ticket["ticket"]],
                self._connection.make_socket,
                _shared_context(),
                self.crowd.world.scenario.limits.connect_s,
            )
        except (WebSocketException, OSError) as error:
            self.crowd.deliveries.opened(began, error)
            self._want_socket_again()
            return
        self.crowd.deliveries.opened(began, None)
        self.crowd.deliveries.listens(person)
        self._socket = LiveSocket(
            connection,
            on_frame=functools.partial(self._hear, person),
            on_end=functools.partial(self._socket_over, person),
        )

    def _socket_over(self, person: int) -> None:
        self.crowd.deliveries.listens_no_more(person)
        if self._socket is not None:  # not left by ourselves
            self._want_socket_again()

    def _want_socket_again(self) -> None:
        if isinstance(self.journey, Social):
            self.journey.lost_socket()

    def _hear(self, person: int, frame: dict[str, Any]) -> None:
        if frame["type"] == "messages":
            self.crowd.deliveries.heard(person, frame["conversation_id"], frame["up_to"])

    def _leave_socket(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _headers(self, call: Call) -> dict[str, str]:
        headers = {"Accept": "text/html,*/*" if call.is_text else "application/json"}
        if call.signed and isinstance(self.journey, Member):
            headers["Authorization"] = f"Bearer {self.journey.access_token}"
        return headers


def _decoded(content: bytes | None) -> Any:
    if not content:
        return None
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        raise BodyError("not JSON") from None
