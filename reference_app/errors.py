"""The error tree, and the only place that knows problem+json (RFC 9457).

Services raise these without knowing HTTP: a class says what kind of refusal it
is, its `code` is stable and meant for programs, its `detail` is for people.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

import orjson
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response

_log = structlog.get_logger()


class DomainError(Exception):
    """A refusal the app foresees. Subclasses say of which kind."""

    status: ClassVar[int] = 500
    title: ClassVar[str] = "Internal server error"
    keeps_work: ClassVar[bool] = False
    """Whether the transaction commits although the request is refused."""

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        retry_after_s: int | None = None,
        members: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail
        self.retry_after_s = retry_after_s
        self.members = members or {}
        """What the problem tells beyond the usual, for programs."""


class InvalidError(DomainError):
    """The request makes no sense."""

    status = 400
    title = "Bad request"


class UnauthenticatedError(DomainError):
    """It is not known who asks."""

    status = 401
    title = "Not signed in"


class PaymentError(DomainError):
    """What is asked for must be paid, and it was not."""

    status = 402
    title = "Payment required"


class ForbiddenError(DomainError):
    """Who asks may not do this."""

    status = 403
    title = "Not allowed"


class NotFoundError(DomainError):
    """What is asked for does not exist, or not for who asks."""

    status = 404
    title = "Not found"


class ConflictError(DomainError):
    """What is asked for does not fit the present state."""

    status = 409
    title = "Conflict"


class NotUnderstoodError(DomainError):
    """The request does not have the shape it must have."""

    status = 422
    title = "Not understood"


class TooLargeError(DomainError):
    """More was sent than is taken."""

    status = 413
    title = "Too large"


class LimitedError(DomainError):
    """Too much was asked for in too short a time."""

    status = 429
    title = "Too many requests"


class UnavailableError(DomainError):
    """Something the request needs is gone for the moment."""

    status = 503
    title = "Unavailable"


class TimedOutError(DomainError):
    """The request took longer than any may."""

    status = 504
    title = "Timed out"


class Problem(BaseModel):
    """What every error answer looks like (application/problem+json)."""

    type: str = Field(examples=["about:blank"])
    title: str = Field(examples=["Not found"])
    status: int = Field(examples=[404])
    detail: str = Field(examples=["There is no such job."])
    code: str = Field(examples=["job_not_found"], description="Stable; for programs.")
    request_id: str = Field(description="Quote it when reporting the error.")


def problem_docs(*kinds: type[DomainError]) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that may refuse in these ways, for the OpenAPI document."""
    return {kind.status: _documented(kind.title) for kind in kinds}


def _documented(title: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": title, "content": {"application/problem+json": {"schema": schema}}}


def document_problems(schema: dict[str, Any]) -> None:
    """Describe `Problem` in an OpenAPI document, also where the framework names its own."""
    components = schema["components"]["schemas"]
    components["Problem"] = Problem.model_json_schema()
    for unused in ("HTTPValidationError", "ValidationError"):
        components.pop(unused, None)
    for path, operations in schema["paths"].items():
        for operation in operations.values():
            if "422" in operation["responses"]:
                operation["responses"] |= {"422": _documented(NotUnderstoodError.title)}
            if path.startswith("/api/"):
                operation["responses"] |= {"429": _documented(LimitedError.title)}


def problem_response(error: DomainError, request_id: str) -> Response:
    """The answer that tells a client of `error`."""
    headers = {}
    if error.retry_after_s is not None:
        headers["retry-after"] = str(error.retry_after_s)
    if isinstance(error, UnauthenticatedError):
        headers["www-authenticate"] = "Bearer"
    return _problem(
        error.status,
        error.title,
        error.code,
        error.detail,
        request_id,
        headers=headers,
        extra=error.members,
    )


def unforeseen_response(request_id: str) -> Response:
    """The answer to a request that failed in a way nobody foresaw."""
    return _problem(
        500,
        DomainError.title,
        "internal_error",
        "Something went wrong on our side. It has been logged.",
        request_id,
    )


def install(app: FastAPI) -> None:
    """Make `app` answer every error as problem+json."""
    app.add_exception_handler(DomainError, _on_domain_error)
    app.add_exception_handler(RequestValidationError, _on_validation_error)
    app.add_exception_handler(HTTPException, _on_http_exception)


async def _on_domain_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, DomainError)  # noqa: S101 - registered for this class alone
    if error.status >= 500:
        _log.warning("refused", code=error.code, request_id=_request_id(request))
    return problem_response(error, _request_id(request))


async def _on_validation_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - as above
    # Where and why, never what: the value may be a password.
    places = [([str(part) for part in each["loc"]], each["msg"]) for each in error.errors()]
    return _not_understood(request, places)


def _not_understood(request: Request, places: list[tuple[list[str], str]]) -> Response:
    where, why = places[0]
    return _problem(
        NotUnderstoodError.status,
        NotUnderstoodError.title,
        "invalid_request",
        f"{'.'.join(where)}: {why}",
        _request_id(request),
        extra={"errors": [{"where": where, "why": why} for where, why in places]},
    )


_HTTP_CODES = {
    404: "no_such_route",
    405: "method_not_allowed",
    413: "too_large",
}


async def _on_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - as above
    if error.status_code == 400:
        # The framework's word for a body it cannot read: no UTF-8, or nested without end.
        return _not_understood(request, [(["body"], "is no JSON that can be read")])
    return _problem(
        error.status_code,
        str(error.detail),
        _HTTP_CODES.get(error.status_code, "http_error"),
        str(error.detail),
        _request_id(request),
        headers=error.headers or {},
    )


def _request_id(request: Request) -> str:
    observed = request.scope.get("observed")
    return observed.request_id if observed is not None else ""


def _problem(
    status: int,
    title: str,
    code: str,
    detail: str,
    request_id: str,
    *,
    headers: Mapping[str, str] | None = None,
    extra: Mapping[str, Any] | None = None,
) -> Response:
    body = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
        "request_id": request_id,
        **(extra or {}),
    }
    return Response(
        orjson.dumps(body),
        status_code=status,
        headers=dict(headers or {}),
        media_type="application/problem+json",
    )
