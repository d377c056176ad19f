"""The request encoding and the schemas by themselves."""

import pytest

from stack.stripe.errors import ApiError
from stack.stripe.forms import checked, decode


def refused(operation: str, text: str) -> tuple[str | None, str | None]:
    with pytest.raises(ApiError) as refusal:
        checked(operation, decode(text))
    error = refusal.value.body["error"]
    return error.get("code"), error.get("param")


def test_nested_parameters_become_typed_values() -> None:
    text = (
        "customer=cus_1&items[1][price]=b&items[0][price]=a&items[0][quantity]=2"
        "&metadata[7]=seven&metadata[x y]=a%26b&cancel_at_period_end=true&trial_end=now&discounts="
    )
    assert checked("subscriptions.create", decode(text)) == {
        "customer": "cus_1",
        "items": [{"price": "a", "quantity": 2}, {"price": "b"}],
        "metadata": {"7": "seven", "x y": "a&b"},
        "cancel_at_period_end": True,
        "trial_end": "now",
        "discounts": "",
    }


def test_lists_come_without_numbers_too() -> None:
    text = "limit=3&lookup_keys[]=a&lookup_keys[]=b"
    assert checked("prices.list", decode(text)) == {"limit": 3, "lookup_keys": ["a", "b"]}


@pytest.mark.parametrize(
    ("operation", "text", "code", "param"),
    [
        ("subscriptions.create", "items[0][price]=p", "parameter_missing", "customer"),
        ("subscriptions.create", "customer=c&colour=red", "parameter_unknown", "colour"),
        (
            "subscriptions.create",
            "customer=c&items[0][hue]=red",
            "parameter_unknown",
            "items[0][hue]",
        ),
        (
            "subscriptions.create",
            "customer=c&items[0][quantity]=1",
            "parameter_missing",
            "items[0][price]",
        ),
        (
            "subscriptions.create",
            "customer=c&items[0][price]=p&items[0][quantity]=two",
            "parameter_invalid_integer",
            "items[0][quantity]",
        ),
        ("subscriptions.create", "customer=", "parameter_invalid_empty", "customer"),
        ("subscriptions.create", "customer=c&payment_behavior=hope", None, "payment_behavior"),
        (
            "subscriptions.create",
            "customer=c&cancel_at_period_end=yes",
            None,
            "cancel_at_period_end",
        ),
        ("subscriptions.create", "customer[id]=c", None, "customer"),
        ("subscriptions.create", "customer=c&items=p", None, "items"),
        ("subscriptions.create", "customer=c&items[x][price]=p", None, "items"),
        ("webhook_endpoints.create", "url=http://localhost", "parameter_missing", "enabled_events"),
    ],
)
def test_what_is_wrong_is_named(operation: str, text: str, code: str | None, param: str) -> None:
    assert refused(operation, text) == (code, param)


@pytest.mark.parametrize("text", ["a[b=1", "a]b[=1", "a=1&a[b]=2", "a[b][c][d][e][f][g]=1"])
def test_broken_names_are_refused(text: str) -> None:
    with pytest.raises(ApiError):
        decode(text)
