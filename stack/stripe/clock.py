"""Time passing: whatever falls due is done in order, each thing at its own moment."""

import heapq
import itertools
from collections.abc import Iterator

from stack.stripe import billing, checkout, collection, customers, cycles, standing
from stack.stripe.calls import Call, listed
from stack.stripe.errors import invalid
from stack.stripe.events import emit
from stack.stripe.objects import Json, make
from stack.stripe.state import State

LIVES_FOR = 30 * billing.DAY
FARTHEST = 3 * 366 * billing.DAY
_KINDS = ("subscription", "invoice", "checkout.session")

Due = tuple[int, str]
"""When, and what is to be done then."""


def next_due(thing: Json) -> Due | None:
    """What comes next in the life of a subscription, an invoice or a checkout session."""
    if thing["object"] == "subscription":
        return _subscription_due(thing)
    if thing["object"] == "invoice":
        return _invoice_due(thing)
    return (thing["expires_at"], "expire session") if thing["status"] == "open" else None


def _subscription_due(subscription: Json) -> Due | None:
    status = subscription["status"]
    if status == "incomplete":
        return subscription["created"] + cycles.INCOMPLETE_FOR, "expire"
    if status not in ("trialing", "active", "past_due"):
        return None
    dues = [(cycles.period_of(subscription)[1], "renew")]
    if subscription["cancel_at"] is not None:
        dues.append((subscription["cancel_at"], "finish"))
    if status == "trialing" and subscription.get("_trial_warned") != subscription["trial_end"]:
        dues.append((subscription["trial_end"] - cycles.TRIAL_WARNING, "warn"))
    return min(dues)


def _invoice_due(invoice: Json) -> Due | None:
    if not invoice["auto_advance"]:
        return None
    if invoice["status"] == "draft" and invoice["automatically_finalizes_at"] is not None:
        return invoice["automatically_finalizes_at"], "finalize"
    if invoice["status"] == "open" and invoice["next_payment_attempt"] is not None:
        return invoice["next_payment_attempt"], "retry"
    return None


def _perform(state: State, thing: Json, what: str) -> None:
    if what == "renew":
        cycles.renew(state, thing)
    elif what == "finish":
        cycles.finish(state, thing)
    elif what == "warn":
        cycles.warn_of_trial_end(state, thing)
    elif what == "expire":
        cycles.expire(state, thing)
    elif what == "finalize":
        cycles.finalize_and_collect(state, thing)
    elif what == "retry":
        collection.collect(state, thing)
    else:
        checkout.expire(state, thing)


def _living_on(state: State, clock: str | None) -> Iterator[Json]:
    for kind in _KINDS:
        for thing in state.every(kind):
            if (thing.get("_test_clock") or thing.get("test_clock")) == clock:
                yield thing


def run(state: State, clock: str | None, until: int) -> int:
    """Do all that falls due on a clock (None: everyone's time) up to `until`; how many things.

    The agenda is a heap; an entry that no longer stands when its turn comes is passed over.
    """
    agenda: list[tuple[int, int, str, Json]] = []
    order = itertools.count()

    def note(thing: Json) -> None:
        due = next_due(thing)
        if due is not None and due[0] <= until:
            heapq.heappush(agenda, (due[0], next(order), due[1], thing))

    performed = 0
    reached = state.now(clock) if clock else 0
    for thing in _living_on(state, clock):
        note(thing)
    while agenda:
        moment, _, what, thing = heapq.heappop(agenda)
        if next_due(thing) != (moment, what):
            continue
        reached = max(reached, moment)
        with state.at(clock, reached):
            _perform(state, thing, what)
        performed += 1
        note(thing)
        latest = thing.get("latest_invoice")
        if latest is not None:
            note(state.get("invoice", latest))
        owner = standing.subscription_of(state, thing) if thing["object"] == "invoice" else None
        if owner is not None:
            note(owner)
    return performed


def tick(state: State) -> int:
    """Catch up with real time."""
    return run(state, None, state.now())


def shift(state: State, seconds: int) -> int:
    """Move everyone's time on by so many seconds, living through what lies between."""
    target = state.now() + seconds
    performed = run(state, None, target)
    state.offset += seconds
    state.changed = True
    return performed


def create(call: Call) -> Json:
    """POST /v1/test_helpers/test_clocks"""
    now = call.state.now()
    clock = make(
        "test_helpers.test_clock",
        created=now,
        deletes_after=now + LIVES_FOR,
        frozen_time=call.params["frozen_time"],
        name=call.get("name"),
    )
    call.state.put(clock)
    emit(call.state, "test_helpers.test_clock.created", clock)
    return clock


def advance(call: Call) -> Json:
    """POST /v1/test_helpers/test_clocks/{id}/advance: done when the call returns"""
    state = call.state
    clock = state.get("test_helpers.test_clock", call.ids["id"])
    target = call.params["frozen_time"]
    if not clock["frozen_time"] < target <= clock["frozen_time"] + FARTHEST:
        raise invalid(
            "frozen_time must be after the clock's time, by at most three years.",
            param="frozen_time",
        )
    run(state, clock["id"], target)
    clock["frozen_time"] = target
    emit(state, "test_helpers.test_clock.ready", clock)
    return clock


def list_clocks(call: Call) -> Json:
    """GET /v1/test_helpers/test_clocks"""
    return listed(call, call.state.every("test_helpers.test_clock"))


def delete(call: Call) -> Json:
    """DELETE /v1/test_helpers/test_clocks/{id}, and its customers with it"""
    state = call.state
    clock = state.get("test_helpers.test_clock", call.ids["id"])
    for customer in state.every("customer", test_clock=clock["id"]):
        end_customer(state, customer)
    state.drop("test_helpers.test_clock", clock["id"])
    return {"id": clock["id"], "object": "test_helpers.test_clock", "deleted": True}


def end_customer(state: State, customer: Json) -> None:
    """Delete a customer: their subscriptions end at once."""
    for subscription in state.every("subscription", customer=customer["id"]):
        if subscription["status"] not in standing.ENDED:
            standing.end(state, subscription, "cancellation_requested")
    customers.forget(state, customer)


def delete_customer(call: Call) -> Json:
    """DELETE /v1/customers/{id}"""
    customer = customers.living(call.state, call.ids["id"], "id")
    end_customer(call.state, customer)
    return {"id": customer["id"], "object": "customer", "deleted": True}
