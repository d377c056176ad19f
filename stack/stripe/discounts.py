"""Coupons, promotion codes, and the discounts they become on a subscription or an invoice."""

from typing import Any

from stack.stripe.billing import Reduction, add_interval
from stack.stripe.calls import Call, given, listed, matching, metadata
from stack.stripe.errors import ApiError, invalid
from stack.stripe.events import change, emit
from stack.stripe.objects import Json, make, new_id
from stack.stripe.state import State


def create_coupon(call: Call) -> Json:
    """POST /v1/coupons"""
    percent, amount = call.get("percent_off"), call.get("amount_off")
    if (percent is None) == (amount is None):
        raise invalid("You must pass either percent_off or amount_off.", param="percent_off")
    if percent is not None and not 0 < percent <= 100:
        raise invalid("Invalid percent_off: must be over 0 and at most 100", param="percent_off")
    if amount is not None and (amount <= 0 or not call.get("currency")):
        raise invalid("amount_off must be positive and needs a currency", param="amount_off")
    duration = call.params.get("duration", "once")
    if (duration == "repeating") != (call.get("duration_in_months") is not None):
        raise invalid("duration_in_months goes with repeating.", param="duration_in_months")
    identifier = call.get("id") or new_id("", 8)
    if identifier in call.state.objects["coupon"]:
        raise invalid("Coupon already exists.", code="resource_already_exists", param="id")
    fields = given(
        call,
        "name",
        "percent_off",
        "amount_off",
        "currency",
        "duration_in_months",
        "max_redemptions",
        "redeem_by",
    )
    coupon = make(
        "coupon",
        id=identifier,
        created=call.state.now(),
        duration=duration,
        metadata=metadata(None, call.params.get("metadata")),
        **fields,
    )
    call.state.put(coupon)
    emit(call.state, "coupon.created", coupon)
    return coupon


def delete_coupon(call: Call) -> Json:
    """DELETE /v1/coupons/{id}; discounts already given stay."""
    coupon = call.state.get("coupon", call.ids["id"])
    coupon["valid"] = False
    call.state.drop("coupon", coupon["id"])
    emit(call.state, "coupon.deleted", coupon)
    return {"id": coupon["id"], "object": "coupon", "deleted": True}


def create_promotion_code(call: Call) -> Json:
    """POST /v1/promotion_codes"""
    state = call.state
    coupon = state.get("coupon", call.params["promotion"]["coupon"], "promotion[coupon]")
    code = call.get("code") or new_id("", 8).upper()
    if any(one["code"].upper() == code.upper() for one in state.every("promotion_code")):
        raise invalid("An active promotion code with this code already exists.", param="code")
    made = make(
        "promotion_code",
        created=state.now(),
        code=code,
        promotion={"coupon": coupon["id"], "type": "coupon"},
        metadata=metadata(None, call.params.get("metadata")),
        **given(call, "active", "customer", "expires_at", "max_redemptions"),
    )
    state.put(made)
    emit(state, "promotion_code.created", made)
    return made


def update_promotion_code(call: Call) -> Json:
    """POST /v1/promotion_codes/{id}"""
    code = call.state.get("promotion_code", call.ids["id"])
    with change(call.state, code, "promotion_code.updated"):
        code.update(given(call, "active"))
        if "metadata" in call.params:
            code["metadata"] = metadata(code["metadata"], call.params["metadata"])
    return code


def list_promotion_codes(call: Call) -> Json:
    """GET /v1/promotion_codes"""
    found = matching(call, call.state.every("promotion_code"), "active", "code", "customer")
    coupon = call.get("coupon")
    rows = [one for one in found if coupon in (None, one["promotion"]["coupon"])]
    return listed(call, rows)


def by_code(state: State, code: str) -> Json:
    """The promotion code a person typed. 400 where there is none to use."""
    for one in state.every("promotion_code", active=True):
        if one["code"].upper() == code.strip().upper():
            return one
    raise invalid("This code is invalid.", code="promotion_code_invalid", param="promotion_code")


def chosen(state: State, asked: Any, customer: str | None) -> list[tuple[Json, str | None]]:
    """The coupons a `discounts` parameter names, each with its promotion code's id if any.

    400/404 where one does not exist, is used up, out of time or another customer's.
    """
    found: list[tuple[Json, str | None]] = []
    for one in asked or []:
        code_id = one.get("promotion_code")
        coupon_id = one.get("coupon")
        if code_id is not None:
            code = state.get("promotion_code", code_id, "discounts[promotion_code]")
            _usable_code(state, code, customer)
            coupon_id = code["promotion"]["coupon"]
        if coupon_id is None:
            raise invalid("A discount needs a coupon or promotion_code.", param="discounts")
        coupon = state.get("coupon", coupon_id, "discounts[coupon]")
        if not _usable(coupon, state.now()):
            raise _spent("coupon", coupon["id"])
        found.append((coupon, code_id))
    return found


def _usable_code(state: State, code: Json, customer: str | None) -> None:
    owner = code["customer"]
    if not code["active"] or not _usable(code, state.now(), "expires_at"):
        raise _spent("promotion code", code["code"])
    if owner is not None and owner != customer:
        raise invalid("This promotion code is another customer's.", param="discounts")


def _usable(thing: Json, now: int, end: str = "redeem_by") -> bool:
    full = thing["max_redemptions"] is not None and (
        thing["times_redeemed"] >= thing["max_redemptions"]
    )
    return not full and (thing[end] is None or now < thing[end])


def _spent(kind: str, name: str) -> ApiError:
    return invalid(f"The {kind} {name} is no longer valid.", code="coupon_expired")


def redeem(
    state: State,
    coupons: list[tuple[Json, str | None]],
    owner: Json,
    *,
    now: int,
) -> list[str]:
    """Turn coupons into discounts of a subscription or invoice; their ids."""
    made: list[str] = []
    for coupon, code_id in coupons:
        end = None
        if coupon["duration"] == "repeating":
            end = add_interval(now, "month", coupon["duration_in_months"])
        discount = make(
            "discount",
            customer=owner["customer"],
            promotion_code=code_id,
            source={"coupon": coupon["id"], "type": "coupon"},
            start=now,
            end=end,
            _coupon=dict(coupon),
            **{owner["object"]: owner["id"]},
        )
        state.put(discount)
        coupon["times_redeemed"] += 1
        coupon["valid"] = _usable(coupon, now)
        if code_id is not None:
            state.get("promotion_code", code_id)["times_redeemed"] += 1
        if owner["object"] == "subscription":
            emit(state, "customer.discount.created", discount)
        made.append(discount["id"])
    return made


def reduction(coupon: Json) -> Reduction:
    """A coupon as the arithmetic sees it."""
    return Reduction(percent_off=coupon["percent_off"], amount_off=coupon["amount_off"])


def running(state: State, owner: Json, now: int) -> list[str]:
    """The ids of a subscription's discounts that still count at `now`."""
    found = [state.get("discount", name) for name in owner["discounts"]]
    return [one["id"] for one in found if one["end"] is None or now < one["end"]]


def consume(state: State, subscription: Json, used: list[str], now: int) -> None:
    """After an invoice used them: a `once` discount ends."""
    for name in used:
        discount = state.get("discount", name)
        if discount["_coupon"]["duration"] == "once" and name in subscription["discounts"]:
            discount["end"] = now
            subscription["discounts"] = [one for one in subscription["discounts"] if one != name]
            emit(state, "customer.discount.deleted", discount)
