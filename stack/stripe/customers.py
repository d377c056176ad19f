"""Customers, their cards and their credit balance."""

from stack.stripe import cards
from stack.stripe.calls import Call, given, listed, matching, metadata
from stack.stripe.errors import invalid, missing
from stack.stripe.events import change, emit
from stack.stripe.objects import Json, make, new_id
from stack.stripe.state import State


def create(call: Call) -> Json:
    """POST /v1/customers"""
    state = call.state
    clock = call.get("test_clock")
    if clock is not None:
        state.get("test_helpers.test_clock", clock, "test_clock")
    if call.get("email") is not None:
        _check_email(call.params["email"])
    customer = make(
        "customer",
        id=new_id("cus_", 14),
        created=state.now(clock),
        invoice_prefix=call.get("invoice_prefix") or new_id("", 8).upper(),
        metadata=metadata(None, call.params.get("metadata")),
        **given(call, "name", "email", "phone", "description", "balance", "test_clock"),
    )
    alias = call.get("payment_method")
    method = attach_card(state, customer, alias) if alias else None
    _set_default(call, customer, {alias: method["id"]} if method else {})
    state.put(customer)
    emit(state, "customer.created", customer)
    return customer


def _check_email(email: str) -> None:
    name, at, domain = email.rpartition("@")
    if not (name and at and domain) or " " in email:
        raise invalid(f"Invalid email address: {email}", code="email_invalid", param="email")


def _set_default(call: Call, customer: Json, aliases: dict[str, str]) -> None:
    """Take over the default card; `aliases` says which card a `pm_card_...` became."""
    asked = call.params.get("invoice_settings", {})
    if "default_payment_method" in asked:
        card = asked["default_payment_method"] or None
        if card is not None:
            card = own_card(call.state, customer["id"], aliases.get(card, card))["id"]
        customer["invoice_settings"]["default_payment_method"] = card


def living(state: State, identifier: str, param: str = "customer") -> Json:
    """The customer, or the 404 of one that is absent or deleted."""
    customer = state.get("customer", identifier, param)
    if customer.get("_deleted"):
        raise missing("customer", identifier, param)
    return customer


def retrieve(call: Call) -> Json:
    """GET /v1/customers/{id}; a deleted one answers as such."""
    customer = call.state.get("customer", call.ids["id"])
    if customer.get("_deleted"):
        return {"id": customer["id"], "object": "customer", "deleted": True}
    return customer


def update(call: Call) -> Json:
    """POST /v1/customers/{id}"""
    state = call.state
    customer = living(state, call.ids["id"], "id")
    if call.get("email") is not None:
        _check_email(call.params["email"])
    with change(state, customer, "customer.updated"):
        balance = call.get("balance")
        if balance is not None and balance != customer["balance"]:
            move_balance(state, customer, balance - customer["balance"])
        customer.update(given(call, "name", "email", "phone", "description"))
        if "metadata" in call.params:
            customer["metadata"] = metadata(customer["metadata"], call.params["metadata"])
        _set_default(call, customer, {})
    return customer


def forget(state: State, customer: Json) -> None:
    """Mark a customer deleted; the caller has ended their subscriptions."""
    customer["_deleted"] = True
    emit(state, "customer.deleted", customer)


def list_customers(call: Call) -> Json:
    """GET /v1/customers, by e-mail or test clock"""
    found = matching(call, call.state.every("customer"), "email", "test_clock")
    return listed(call, [one for one in found if not one.get("_deleted")])


def move_balance(
    state: State,
    customer: Json,
    amount: int,
    *,
    kind: str = "adjustment",
    invoice: str | None = None,
    description: str | None = None,
) -> Json:
    """Change the balance by `amount` cents (negative: credit for the customer), on record."""
    customer["balance"] += amount
    moved = make(
        "customer_balance_transaction",
        amount=amount,
        created=state.now_for(customer),
        currency=customer["currency"] or "usd",
        customer=customer["id"],
        description=description,
        ending_balance=customer["balance"],
        invoice=invoice,
        type=kind,
    )
    return state.put(moved)


def create_balance_transaction(call: Call) -> Json:
    """POST /v1/customers/{id}/balance_transactions"""
    customer = living(call.state, call.ids["id"], "id")
    with change(call.state, customer, "customer.updated"):
        customer["currency"] = customer["currency"] or call.params["currency"]
        moved = move_balance(
            call.state, customer, call.params["amount"], description=call.get("description")
        )
    moved["metadata"] = metadata(None, call.params.get("metadata"))
    return moved


def retrieve_balance_transaction(call: Call) -> Json:
    """GET /v1/customers/{id}/balance_transactions/{transaction}"""
    moved = call.state.get("customer_balance_transaction", call.ids["transaction"])
    if moved["customer"] != call.ids["id"]:
        raise missing("customer_balance_transaction", moved["id"])
    return moved


def list_balance_transactions(call: Call) -> Json:
    """GET /v1/customers/{id}/balance_transactions"""
    customer = living(call.state, call.ids["id"], "id")
    return listed(call, call.state.every("customer_balance_transaction", customer=customer["id"]))


def _new_card(state: State, card: cards.Card, *, month: int, year: int, now: int) -> Json:
    details = {
        "brand": card.brand,
        "checks": {
            "address_line1_check": None,
            "address_postal_code_check": None,
            "cvc_check": "pass",
        },
        "country": "US",
        "display_brand": card.brand,
        "exp_month": month,
        "exp_year": year,
        "fingerprint": f"local{card.number[-4:]}",
        "funding": "credit",
        "generated_from": None,
        "last4": card.number[-4:],
        "networks": {"available": [card.brand], "preferred": None},
        "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": False},
        "wallet": None,
    }
    made = make("payment_method", created=now, card=details, _token=card.tokens[0])
    return state.put(made)


def card_of(state: State, card: cards.Card, now: int) -> Json:
    """A payment method nobody has yet, for a test card given by name."""
    return _new_card(state, card, month=8, year=2040, now=now)


def card_from_number(state: State, number: str, month: int, year: int) -> Json:
    """A payment method for a typed test card. 400 incorrect_number, 402 expired_card."""
    card = cards.by_number(number)
    if not 1 <= month <= 12:
        raise invalid("Invalid expiry month.", code="invalid_expiry_month", param="card[exp_month]")
    return _new_card(state, card, month=month, year=year, now=state.now())


def create_payment_method(call: Call) -> Json:
    """POST /v1/payment_methods for a test card, by number or token"""
    asked = call.get("card") or {}
    token = asked.get("token")
    if token is not None:
        card = cards.by_token(token)
        if card is None:
            raise missing("token", token, "card[token]")
        made = card_of(call.state, card, call.state.now())
    else:
        for name in ("number", "exp_month", "exp_year"):
            if name not in asked:
                param = f"card[{name}]"
                raise invalid(
                    f"Missing required param: {param}.", code="parameter_missing", param=param
                )
        made = card_from_number(call.state, asked["number"], asked["exp_month"], asked["exp_year"])
    made["billing_details"].update(call.get("billing_details") or {})
    made["metadata"] = metadata(None, call.params.get("metadata"))
    return made


def attach_card(state: State, customer: Json, identifier: str) -> Json:
    """Give the customer a card, by id or by a name such as `pm_card_visa`.

    402 where the issuer refuses, 404 where there is no such card.
    """
    known = cards.by_token(identifier)
    if known is not None:
        if known.attach is not None:
            raise known.attach.failure()
        method = card_of(state, known, state.now_for(customer))
    else:
        method = state.get("payment_method", identifier, "payment_method")
        owner = method["customer"]
        if owner not in (None, customer["id"]):
            raise invalid("The payment method is already attached to another customer.")
        card = cards.by_token(method["_token"])
        if card is not None and card.attach is not None:
            raise card.attach.failure()
    method["customer"] = customer["id"]
    emit(state, "payment_method.attached", method)
    return method


def own_card(state: State, customer: str, identifier: str) -> Json:
    """A card of this customer. 400 where it is someone else's or nobody's."""
    method = state.get("payment_method", identifier, "payment_method")
    if method["customer"] != customer:
        raise invalid(
            f"The customer does not have a payment method with the ID {identifier}. The payment "
            "method must be attached to the customer.",
            code="resource_missing",
            param="default_payment_method",
        )
    return method


def attach(call: Call) -> Json:
    """POST /v1/payment_methods/{id}/attach"""
    customer = living(call.state, call.params["customer"])
    return attach_card(call.state, customer, call.ids["id"])


def detach(call: Call) -> Json:
    """POST /v1/payment_methods/{id}/detach; defaults that pointed to it are emptied."""
    state = call.state
    method = state.get("payment_method", call.ids["id"])
    if method["customer"] is None:
        raise invalid("The payment method is not attached to a customer.")
    customer = state.get("customer", method["customer"])
    if customer["invoice_settings"]["default_payment_method"] == method["id"]:
        with change(state, customer, "customer.updated"):
            customer["invoice_settings"] = {
                **customer["invoice_settings"],
                "default_payment_method": None,
            }
    for subscription in state.every("subscription", default_payment_method=method["id"]):
        subscription["default_payment_method"] = None
    method["customer"] = None
    emit(state, "payment_method.detached", method)
    return method


def list_payment_methods(call: Call) -> Json:
    """GET /v1/payment_methods and /v1/customers/{id}/payment_methods"""
    owner = call.ids.get("id") or call.get("customer")
    if owner is None:
        return listed(call, [])
    living(call.state, owner)
    return listed(call, call.state.every("payment_method", customer=owner))
