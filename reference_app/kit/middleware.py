"""The one layer every request passes: who asks, may they, how long did it take.

It is a single plain ASGI layer because each layer costs every request, cached
ones most of all.
"""

import asyncio
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from itertools import count
from time import perf_counter
from typing import Any

import structlog
from starlette.responses import Response
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reference_app.errors import (
    DomainError,
    TimedOutError,
    TooLargeError,
    problem_response,
    unforeseen_response,
)
from reference_app.kit import metrics
from reference_app.kit.bodies import Body, length_of
from reference_app.kit.callers import Callers
from reference_app.kit.ended_sessions import EndedSessions
from reference_app.kit.overload import overloaded
from reference_app.kit.rate_limit import API, ApiLimit, network_of
from reference_app.kit.steps import Stepped, ThreadWork
from reference_app.kit.tokens import (
    API_KEY_START,
    Access,
    InvalidTokenError,
    read_access_token,
)

_log = structlog.get_logger()

_GIVEN_ID = re.compile(rb"[A-Za-z0-9._-]{8,128}")
# What only our own stack asks. /health is for everyone, so it counts as a request.
_PROBES = frozenset({"/ready", "/startup", "/metrics"})
# Whoever looks whether we are alive must not hear that we are busy.
_ALWAYS_ANSWERED = _PROBES | {"/health"}
_NO_ROUTE = "none"
# One request in so many has its CPU timed and counts for all: two readings of the thread's
# clock a step are worth nothing then, and the mean over some hundred requests is good to a tenth.
# What threads do for a request is seldom and much: it is timed of every one.
_TIMED_EVERY = 7
_SECURITY = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"strict-origin-when-cross-origin"),
]
# Of what we answer nothing is a page, and most is for one person only; what is not says so.
_UNLESS_SAID = [
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cache-control", b"no-store"),
]
# All of these come from one address, in bursts, and each is cheap to refuse by its signature.
_WITHOUT_LIMIT = frozenset({"/api/v1/subscriptions/webhook"})

KeyReader = Callable[[str], Awaitable[tuple[Access | None, int]]]
"""Whose API key this is (None: nobody's), and how deep that lay (index of `metrics.LAYERS`)."""


class Observed:
    """What is known of one request; lies in its scope as `observed`.

    `depth` is the deepest layer it touched, as an index of `metrics.LAYERS`;
    `body_bytes` the length of its body, None if it does not say.
    """

    __slots__ = ("access", "address", "body_bytes", "depth", "request_id")

    def __init__(
        self, request_id: str, address: str, access: Access | None, body_bytes: int | None = 0
    ) -> None:
        self.request_id = request_id
        self.address = address
        self.access = access
        self.body_bytes = body_bytes
        self.depth = 0

    @property
    def caller(self) -> str:
        """Whom a limit counts the request for: a user, or else an address."""
        access = self.access
        return network_of(self.address) if access is None else f"u{access.user_id}"

    def touched(self, depth: int) -> None:
        """The request went as deep as `depth`."""
        if depth > self.depth:
            self.depth = depth


class Observe:
    """Gives every request an id, an address and a limit, and every response its headers.

    Errors nobody foresaw are logged here and answered with 500; a request that
    takes longer than `timeout_s` is cut off and answered with 504, one whose
    body is larger than `body_bytes` is not read and answered with 413. Of all
    but the probes `slots` are worked on at once; one more is answered with 503
    at once, since it would only make the others late too. A request of a route
    in `apart`, by the last word of its path, counts in the group beside it, any other in
    the ordinary limit.
    What `seen` answers is told who is signed in.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        pod: str,
        slots: int,
        secret: str,
        timeout_s: float,
        body_bytes: int,
        callers: Callers,
        limit: Callable[[], ApiLimit],
        apart: Mapping[str, tuple[BaseRoute, str]],
        ended: Callable[[], EndedSessions],
        seen: Callable[[], Callable[[int], None]],
        keys: Callable[[], KeyReader],
        requests: metrics.RequestCounters,
        route_of: Callable[[Scope], BaseRoute | None],
        cors: Callable[[ASGIApp], ASGIApp] | None,
    ) -> None:
        # Inside, so that what it answers itself passes here too; around our own answers as
        # well, so that a browser may read refusals.
        self._app = app if cors is None else cors(app)
        self._answer = _send_answer if cors is None else cors(_send_answer)
        self._slots = slots
        self._taken = 0
        self._secret = secret
        self._timeout_s = timeout_s
        self._body_bytes = body_bytes
        self._callers = callers
        self._limit = limit
        self._apart = apart
        self._ended = ended
        self._seen = seen
        self._keys = keys
        self._requests = requests
        self._route_of = route_of
        self._worker = secrets.token_hex(4)
        self._numbers = count(1)
        self._turns = count(1)
        self._fixed_headers = [
            (b"x-pod", pod.encode("latin-1", "replace")),
            *_SECURITY,
        ]
        self._source_headers = [(b"x-served-from", layer.encode()) for layer in metrics.LAYERS]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; one of our own brings what is known of it and is only passed on."""
        if scope["type"] != "http" or "observed" in scope:
            await self._app(scope, receive, send)
            return
        threads = ThreadWork()
        served = self._serve(scope, receive, send)
        timed = None if next(self._turns) % _TIMED_EVERY else Stepped(served)
        try:
            await (timed or served)
        finally:
            own = 0.0 if timed is None else _TIMED_EVERY * timed.seconds
            if seconds := own + threads.seconds:
                self._requests.used(scope["method"], _pattern(scope), seconds)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = perf_counter()
        observed, key = self._observe(scope)
        scope["observed"] = observed
        status = 0
        body = None
        if observed.body_bytes != 0:
            receive = body = Body(receive, self._body_bytes)

        async def send_observed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                if body is not None:
                    await body.drain()
                status = message["status"]
                given = message["headers"]
                said = {name for name, _ in given}
                message["headers"] = [
                    *given,
                    *[header for header in _UNLESS_SAID if header[0] not in said],
                    *self._fixed_headers,
                    self._source_headers[observed.depth],
                    (b"x-request-id", observed.request_id.encode("latin-1")),
                    (b"x-process-time", b"%.6f" % (perf_counter() - started)),
                ]
            await send(message)

        slot = 0 if scope["path"] in _ALWAYS_ANSWERED else 1
        full = slot == 1 and self._taken >= self._slots
        if full:
            slot = 0
        self._taken += slot
        self._requests.in_flight += 1
        try:
            try:
                async with asyncio.timeout(self._timeout_s):
                    await self._admit(scope, key, observed, full=full)
                    await self._app(scope, receive, send_observed)
            except Exception as error:
                if status:  # the response has begun: all that is left is to break it off
                    raise
                if "route" not in scope:  # refused by us: it counts for the route all the same
                    scope["route"] = self._route_of(scope)
                scope["answer"] = self._answer_to(error, observed)
                await self._answer(scope, receive, send_observed)
        finally:
            # However it ends: answered, cut off, or its client gone.
            self._taken -= slot
            self._requests.in_flight -= 1
            self._count(scope, observed, status, perf_counter() - started)

    def _observe(self, scope: Scope) -> tuple[Observed, str | None]:
        """What is known at once, and the API key that would tell more."""
        headers = dict(scope["headers"])
        client = scope.get("client")
        peer = client[0] if client else ""
        request_id = None
        if self._callers.trusts(peer):
            peer = self._callers.address(peer, headers.get(b"x-forwarded-for"))
            given = headers.get(b"x-request-id")
            if given is not None and _GIVEN_ID.fullmatch(given):
                request_id = given.decode("ascii")
        access = key = None
        authorization = headers.get(b"authorization")
        if authorization is not None and authorization[:7].lower() == b"bearer ":
            token = authorization[7:].decode("latin-1")
            if token.startswith(API_KEY_START):
                key = token
            else:
                access = self._holder(token)
        request_id = request_id or f"{self._worker}-{next(self._numbers):08x}"
        return Observed(request_id, peer, access, length_of(headers)), key

    def _holder(self, token: str) -> Access | None:
        """Whom an access token speaks for, None when it is not ours or its session has ended."""
        try:
            access = read_access_token(token, secret=self._secret)
        except InvalidTokenError:
            return None
        return None if self._ended().has_ended(access.session_id) else access

    async def _admit(
        self, scope: Scope, key: str | None, observed: Observed, *, full: bool
    ) -> None:
        """Raises the `DomainError` for which a request is not worked on, if there is one."""
        if full:
            raise overloaded("requests")
        if key is not None:
            await self._find_owner(key, observed)
        refusal = self._refusal(scope, observed)
        if refusal is not None:
            raise refusal

    async def _find_owner(self, key: str, observed: Observed) -> None:
        """Let the request act as the owner of `key`, if it has one.

        Raises `LimitedError` where too many keys from this network were nobody's: each
        of those costs a look into the database.
        """
        guesser = f"k{network_of(observed.address)}"
        refusal = self._limit().look(guesser)
        if refusal is not None:
            raise refusal
        observed.access, depth = await self._keys()(key)
        observed.touched(depth)
        if observed.access is None:
            self._limit().admit(guesser)

    def _refusal(self, scope: Scope, observed: Observed) -> DomainError | None:
        if observed.body_bytes is not None and observed.body_bytes > self._body_bytes:
            return TooLargeError("too_large", f"A body has at most {self._body_bytes} bytes.")
        path = scope["path"]
        # A browser asks before it asks: that would count everything twice.
        if not path.startswith("/api/") or path in _WITHOUT_LIMIT or scope["method"] == "OPTIONS":
            return None
        if observed.access is not None:
            self._seen()(observed.access.user_id)
        group = API
        # The word is looked for first: the pattern is tried only where it may fit.
        near = self._apart.get(path.rpartition("/")[2])
        if near is not None and near[0].matches(scope)[0] is Match.FULL:
            group = near[1]
        return self._limit().check(observed.caller, group)

    def _answer_to(self, error: Exception, observed: Observed) -> Response:
        if isinstance(error, TimeoutError):
            _log.warning("request timed out", request_id=observed.request_id)
            error = TimedOutError("request_timeout", "This took longer than a request may.")
        if isinstance(error, DomainError):
            return problem_response(error, observed.request_id)
        _log.error("unforeseen error", request_id=observed.request_id, exc_info=error)
        return unforeseen_response(observed.request_id)

    def _count(self, scope: Scope, observed: Observed, status: int, seconds: float) -> None:
        pattern = _pattern(scope)
        self._requests.finished(scope["method"], pattern, status, seconds)
        if pattern not in _PROBES:
            metrics.served[observed.depth].inc()


def _pattern(scope: Scope) -> str:
    """The route's pattern, never the raw path."""
    route: Any = scope.get("route")
    return str(route.path) if route is not None else _NO_ROUTE


async def _send_answer(scope: Scope, receive: Receive, send: Send) -> None:
    await scope["answer"](scope, receive, send)
