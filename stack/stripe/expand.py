"""`expand`: ids in an answer replaced by their objects, and the parts sent only when asked."""

from collections.abc import Callable

from stack.stripe.errors import invalid
from stack.stripe.objects import Json, page, public
from stack.stripe.state import State

MAX_DEPTH = 4


def _invoice_payments(state: State, invoice: Json) -> Json:
    found = [public(paid) for paid in state.every("invoice_payment", invoice=invoice["id"])]
    return page(found[::-1], f"/v1/invoice_payments?invoice={invoice['id']}")


def _invoice_secret(state: State, invoice: Json) -> Json | None:
    for payment in state.every("invoice_payment", invoice=invoice["id"]):
        intent = state.get("payment_intent", payment["payment"]["payment_intent"])
        return {"client_secret": intent["client_secret"], "type": "payment_intent"}
    return None


def _subscriptions(state: State, customer: Json) -> Json:
    found = [
        public(subscription)
        for subscription in state.every("subscription", customer=customer["id"])
        if subscription["status"] not in ("canceled", "incomplete_expired")
    ]
    return page(found[::-1], f"/v1/customers/{customer['id']}/subscriptions")


def _session_items(state: State, session: Json) -> Json:
    kept = state.get("checkout.session", session["id"])["_line_items"]
    return page(public(kept), f"/v1/checkout/sessions/{session['id']}/line_items")


def _refunds(state: State, charge: Json) -> Json:
    found = [public(refund) for refund in state.every("refund", charge=charge["id"])]
    return page(found[::-1], f"/v1/charges/{charge['id']}/refunds")


_INCLUDED: dict[tuple[str, str], Callable[[State, Json], Json | None]] = {
    ("invoice", "payments"): _invoice_payments,
    ("invoice", "confirmation_secret"): _invoice_secret,
    ("customer", "subscriptions"): _subscriptions,
    ("checkout.session", "line_items"): _session_items,
    ("charge", "refunds"): _refunds,
}


def expanded(state: State, answer: Json, paths: list[str]) -> Json:
    """`answer` (public, changed in place) with every path expanded. 400 for a wrong one."""
    for path in paths:
        steps = path.split(".")
        if len(steps) - steps.count("data") > MAX_DEPTH:
            raise invalid(f"You cannot expand more than {MAX_DEPTH} levels: {path}", param="expand")
        _walk(state, answer, steps, path)
    return answer


def _walk(state: State, node: Json, steps: list[str], path: str) -> None:
    if not steps:
        return
    name, rest = steps[0], steps[1:]
    include = _INCLUDED.get((str(node.get("object")), name))
    if include is not None:
        node[name] = include(state, node)
    if name not in node:
        raise invalid(f"This property cannot be expanded ({path}).", param="expand")
    value = node[name]
    if isinstance(value, str):
        value = node[name] = _looked_up(state, value, path)
    elif isinstance(value, list):
        value = node[name] = [
            _looked_up(state, inner, path) if isinstance(inner, str) else inner for inner in value
        ]
    for inner in value if isinstance(value, list) else [value]:
        if isinstance(inner, dict):
            _walk(state, inner, rest, path)


def _looked_up(state: State, identifier: str, path: str) -> Json:
    found = state.find(identifier)
    if found is None:
        raise invalid(f"This property cannot be expanded ({path}).", param="expand")
    expanded_object: Json = public(found)
    return expanded_object
