"""One request of a journey, and what a right answer to it looks like."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

PREFIX = "/api/v1"


class BodyError(Exception):
    """An answer whose status is right and whose body is wrong."""


def anything(_status: int, _body: Any) -> None:
    """The check of answers without a body."""


@dataclass(slots=True)
class Call:
    """A request to send.

    `route` is the template it is counted under. `check` is given the status and
    the decoded body (None when there is none) of an answer whose status is in
    `expect`, and raises `BodyError` when the body is wrong. With `signed` the access
    token goes along; `anew` opens a new connection for it. The answer of a call that
    `opens_socket` is the ticket to do so with, that of one that `writes_to` a person the message,
    that of one that `sends_file` says where those bytes are to be PUT.
    With `is_text` the answer is a page or a file, and `check` is given it as it is.
    A `key` is a word that no other request carries: what became of the write can be found out.
    """

    method: str
    path: str
    route: str
    check: Callable[[int, Any], None] = anything
    expect: tuple[int, ...] = (200,)
    body: Mapping[str, Any] | None = None
    signed: bool = False
    anew: bool = False
    opens_socket: bool = False
    writes_to: int | None = None
    key: str | None = None
    is_text: bool = False
    sends_file: bytes | None = None


def get(
    path: str,
    route: str,
    check: Callable[[int, Any], None],
    *,
    query: Mapping[str, str | int] | None = None,
    signed: bool = False,
) -> Call:
    """A GET under the API's prefix; `route` names what in `query` makes it a page of its own."""
    asked = f"?{urlencode(query)}" if query else ""
    return Call("GET", f"{PREFIX}{path}{asked}", f"{PREFIX}{route}", check, signed=signed)


def an_object(body: Any, keys: Iterable[str], what: str) -> dict[str, Any]:
    """`body` as an object that has all `keys`; else `BodyError`."""
    if not isinstance(body, dict):
        raise BodyError(f"{what} is not an object")
    for key in keys:
        if key not in body:
            raise BodyError(f"{what} without {key}")
    return body


def a_page(body: Any, keys: Iterable[str], what: str) -> list[dict[str, Any]]:
    """The items of a page of a list, each with all `keys`; else `BodyError`."""
    items = some(body, keys, what)
    an_object(body, ("next_cursor",), f"list of {what}s")
    return items


def some(body: Any, keys: Iterable[str], what: str) -> list[dict[str, Any]]:
    """The items of a list that has no pages, each with all `keys`; else `BodyError`."""
    items = an_object(body, ("items",), f"list of {what}s")["items"]
    if not isinstance(items, list):
        raise BodyError(f"list of {what}s: items is not a list")
    return [an_object(item, keys, what) for item in items]


def same(found: Any, wanted: Any, what: str) -> None:
    """`BodyError` unless the answer's `what` is the one asked for."""
    if found != wanted:
        raise BodyError(f"another {what} than asked for")


def a_conflict(body: Any, *codes: str) -> None:
    """`BodyError` unless a 409 answer gives one of `codes` as its reason."""
    if an_object(body, ("code",), "problem")["code"] not in codes:
        raise BodyError("another conflict than expected")


def a_quota(body: Any, feature: str) -> None:
    """`BodyError` unless a 403 says that the quota of `feature` is used up."""
    _refused(body, "quota_exceeded", feature)


def not_in_tier(body: Any, feature: str) -> None:
    """`BodyError` unless a 403 says that one's tier has no `feature`."""
    _refused(body, "not_in_tier", feature)


def _refused(body: Any, code: str, feature: str) -> None:
    problem = an_object(body, ("code",), "problem")
    if (problem["code"], problem.get("feature")) != (code, feature):
        raise BodyError(f"refused, and not for {feature}: {code}")
