"""Products and prices."""

from stack.stripe.calls import Call, given, listed, matching, metadata, required
from stack.stripe.errors import invalid
from stack.stripe.events import change, emit
from stack.stripe.objects import Json, make, new_id
from stack.stripe.state import State


def create_product(call: Call) -> Json:
    """POST /v1/products, with a default price where one is described."""
    state, now = call.state, call.state.now()
    identifier = call.get("id") or new_id("prod_", 14)
    if identifier in state.objects["product"]:
        raise invalid("Product already exists.", code="resource_already_exists", param="id")
    product = make(
        "product",
        id=identifier,
        created=now,
        updated=now,
        metadata=metadata(None, call.params.get("metadata")),
        **given(call, "name", "description", "active"),
    )
    state.put(product)
    if described := call.get("default_price_data"):
        product["default_price"] = _new_price(state, product["id"], described)["id"]
    emit(state, "product.created", product)
    return product


def update_product(call: Call) -> Json:
    """POST /v1/products/{id}"""
    product = call.state.get("product", call.ids["id"])
    if price := call.get("default_price"):
        call.state.get("price", price, "default_price")
    with change(call.state, product, "product.updated"):
        product.update(given(call, "name", "description", "active", "default_price"))
        if "metadata" in call.params:
            product["metadata"] = metadata(product["metadata"], call.params["metadata"])
        product["updated"] = call.state.now()
    return product


def list_products(call: Call) -> Json:
    """GET /v1/products"""
    found = matching(call, call.state.every("product"), "active")
    ids = call.get("ids")
    return listed(call, [one for one in found if ids is None or one["id"] in ids])


def _new_price(state: State, product: str, described: Json) -> Json:
    unit_amount = described.get("unit_amount")
    if unit_amount is None or unit_amount < 0:
        raise invalid(
            "Missing required param: unit_amount.", code="parameter_missing", param="unit_amount"
        )
    recurring = described.get("recurring")
    price = make(
        "price",
        created=state.now(),
        product=product,
        currency=described["currency"].lower(),
        unit_amount=unit_amount,
        unit_amount_decimal=str(unit_amount),
        type="recurring" if recurring else "one_time",
        recurring=recurring and _recurring(recurring),
    )
    state.put(price)
    emit(state, "price.created", price)
    return price


def _recurring(asked: Json) -> Json:
    count = asked.get("interval_count", 1)
    if not 1 <= count <= {"day": 1095, "week": 156, "month": 36, "year": 3}[asked["interval"]]:
        raise invalid("The maximum billing period is three years.", param="recurring")
    return {
        "interval": asked["interval"],
        "interval_count": count,
        "meter": None,
        "trial_period_days": None,
        "usage_type": "licensed",
    }


def create_price(call: Call) -> Json:
    """POST /v1/prices"""
    state = call.state
    required(call, "product", "product_data")
    if described := call.get("product_data"):
        product = make(
            "product",
            name=described["name"],
            metadata=described.get("metadata", {}),
            created=state.now(),
            updated=state.now(),
        )
        state.put(product)
        emit(state, "product.created", product)
    else:
        product = state.get("product", call.params["product"], "product")
    price = _new_price(state, product["id"], call.params)
    price.update(given(call, "nickname", "active"))
    price["metadata"] = metadata(None, call.params.get("metadata"))
    _name(call, price)
    return price


def update_price(call: Call) -> Json:
    """POST /v1/prices/{id}"""
    price = call.state.get("price", call.ids["id"])
    with change(call.state, price, "price.updated"):
        price.update(given(call, "nickname", "active"))
        if "metadata" in call.params:
            price["metadata"] = metadata(price["metadata"], call.params["metadata"])
        if "lookup_key" in call.params:
            _name(call, price)
    return price


def _name(call: Call, price: Json) -> None:
    """Give the price its lookup key; one price holds a key at a time."""
    key = call.get("lookup_key")
    if key is not None:
        for holder in call.state.every("price", lookup_key=key):
            if holder is not price and not call.get("transfer_lookup_key"):
                raise invalid(
                    f"A price ({holder['id']}) already uses that lookup key.",
                    code="resource_already_exists",
                    param="lookup_key",
                )
            holder["lookup_key"] = None
    price["lookup_key"] = key


def list_prices(call: Call) -> Json:
    """GET /v1/prices, also by `lookup_keys`"""
    found = matching(call, call.state.every("price"), "active", "product", "currency", "type")
    keys = call.get("lookup_keys")
    return listed(call, [one for one in found if keys is None or one["lookup_key"] in keys])


def described_interval(price: Json) -> str:
    """`month`, `3 months`, ... of a recurring price; `once` of another."""
    recurring = price["recurring"]
    if recurring is None:
        return "once"
    count = recurring["interval_count"]
    interval: str = recurring["interval"]
    return interval if count == 1 else f"{count} {interval}s"
