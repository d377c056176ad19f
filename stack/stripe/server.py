"""The ASGI app: `gunicorn --worker-class asgi --workers 1 stack.stripe.server:app`."""

import asyncio
import hashlib
import logging
from base64 import b64decode
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from stack.stripe import clock, control, errors, pages, settings
from stack.stripe.calls import Call
from stack.stripe.control import Behaviour
from stack.stripe.errors import ApiError
from stack.stripe.expand import expanded
from stack.stripe.forms import checked, decode
from stack.stripe.objects import API_VERSION, Json, new_id, public
from stack.stripe.routes import OPERATIONS, Operation
from stack.stripe.state import State, load, save
from stack.stripe.webhooks import Deliveries

log = logging.getLogger(__name__)
TICK_S = 1.0
MAX_BODY = 256 * 1024
_TEST_KEYS = ("sk_test_", "rk_test_")


def _key_of(request: Request) -> str:
    """The API key of a call: bearer, or the user name of basic authentication."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() == "basic":
        with suppress(ValueError):
            return b64decode(value).decode("utf-8", "replace").partition(":")[0]
    return ""


def _authenticate(request: Request) -> str:
    key = _key_of(request)
    expected = request.app.state.settings.secret_key
    if not key:
        raise errors.unauthorised(
            "You did not provide an API key. You need to provide your API key in the "
            "Authorization header, using Bearer auth."
        )
    if (expected and key != expected) or not key.startswith(_TEST_KEYS):
        raise errors.unauthorised(f"Invalid API Key provided: {key[:8]}***")
    return key


def _base_url(request: Request) -> str:
    """The address a browser reaches the pages at."""
    configured: str = request.app.state.settings.public_url
    return configured or f"{request.url.scheme}://{request.url.netloc}"


def _endpoint(operation: Operation) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        headers = {"Request-Id": new_id("req_", 14), "Stripe-Version": API_VERSION}
        try:
            status, body = await _answer(operation, request, headers)
        except ApiError as failure:
            status, body = failure.status, orjson.dumps(failure.body)
        return Response(body, status, headers, "application/json")

    return endpoint


async def _answer(
    operation: Operation, request: Request, headers: dict[str, str]
) -> tuple[int, bytes]:
    """One API call: key, misbehaviour asked for, idempotency, the work."""
    key = _authenticate(request)
    sent = await request.body()
    if len(sent) > MAX_BODY:
        raise errors.invalid("The request is too large.")
    delay_s, status = request.app.state.behaviour.next()
    if delay_s:
        await asyncio.sleep(delay_s)
    if status is not None:
        raise errors.broken(status)
    text = sent.decode("utf-8", "replace") if request.method == "POST" else request.url.query
    state: State = request.app.state.stripe
    again = request.headers.get("idempotency-key") if request.method == "POST" else None
    # From here on nothing awaits: a call is done whole before the next one starts.
    if again is None:
        return _work(operation, request, state, text, headers)
    return _once(f"{key}:{again}", operation, request, state, text, headers)


def _once(
    key: str,
    operation: Operation,
    request: Request,
    state: State,
    text: str,
    headers: dict[str, str],
) -> tuple[int, bytes]:
    """The answer kept under an idempotency key; the first time, the work itself.

    As at Stripe an answer is kept once the work had begun: a refused parameter is not.
    """
    fingerprint = hashlib.sha256(f"{request.url.path}?{text}".encode()).hexdigest()
    kept = state.answers.get(key)
    if kept is not None:
        if kept["fingerprint"] != fingerprint:
            raise errors.idempotency_conflict(key.partition(":")[2])
        headers["Idempotent-Replayed"] = "true"
        return kept["status"], kept["body"].encode()
    try:
        status, body = _work(operation, request, state, text, headers)
    except ApiError as failure:
        if failure.status == 402:
            answer = orjson.dumps(failure.body).decode()
            state.remember(
                key, {"fingerprint": fingerprint, "status": failure.status, "body": answer}
            )
        raise
    state.remember(key, {"fingerprint": fingerprint, "status": status, "body": body.decode()})
    return status, body


def _work(
    operation: Operation, request: Request, state: State, text: str, headers: dict[str, str]
) -> tuple[int, bytes]:
    params = checked(operation.name, decode(text))
    expand = params.pop("expand", [])
    call = Call(state, params, request.path_params, request.url.path, _base_url(request))
    state.origin = {
        "id": headers["Request-Id"],
        "idempotency_key": request.headers.get("idempotency-key"),
    }
    try:
        answer = operation.handler(call)
        body: Json = expanded(state, public(answer), expand)
    finally:
        state.origin = {"id": None, "idempotency_key": None}
        if request.method != "GET":
            state.changed = True
    return 200, orjson.dumps(body)


async def _unknown(request: Request) -> Response:
    failure = errors.invalid(f"Unrecognized request URL ({request.method}: {request.url.path}).")
    return Response(orjson.dumps(failure.body), 404, media_type="application/json")


async def _keep_time(app: Starlette) -> None:
    """Every second: what has fallen due is done, and a changed state written down."""
    state, path = app.state.stripe, app.state.settings.state_file
    while True:
        await asyncio.sleep(TICK_S)
        try:
            clock.tick(state)
            if path is not None and state.changed:
                save(state, path)
        except (OSError, ApiError):
            log.exception("the Stripe server could not keep up")


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    chosen = settings.read()
    state = State()
    if chosen.state_file is not None:
        load(state, chosen.state_file)
    deliveries = Deliveries(state, chosen)
    app.state.settings = chosen
    app.state.stripe = state
    app.state.deliveries = deliveries
    app.state.behaviour = Behaviour()
    deliveries.register_configured()
    deliveries.resume()
    keeper = asyncio.create_task(_keep_time(app))
    yield
    keeper.cancel()
    await asyncio.gather(keeper, return_exceptions=True)
    await deliveries.close()
    if chosen.state_file is not None:
        save(state, chosen.state_file)


def _routes() -> list[Route]:
    api = [
        Route(operation.path, _endpoint(operation), methods=[operation.method])
        for operation in OPERATIONS
    ]
    local = [
        Route("/_local/health", control.health, methods=["GET"]),
        Route("/_local/deliveries", control.deliveries, methods=["GET"]),
        Route("/_local/advance", control.advance, methods=["POST"]),
        Route("/_local/reset", control.reset, methods=["POST"]),
        Route("/_local/behaviour", control.behave, methods=["POST"]),
        Route("/_local/hold", control.hold, methods=["POST"]),
        Route("/_local/deliver", control.deliver, methods=["POST"]),
    ]
    people = [
        Route("/pay/{session}", pages.pay, methods=["GET", "POST"]),
        Route("/portal/{session}", pages.billing_portal, methods=["GET", "POST"]),
    ]
    anything = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    return [*api, *local, *people, Route("/v1/{rest:path}", _unknown, methods=anything)]


app = Starlette(
    routes=_routes(),
    lifespan=_lifespan,
    exception_handlers={ApiError: control.refused},
)
