"""Objects in Stripe's shape: made from the templates beside this file, named by Stripe's ids.

A template holds every field an object answers with, at its resting value. Fields whose
name begins with `_` are the server's own notes (a card's behaviour, a signing secret):
they live in the state and never leave it.
"""

import copy
import json
import secrets
import string
from functools import cache
from importlib import resources
from typing import Any

PREFIXES = {
    "customer": "cus_",
    "product": "prod_",
    "price": "price_",
    "coupon": "",
    "promotion_code": "promo_",
    "discount": "di_",
    "checkout.session": "cs_test_",
    "billing_portal.session": "bps_",
    "subscription": "sub_",
    "subscription_item": "si_",
    "invoice": "in_",
    "line_item": "il_",
    "invoiceitem": "ii_",
    "invoice_payment": "inpay_",
    "payment_intent": "pi_",
    "charge": "ch_",
    "payment_method": "pm_",
    "refund": "re_",
    "customer_balance_transaction": "cbtxn_",
    "event": "evt_",
    "webhook_endpoint": "we_",
    "test_helpers.test_clock": "clock_",
    "item": "li_",
}

API_VERSION = "2026-10-28.endive"
"""The version whose shapes the templates have; the one the installed SDK asks for."""

Json = dict[str, Any]

_ALPHABET = string.ascii_letters + string.digits


def new_id(prefix: str, length: int = 24) -> str:
    """A fresh id such as `cus_Ab3...`."""
    return prefix + "".join(secrets.choice(_ALPHABET) for _ in range(length))


@cache
def _template(kind: str) -> Json:
    text = resources.files("stack.stripe").joinpath(f"fixtures/{kind}.json").read_text("utf-8")
    template: Json = json.loads(text)
    return template


def template(kind: str) -> Json:
    """A private copy of the resting object of that kind."""
    return copy.deepcopy(_template(kind))


def make(kind: str, **fields: Any) -> Json:
    """A new object of `kind` with an id of its own and these fields set.

    A field the shape does not have is a mistake of ours: `KeyError`.
    """
    made = template(kind)
    if "id" not in fields:
        fields["id"] = new_id(PREFIXES[kind])
    for name, value in fields.items():
        if name not in made and not name.startswith("_"):
            raise KeyError(f"{kind} has no field {name!r}")
        made[name] = value
    return made


def public(value: Any) -> Any:
    """A deep copy without the server's own notes: what may be answered or delivered."""
    if isinstance(value, dict):
        return {name: public(inner) for name, inner in value.items() if not name.startswith("_")}
    if isinstance(value, list):
        return [public(inner) for inner in value]
    return value


def page(data: list[Json], url: str, *, has_more: bool = False) -> Json:
    """Stripe's list envelope."""
    return {"object": "list", "data": data, "has_more": has_more, "url": url}
