"""Stripe's error answers: one exception, made by one function per kind."""

from collections.abc import Mapping
from typing import Any

from stack.stripe.objects import Json

DOC = "https://docs.stripe.com/error-codes/"


class ApiError(Exception):
    """An API call refused. `status` is the HTTP status, `body` the JSON answer."""

    def __init__(self, status: int, error: Mapping[str, Any]) -> None:
        super().__init__(error["message"])
        self.status = status
        self.body: Json = {"error": dict(error)}
        self.code = error.get("code")


def invalid(message: str, *, code: str | None = None, param: str | None = None) -> ApiError:
    """400: the request cannot be carried out as it stands."""
    error: Json = {"type": "invalid_request_error", "message": message}
    if code is not None:
        error |= {"code": code, "doc_url": DOC + code.replace("_", "-")}
    if param is not None:
        error["param"] = param
    return ApiError(400, error)


def missing(kind: str, identifier: str, param: str = "id") -> ApiError:
    """404: no object of that kind under that id."""
    failure = invalid(f"No such {kind}: '{identifier}'", code="resource_missing", param=param)
    failure.status = 404
    return failure


def unauthorised(message: str) -> ApiError:
    """401: no key, or not one this server takes."""
    return ApiError(401, {"type": "invalid_request_error", "message": message})


def declined(
    code: str,
    message: str,
    *,
    decline_code: str | None = None,
    charge: str | None = None,
    payment_intent: Json | None = None,
) -> ApiError:
    """402: the card was refused; `payment_intent` as it stands after the refusal."""
    error: Json = {
        "type": "card_error",
        "code": code,
        "message": message,
        "doc_url": DOC + code.replace("_", "-"),
    }
    for name, value in (
        ("decline_code", decline_code),
        ("charge", charge),
        ("payment_intent", payment_intent),
    ):
        if value is not None:
            error[name] = value
    return ApiError(402, error)


def idempotency_conflict(key: str) -> ApiError:
    """400: a key came back with another request than its first."""
    return ApiError(
        400,
        {
            "type": "idempotency_error",
            "message": (
                "Keys for idempotent requests can only be used with the same parameters they "
                f"were first used with. Try using a key other than '{key}' if you meant to "
                "execute a different request."
            ),
        },
    )


def broken(status: int) -> ApiError:
    """A failure on Stripe's side, asked for by a degradation test."""
    return ApiError(status, {"type": "api_error", "message": "Stripe is failing, as asked."})
