"""Every API path, what it takes and what answers it."""

from collections.abc import Callable
from typing import NamedTuple

from stack.stripe import (
    catalog,
    changes,
    checkout,
    clock,
    customers,
    discounts,
    intents,
    invoice_calls,
    payments,
    portal,
    preview,
    subscriptions,
    webhooks,
)
from stack.stripe.calls import Call, listed, matching
from stack.stripe.objects import Json

Handler = Callable[[Call], Json]


class Operation(NamedTuple):
    """One method on one path; `name` is its table in parameters.toml."""

    method: str
    path: str
    name: str
    handler: Handler


def _retrieve(kind: str) -> Handler:
    return lambda call: call.state.get(kind, call.ids["id"])


def _list(kind: str, *fields: str) -> Handler:
    return lambda call: listed(call, matching(call, call.state.every(kind), *fields))


def _update_subscription(call: Call) -> Json:
    found = call.state.get("subscription", call.ids["id"])
    return changes.update(call.state, found, call.params)


def _list_events(call: Call) -> Json:
    types = call.params.get("types", [])
    found = matching(call, call.state.every("event"), "type")
    return listed(call, [one for one in found if not types or one["type"] in types])


_CUSTOMER = "/v1/customers/{id}"
_BALANCE = "/v1/customers/{id}/balance_transactions"
_CLOCKS = "/v1/test_helpers/test_clocks"
_SESSIONS = "/v1/checkout/sessions"

OPERATIONS = tuple(
    Operation(*row)
    for row in (
        ("POST", "/v1/customers", "customers.create", customers.create),
        ("GET", "/v1/customers", "customers.list", customers.list_customers),
        ("GET", _CUSTOMER, "customers.retrieve", customers.retrieve),
        ("POST", _CUSTOMER, "customers.update", customers.update),
        ("DELETE", _CUSTOMER, "customers.delete", clock.delete_customer),
        ("POST", _BALANCE, "balance_transactions.create", customers.create_balance_transaction),
        ("GET", _BALANCE, "balance_transactions.list", customers.list_balance_transactions),
        (
            "GET",
            _BALANCE + "/{transaction}",
            "balance_transactions.retrieve",
            customers.retrieve_balance_transaction,
        ),
        (
            "GET",
            _CUSTOMER + "/payment_methods",
            "payment_methods.list",
            customers.list_payment_methods,
        ),
        (
            "POST",
            "/v1/payment_methods",
            "payment_methods.create",
            customers.create_payment_method,
        ),
        ("GET", "/v1/payment_methods", "payment_methods.list", customers.list_payment_methods),
        (
            "GET",
            "/v1/payment_methods/{id}",
            "payment_methods.retrieve",
            _retrieve("payment_method"),
        ),
        ("POST", "/v1/payment_methods/{id}/attach", "payment_methods.attach", customers.attach),
        ("POST", "/v1/payment_methods/{id}/detach", "payment_methods.detach", customers.detach),
        ("POST", "/v1/products", "products.create", catalog.create_product),
        ("GET", "/v1/products", "products.list", catalog.list_products),
        ("GET", "/v1/products/{id}", "products.retrieve", _retrieve("product")),
        ("POST", "/v1/products/{id}", "products.update", catalog.update_product),
        ("POST", "/v1/prices", "prices.create", catalog.create_price),
        ("GET", "/v1/prices", "prices.list", catalog.list_prices),
        ("GET", "/v1/prices/{id}", "prices.retrieve", _retrieve("price")),
        ("POST", "/v1/prices/{id}", "prices.update", catalog.update_price),
        ("POST", "/v1/coupons", "coupons.create", discounts.create_coupon),
        ("GET", "/v1/coupons", "coupons.list", _list("coupon")),
        ("GET", "/v1/coupons/{id}", "coupons.retrieve", _retrieve("coupon")),
        ("DELETE", "/v1/coupons/{id}", "coupons.delete", discounts.delete_coupon),
        (
            "POST",
            "/v1/promotion_codes",
            "promotion_codes.create",
            discounts.create_promotion_code,
        ),
        ("GET", "/v1/promotion_codes", "promotion_codes.list", discounts.list_promotion_codes),
        (
            "GET",
            "/v1/promotion_codes/{id}",
            "promotion_codes.retrieve",
            _retrieve("promotion_code"),
        ),
        (
            "POST",
            "/v1/promotion_codes/{id}",
            "promotion_codes.update",
            discounts.update_promotion_code,
        ),
        ("POST", _SESSIONS, "checkout_sessions.create", checkout.create),
        ("GET", _SESSIONS, "checkout_sessions.list", checkout.list_sessions),
        (
            "GET",
            _SESSIONS + "/{id}",
            "checkout_sessions.retrieve",
            _retrieve("checkout.session"),
        ),
        (
            "GET",
            _SESSIONS + "/{id}/line_items",
            "checkout_sessions.line_items",
            checkout.list_line_items,
        ),
        (
            "POST",
            _SESSIONS + "/{id}/expire",
            "checkout_sessions.expire",
            checkout.expire_call,
        ),
        ("POST", "/v1/billing_portal/sessions", "portal_sessions.create", portal.create),
        ("POST", "/v1/subscriptions", "subscriptions.create", subscriptions.create),
        ("GET", "/v1/subscriptions", "subscriptions.list", subscriptions.list_subscriptions),
        ("GET", "/v1/subscriptions/{id}", "subscriptions.retrieve", _retrieve("subscription")),
        ("POST", "/v1/subscriptions/{id}", "subscriptions.update", _update_subscription),
        ("DELETE", "/v1/subscriptions/{id}", "subscriptions.cancel", subscriptions.cancel),
        ("POST", "/v1/subscriptions/{id}/resume", "subscriptions.resume", subscriptions.resume),
        ("GET", "/v1/subscription_items", "subscription_items.list", subscriptions.list_items),
        (
            "GET",
            "/v1/subscription_items/{id}",
            "subscription_items.retrieve",
            subscriptions.retrieve_item,
        ),
        ("POST", "/v1/invoices/create_preview", "invoices.preview", preview.create_preview),
        ("POST", "/v1/invoices", "invoices.create", invoice_calls.create),
        ("GET", "/v1/invoices", "invoices.list", invoice_calls.list_invoices),
        ("GET", "/v1/invoices/{id}", "invoices.retrieve", _retrieve("invoice")),
        ("GET", "/v1/invoices/{id}/lines", "invoices.lines", invoice_calls.list_lines),
        ("POST", "/v1/invoices/{id}/finalize", "invoices.finalize", invoice_calls.finalize),
        ("POST", "/v1/invoices/{id}/pay", "invoices.pay", invoice_calls.pay),
        ("POST", "/v1/invoices/{id}/void", "invoices.void", invoice_calls.void),
        ("POST", "/v1/invoiceitems", "invoice_items.create", invoice_calls.create_item),
        ("GET", "/v1/invoiceitems", "invoice_items.list", invoice_calls.list_items),
        ("GET", "/v1/invoiceitems/{id}", "invoice_items.retrieve", _retrieve("invoiceitem")),
        ("DELETE", "/v1/invoiceitems/{id}", "invoice_items.delete", invoice_calls.delete_item),
        ("GET", "/v1/invoice_payments", "invoice_payments.list", invoice_calls.list_payments),
        (
            "GET",
            "/v1/invoice_payments/{id}",
            "invoice_payments.retrieve",
            _retrieve("invoice_payment"),
        ),
        ("POST", "/v1/payment_intents", "payment_intents.create", intents.create),
        ("GET", "/v1/payment_intents", "payment_intents.list", intents.list_intents),
        (
            "GET",
            "/v1/payment_intents/{id}",
            "payment_intents.retrieve",
            _retrieve("payment_intent"),
        ),
        ("POST", "/v1/payment_intents/{id}/confirm", "payment_intents.confirm", intents.confirm),
        ("POST", "/v1/payment_intents/{id}/cancel", "payment_intents.cancel", intents.cancel),
        ("GET", "/v1/charges", "charges.list", payments.list_charges),
        ("GET", "/v1/charges/{id}", "charges.retrieve", _retrieve("charge")),
        ("POST", "/v1/refunds", "refunds.create", payments.create_refund),
        ("GET", "/v1/refunds", "refunds.list", payments.list_refunds),
        ("GET", "/v1/refunds/{id}", "refunds.retrieve", _retrieve("refund")),
        ("GET", "/v1/events", "events.list", _list_events),
        ("GET", "/v1/events/{id}", "events.retrieve", _retrieve("event")),
        ("POST", "/v1/webhook_endpoints", "webhook_endpoints.create", webhooks.create),
        ("GET", "/v1/webhook_endpoints", "webhook_endpoints.list", webhooks.list_endpoints),
        (
            "GET",
            "/v1/webhook_endpoints/{id}",
            "webhook_endpoints.retrieve",
            _retrieve("webhook_endpoint"),
        ),
        ("POST", "/v1/webhook_endpoints/{id}", "webhook_endpoints.update", webhooks.update),
        ("DELETE", "/v1/webhook_endpoints/{id}", "webhook_endpoints.delete", webhooks.delete),
        ("POST", _CLOCKS, "test_clocks.create", clock.create),
        ("GET", _CLOCKS, "test_clocks.list", clock.list_clocks),
        (
            "GET",
            _CLOCKS + "/{id}",
            "test_clocks.retrieve",
            _retrieve("test_helpers.test_clock"),
        ),
        ("POST", _CLOCKS + "/{id}/advance", "test_clocks.advance", clock.advance),
        ("DELETE", _CLOCKS + "/{id}", "test_clocks.delete", clock.delete),
    )
)
