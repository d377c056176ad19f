"""The pages a person sees: paying a checkout session, and the billing portal."""

import re
from datetime import UTC, datetime
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from stack.stripe import cards, checkout, cycles, portal
from stack.stripe.catalog import described_interval
from stack.stripe.checkout import Payer
from stack.stripe.errors import ApiError, invalid
from stack.stripe.forms import decode
from stack.stripe.invoices import day, dollars, product_name
from stack.stripe.objects import Json
from stack.stripe.state import State

_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_EXPIRY = re.compile(r"(\d{1,2})\s*/\s*(\d{2}|\d{4})")
_SHOWN_INVOICES = 24


@cache
def _templates() -> Environment:
    made = Environment(
        loader=PackageLoader("stack.stripe"), autoescape=True, undefined=StrictUndefined
    )
    made.filters.update(dollars=dollars, day=day, interval=described_interval)
    return made


def _page(template: str, /, status: int = 200, **values: Any) -> HTMLResponse:
    values.setdefault("error", None)
    values.setdefault("done", None)
    text = _templates().get_template(template).render(cards=cards.cards(), **values)
    return HTMLResponse(text, status, headers=_HEADERS)


def _closed(title: str, text: str, status: int = 200, link: str | None = None) -> HTMLResponse:
    return _page("closed.html", status, title=title, text=text, link=link)


async def _form(request: Request) -> dict[str, str]:
    """The fields of a posted form."""
    tree = decode((await request.body()).decode("utf-8", "replace"))
    return {name: value for name, value in tree.items() if isinstance(value, str)}


def _payer(form: dict[str, str]) -> Payer:
    """What was entered about the payer. 400 for an expiry or code that is none, or is past."""
    number = form.get("number", "").strip()
    month, year = 0, 0
    if number:
        found = _EXPIRY.fullmatch(form.get("expiry", "").strip())
        if found is None:
            raise invalid("Enter the expiry as MM/YY.", code="invalid_expiry_month")
        month, year = int(found[1]), int(found[2])
        year = year + 2000 if year < 100 else year
        today = datetime.now(UTC)
        if (year, month) < (today.year, today.month):
            raise invalid("Your card has expired.", code="invalid_expiry_year")
        if not re.fullmatch(r"\d{3,4}", form.get("cvc", "").strip()):
            raise invalid("Enter the security code of the card.", code="invalid_cvc")
    return Payer(
        email=form.get("email", "").strip(),
        name=form.get("name", "").strip(),
        number=number,
        month=month,
        year=year,
    )


def _gone(session: Json) -> HTMLResponse | None:
    """The page of a session nobody can pay any more."""
    if session["status"] == "complete":
        return _closed("Paid", "This has been paid already.", link=_after(session))
    if session["status"] == "expired":
        return _closed(
            "Expired", "This page is no longer valid.", status=410, link=session["cancel_url"]
        )
    return None


def _after(session: Json) -> str:
    """Where the app wants the person next."""
    url: str = session["success_url"]
    return url.replace("{CHECKOUT_SESSION_ID}", session["id"])


async def pay(request: Request) -> Response:
    """GET shows the session, POST pays it or applies a promotion code."""
    state: State = request.app.state.stripe
    try:
        session = state.get("checkout.session", request.path_params["session"])
    except ApiError:
        return _closed("Not found", "There is no such payment page.", status=404)
    gone = _gone(session)
    if gone is not None:
        return gone
    if request.method == "GET":
        return _pay_page(state, session, {})
    form = await _form(request)
    gone = _gone(session)
    if gone is not None:
        return gone
    try:
        if form.get("action") == "code":
            checkout.apply_code(state, session, form.get("code", ""))
            return _pay_page(state, session, form)
        checkout.complete(state, session, _payer(form))
    except ApiError as failure:
        return _pay_page(state, session, form, failure)
    return RedirectResponse(_after(session), status_code=303, headers=_HEADERS)


def _pay_page(
    state: State, session: Json, form: dict[str, str], failure: ApiError | None = None
) -> HTMLResponse:
    try:
        quoted = checkout.quote(state, session)
    except ApiError as broken:
        return _closed("Cannot be paid", str(broken), status=410, link=session["cancel_url"])
    details = session["customer_details"] or {}
    return _page(
        "pay.html",
        failure.status if failure else 200,
        error=str(failure) if failure else None,
        session=session,
        lines=session["_line_items"],
        discounts=[coupon["name"] or coupon["id"] for coupon, _ in quoted.coupons],
        today=quoted.today,
        later=quoted.later,
        trial_end=quoted.trial_end,
        code=form.get("code", ""),
        email=details.get("email") or form.get("email"),
        name=form.get("name"),
        asks_email=not details,
        asks_card=checkout.asks_for_card(session),
    )


async def billing_portal(request: Request) -> Response:
    """GET shows the portal (with `price`, a preview of a switch), POST does one thing."""
    state: State = request.app.state.stripe
    try:
        session = portal.opened(state, request.path_params["session"])
    except ApiError:
        return _closed("Not found", "This page is no longer valid.", status=404)
    if request.method == "GET":
        wanted = request.query_params.get("price")
        try:
            switch = _switch(state, session, request, wanted) if wanted else None
        except ApiError as failure:
            return _portal_page(state, session, failure=failure)
        return _portal_page(state, session, switch=switch)
    form = await _form(request)
    try:
        done = portal.act(state, session, form.get("action", ""), form, _payer(form))
    except ApiError as failure:
        return _portal_page(state, session, failure=failure)
    return _portal_page(state, session, done=done)


def _switch(state: State, session: Json, request: Request, price: str) -> Json:
    subscription = request.query_params.get("subscription", "")
    invoice = portal.previewed(state, session, subscription, price)
    return {
        "subscription": subscription,
        "price": price,
        "name": product_name(state, state.get("price", price)),
        "invoice": invoice,
    }


def _portal_page(
    state: State,
    session: Json,
    *,
    switch: Json | None = None,
    done: str | None = None,
    failure: ApiError | None = None,
) -> HTMLResponse:
    customer = state.get("customer", session["customer"])
    invoices = list(state.every("invoice", customer=customer["id"]))[::-1]
    card = customer["invoice_settings"]["default_payment_method"]
    return _page(
        "portal.html",
        failure.status if failure else 200,
        error=str(failure) if failure else None,
        done=done,
        session=session,
        customer=customer,
        plans=[
            _plan(state, subscription)
            for subscription in portal.subscriptions_of(state, customer["id"])
        ],
        switch=switch,
        method=state.get("payment_method", card) if card else None,
        invoices=invoices[:_SHOWN_INVOICES],
    )


def _plan(state: State, subscription: Json) -> Json:
    """A subscription as the portal shows it."""
    items = cycles.items_of(subscription)
    return {
        "id": subscription["id"],
        "status": subscription["status"],
        "name": product_name(state, items[0]["price"]),
        "price": items[0]["price"],
        "amount": sum(item["price"]["unit_amount"] * item["quantity"] for item in items),
        "until": cycles.period_of(subscription)[1],
        "ended": subscription["ended_at"],
        "cancel_at": subscription["cancel_at"],
        "cancel_at_period_end": subscription["cancel_at_period_end"],
        "others": [
            price | {"name": product_name(state, price)}
            for price in portal.other_prices(state, subscription)
        ],
    }
