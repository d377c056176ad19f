"""Checkout sessions: made by the app, paid on our page, turned into a subscription."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from stack.stripe import billing, discounts, subscriptions
from stack.stripe.calls import Call, listed, matching, metadata
from stack.stripe.customers import attach_card, card_from_number, living
from stack.stripe.errors import invalid
from stack.stripe.events import change, emit
from stack.stripe.invoices import product_name
from stack.stripe.objects import Json, make, new_id, page
from stack.stripe.payments import refusal_of
from stack.stripe.state import State

OPEN_FOR = billing.DAY


def create(call: Call) -> Json:
    """POST /v1/checkout/sessions, mode `subscription`"""
    state, asked = call.state, call.params
    for name in ("success_url", "cancel_url"):
        _check_url(asked.get(name), name)
    if not asked.get("line_items"):
        raise invalid(
            "Missing required param: line_items.", code="parameter_missing", param="line_items"
        )
    if call.get("customer") and call.get("customer_email"):
        raise invalid("You may only specify one of customer, customer_email.", param="customer")
    if call.get("allow_promotion_codes") and call.get("discounts"):
        raise invalid(
            "You may only specify one of allow_promotion_codes, discounts.", param="discounts"
        )
    customer = living(state, asked["customer"]) if call.get("customer") else None
    now = state.now_for(customer) if customer else state.now()
    identifier = new_id("cs_test_", 40)
    session = make(
        "checkout.session",
        id=identifier,
        created=now,
        expires_at=asked.get("expires_at", now + OPEN_FOR),
        url=f"{call.base_url}/pay/{identifier}",
        customer=customer["id"] if customer else None,
        customer_email=call.get("customer_email"),
        customer_details=_details(customer, call.get("customer_email")),
        customer_creation=None if customer else "always",
        client_reference_id=call.get("client_reference_id"),
        metadata=metadata(None, asked.get("metadata")),
        success_url=asked["success_url"],
        cancel_url=call.get("cancel_url"),
        allow_promotion_codes=call.get("allow_promotion_codes"),
        payment_method_collection=asked.get("payment_method_collection", "always"),
        locale=call.get("locale"),
        _test_clock=customer["test_clock"] if customer else None,
        _data=asked.get("subscription_data", {}),
        _line_items=_line_items(state, asked["line_items"]),
        _discounts=asked.get("discounts", []),
    )
    if not now < session["expires_at"] <= now + OPEN_FOR:
        raise invalid("expires_at must be within 24 hours.", param="expires_at")
    quote(state, session)
    return state.put(session)


def _check_url(url: str | None, param: str) -> None:
    if url is not None and (
        urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).netloc
    ):
        raise invalid("Not a valid URL", code="url_invalid", param=param)


def _details(customer: Json | None, email: str | None) -> Json | None:
    if customer is None and email is None:
        return None
    return {
        "address": None,
        "business_name": None,
        "email": customer["email"] if customer else email,
        "individual_name": None,
        "name": customer["name"] if customer else None,
        "phone": None,
        "tax_exempt": "none",
        "tax_ids": [],
    }


def _line_items(state: State, asked: list[Json]) -> list[Json]:
    made = []
    for place, one in enumerate(asked):
        price = subscriptions.recurring_price(state, one["price"], f"line_items[{place}][price]")
        quantity = one.get("quantity", 1)
        amount = price["unit_amount"] * quantity
        made.append(
            make(
                "item",
                amount_subtotal=amount,
                amount_total=amount,
                currency=price["currency"],
                description=product_name(state, price),
                price=dict(price),
                quantity=quantity,
            )
        )
    return made


@dataclass(frozen=True, slots=True)
class Quote:
    """What a session comes to. Money in cents; `trial_end` in Unix seconds."""

    subscription: Json
    coupons: list[tuple[Json, str | None]]
    today: int
    later: int
    trial_end: int | None


def quote(state: State, session: Json) -> Quote:
    """Work a session's subscription and amounts out, and write the amounts on the session.

    400/404 where its prices, trial or discounts do not hold (any more).
    """
    data, customer = session["_data"], session["customer"]
    now = state.now(session["_test_clock"])
    coupons = discounts.chosen(state, session["_discounts"], customer)
    trial_end = subscriptions.trial_end_of(data, now)
    identifier = new_id("sub_")
    items = [
        subscriptions.new_item(identifier, line["price"], line["quantity"], now)
        for line in session["_line_items"]
    ]
    subscriptions.one_rhythm(items)
    subscription = make(
        "subscription",
        id=identifier,
        billing_cycle_anchor=trial_end or now,
        created=now,
        start_date=now,
        currency=items[0]["price"]["currency"],
        customer=customer,
        description=data.get("description"),
        items=page(items, f"/v1/subscription_items?subscription={identifier}"),
        metadata=dict(data.get("metadata", {})),
        test_clock=session["_test_clock"],
        trial_start=now if trial_end else None,
        trial_end=trial_end,
    )
    if "trial_settings" in data:
        subscription["trial_settings"] = data["trial_settings"]
    later = subscriptions.first_amount(subscription, coupons)
    subtotal = 0 if trial_end else sum(line["amount_subtotal"] for line in session["_line_items"])
    today = 0 if trial_end else later
    session.update(
        currency=subscription["currency"],
        amount_subtotal=subtotal,
        amount_total=today,
        discounts=[
            {"coupon": None if code else coupon["id"], "promotion_code": code}
            for coupon, code in coupons
        ],
    )
    session["total_details"]["amount_discount"] = subtotal - today
    return Quote(subscription, coupons, today, later, trial_end)


def asks_for_card(session: Json) -> bool:
    """Whether a card must be given to complete it."""
    owed: int = session["amount_total"]
    return owed > 0 or session["payment_method_collection"] == "always"


@dataclass(frozen=True, slots=True)
class Payer:
    """What a person entered on the page. `number` is empty where no card is asked for."""

    email: str
    name: str
    number: str
    month: int
    year: int


def complete(state: State, session: Json, payer: Payer) -> Json:
    """Pay an open session: the subscription it makes. 402 where the card is refused."""
    if session["status"] != "open":
        raise invalid(f"This session is {session['status']}.", code="session_not_open")
    quoted = quote(state, session)
    method = None
    if payer.number:
        method = card_from_number(state, payer.number, payer.month, payer.year)
        refusal = refusal_of(method) if quoted.today > 0 else None
        if refusal is not None:
            raise refusal.failure()
    elif asks_for_card(session):
        raise invalid("Enter a card.", code="parameter_missing", param="card[number]")
    customer, is_new = _customer(state, session, payer)
    if method is not None:
        method["billing_details"].update(email=customer["email"], name=payer.name or None)
        attach_card(state, customer, method["id"])
    state.put(customer)
    if is_new:
        emit(state, "customer.created", customer)
    return _begin(state, session, quoted, customer, method)


def _customer(state: State, session: Json, payer: Payer) -> tuple[Json, bool]:
    if session["customer"] is not None:
        return living(state, session["customer"]), False
    email = session["customer_email"] or payer.email
    if "@" not in email:
        raise invalid("Enter your e-mail address.", code="email_invalid", param="email")
    made = make(
        "customer",
        id=new_id("cus_", 14),
        created=state.now(),
        email=email,
        name=payer.name or None,
        invoice_prefix=new_id("", 8).upper(),
    )
    return made, True


def _begin(state: State, session: Json, quoted: Quote, customer: Json, method: Json | None) -> Json:
    subscription = quoted.subscription
    subscription["customer"] = customer["id"]
    subscription["default_payment_method"] = method["id"] if method else None
    with change(state, customer, "customer.updated"):
        settings = customer["invoice_settings"]
        if method is not None and settings["default_payment_method"] is None:
            customer["invoice_settings"] = {**settings, "default_payment_method": method["id"]}
    subscriptions.begin(state, subscription, quoted.coupons)
    session.update(
        status="complete",
        payment_status="paid" if quoted.today > 0 else "no_payment_required",
        customer=customer["id"],
        customer_details=_details(customer, None),
        subscription=subscription["id"],
        invoice=subscription["latest_invoice"],
        url=None,
    )
    emit(state, "checkout.session.completed", session)
    return subscription


def apply_code(state: State, session: Json, code: str) -> None:
    """Put a typed promotion code on the session; an empty one takes it off. 400 if unusable."""
    if not session["allow_promotion_codes"]:
        raise invalid("This session takes no promotion codes.", param="promotion_code")
    before = session["_discounts"]
    found = [{"promotion_code": discounts.by_code(state, code)["id"]}] if code.strip() else []
    session["_discounts"] = found
    try:
        quote(state, session)
    except Exception:
        session["_discounts"] = before
        raise


def expire(state: State, session: Json) -> None:
    """Nobody paid."""
    session.update(status="expired", url=None)
    emit(state, "checkout.session.expired", session)


def expire_call(call: Call) -> Json:
    """POST /v1/checkout/sessions/{id}/expire"""
    session = call.state.get("checkout.session", call.ids["id"])
    if session["status"] != "open":
        raise invalid(f"Only open sessions can be expired; this one is {session['status']}.")
    expire(call.state, session)
    return session


def list_sessions(call: Call) -> Json:
    """GET /v1/checkout/sessions"""
    found = call.state.every("checkout.session")
    fields = ("customer", "subscription", "payment_intent", "status")
    return listed(call, matching(call, found, *fields))


def list_line_items(call: Call) -> Json:
    """GET /v1/checkout/sessions/{id}/line_items"""
    session = call.state.get("checkout.session", call.ids["id"])
    return listed(call, session["_line_items"], newest_first=False)
