"""The `/_local/` routes: what a test or a demonstration does to the server itself.

Bodies are JSON and must say so: a web page of another origin cannot send that unasked.
"""

import asyncio
import random
from dataclasses import asdict, dataclass
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from stack.stripe import clock
from stack.stripe.errors import ApiError, invalid
from stack.stripe.objects import Json
from stack.stripe.state import DELIVERY, State
from stack.stripe.webhooks import Deliveries

FORGERIES = ("secret", "tampered", "stale", "unsigned")
ORDERS = ("given", "reversed", "shuffled")
MAX_REPEAT = 100
MAX_DELAY_S = 120.0
MAX_SHIFT_S = 3 * 366 * 86_400


@dataclass(slots=True)
class Behaviour:
    """How the API misbehaves: seconds before each answer, and an error status instead of one.

    `remaining` counts the calls still to be spoiled; None means all of them.
    """

    delay_s: float = 0.0
    status: int | None = None
    remaining: int | None = None

    def next(self) -> tuple[float, int | None]:
        """What the next call suffers."""
        if self.remaining is not None:
            if self.remaining <= 0:
                return 0.0, None
            self.remaining -= 1
        return self.delay_s, self.status


async def _body(request: Request) -> Json:
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise invalid("Control routes take application/json.")
    try:
        sent = orjson.loads(await request.body() or b"{}")
    except orjson.JSONDecodeError as failure:
        raise invalid(f"Not JSON: {failure}") from failure
    if not isinstance(sent, dict):
        raise invalid("Send a JSON object.")
    return sent


def _known(sent: Json, *names: str) -> None:
    for name in sent:
        if name not in names:
            raise invalid(f"Unknown field {name!r}; known: {', '.join(names)}.", param=name)


def _number(sent: Json, name: str, default: float, low: float, high: float) -> float:
    value = sent.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise invalid(f"{name} must be a number from {low:g} to {high:g}.", param=name)
    return value


async def health(request: Request) -> Response:
    """GET /_local/health: the process answers; the time it lives in, and how much it holds."""
    state: State = request.app.state.stripe
    counts = {kind: len(kept) for kind, kept in state.objects.items() if kept}
    return JSONResponse({"now": state.now(), "offset": state.offset, "objects": counts})


async def advance(request: Request) -> Response:
    """POST /_local/advance {"seconds"}: everyone's time moves on; what falls due happens."""
    state: State = request.app.state.stripe
    sent = await _body(request)
    _known(sent, "seconds")
    seconds = int(_number(sent, "seconds", 0, 1, MAX_SHIFT_S))
    performed = clock.shift(state, seconds)
    return JSONResponse({"now": state.now(), "offset": state.offset, "performed": performed})


async def reset(request: Request) -> Response:
    """POST /_local/reset: forget everything but the endpoint from the environment."""
    await _body(request)
    state: State = request.app.state.stripe
    deliveries: Deliveries = request.app.state.deliveries
    await deliveries.close()
    deliveries.held = False
    state.clear()
    request.app.state.behaviour = Behaviour()
    deliveries.register_configured()
    return JSONResponse({"reset": True})


async def behave(request: Request) -> Response:
    """POST /_local/behaviour {"delay_s", "status", "count"}: be slow or failing; {} heals."""
    sent = await _body(request)
    _known(sent, "delay_s", "status", "count")
    delay_s = _number(sent, "delay_s", 0.0, 0.0, MAX_DELAY_S)
    status = sent.get("status")
    if status is not None:
        status = int(_number(sent, "status", 500, 400, 599))
    count = sent.get("count")
    if count is not None:
        count = int(_number(sent, "count", 1, 1, 1_000_000))
    made = Behaviour(delay_s, status, count)
    request.app.state.behaviour = made
    return JSONResponse(asdict(made))


async def hold(request: Request) -> Response:
    """POST /_local/hold {"held": true|false}: keep webhooks back, or let them go in order."""
    sent = await _body(request)
    _known(sent, "held")
    if not isinstance(sent.get("held"), bool):
        raise invalid("held must be true or false.", param="held")
    deliveries: Deliveries = request.app.state.deliveries
    deliveries.hold(sent["held"])
    return JSONResponse({"held": deliveries.held})


async def deliveries(request: Request) -> Response:
    """GET /_local/deliveries?event=&type=&state=: what became of each event, oldest first."""
    state: State = request.app.state.stripe
    wanted = dict(request.query_params)
    _known(wanted, "event", "type", "state", "endpoint")
    found = list(state.every(DELIVERY, **wanted))
    pending = sum(1 for _ in state.every(DELIVERY, state="pending"))
    return JSONResponse({"pending": pending, "deliveries": found})


async def deliver(request: Request) -> Response:
    """POST /_local/deliver {"events", "repeat", "order", "forge", "endpoint"}: send on purpose.

    The events (ids; without, all there are) go to every endpoint once more, now, `repeat`
    times over, in the `order` asked, spoiled as `forge` says. Answers what came back.
    """
    state: State = request.app.state.stripe
    sent = await _body(request)
    _known(sent, "events", "repeat", "order", "forge", "endpoint")
    order, forge = sent.get("order", "given"), sent.get("forge")
    if order not in ORDERS or forge not in (None, *FORGERIES):
        raise invalid(f"order is one of {ORDERS}, forge one of {FORGERIES}.")
    names = sent.get("events", list(state.objects["event"]))
    if not isinstance(names, list):
        raise invalid("events must be a list of ids.", param="events")
    events = [state.get("event", str(name), "events") for name in names]
    events *= int(_number(sent, "repeat", 1, 1, MAX_REPEAT))
    if order == "reversed":
        events.reverse()
    elif order == "shuffled":
        random.shuffle(events)
    return JSONResponse({"sent": await _send_all(request, events, sent.get("endpoint"), forge)})


async def _send_all(
    request: Request, events: list[Json], endpoint: Any, forge: str | None
) -> list[Json]:
    state: State = request.app.state.stripe
    line: Deliveries = request.app.state.deliveries
    if endpoint is not None:
        endpoints = [state.get("webhook_endpoint", str(endpoint), "endpoint")]
    else:
        endpoints = list(state.every("webhook_endpoint", status="enabled"))
    answers: list[Json] = []
    for event in events:
        for target in endpoints:
            outcome = await line.send(target, event, forge=forge)
            answers.append({"event": event["id"], "endpoint": target["id"], **asdict(outcome)})
            await asyncio.sleep(0)
    return answers


async def refused(_: Request, failure: Exception) -> Response:
    """A `ApiError` as its answer."""
    if not isinstance(failure, ApiError):
        raise failure
    return JSONResponse(failure.body, failure.status)
