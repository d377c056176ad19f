"""One API call, and the parts every resource shares: lists, metadata, required choices."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from stack.stripe.errors import invalid
from stack.stripe.objects import Json, page
from stack.stripe.state import State

DEFAULT_LIMIT = 10
MAX_LIMIT = 100
_COMPARE = {
    "gt": lambda value, bound: value > bound,
    "gte": lambda value, bound: value >= bound,
    "lt": lambda value, bound: value < bound,
    "lte": lambda value, bound: value <= bound,
}


@dataclass(frozen=True, slots=True)
class Call:
    """What a caller asked: typed parameters, the ids in the path, the address they used."""

    state: State
    params: Json
    ids: dict[str, str]
    path: str
    base_url: str

    def get(self, name: str) -> Any:
        """A parameter, None where it was not sent or sent empty."""
        value = self.params.get(name)
        return None if value == "" else value


def given(call: Call, *names: str) -> Json:
    """The parameters of these names that were sent; an empty one becomes None."""
    return {name: call.get(name) for name in names if name in call.params}


def metadata(kept: Json | None, sent: Any) -> Json:
    """Metadata after an update: keys merge, an empty value removes its key, `""` removes all."""
    if sent == "":
        return {}
    merged = {**(kept or {}), **(sent or {})}
    return {name: value for name, value in merged.items() if value != ""}


def matching(call: Call, things: Iterable[Json], *fields: str) -> list[Json]:
    """The things whose named fields equal what was asked, and `created` as asked."""
    wanted = {name: call.params[name] for name in fields if name in call.params}
    return [
        thing
        for thing in things
        if all(thing.get(name) == value for name, value in wanted.items())
        and _created(thing.get("created", 0), call.params.get("created"))
    ]


def _created(value: int, asked: int | dict[str, int] | None) -> bool:
    if asked is None:
        return True
    if isinstance(asked, int):
        return value == asked
    return all(_COMPARE[name](value, bound) for name, bound in asked.items())


def listed(call: Call, things: Iterable[Json], *, newest_first: bool = True) -> Json:
    """One page of the things (handed over oldest first), by `limit` and the two cursors."""
    rows = list(things)
    if newest_first:
        rows.reverse()
    limit = call.params.get("limit", DEFAULT_LIMIT)
    if not 1 <= limit <= MAX_LIMIT:
        raise invalid(
            f"Invalid integer: limit must be between 1 and {MAX_LIMIT}",
            code="parameter_invalid_integer",
            param="limit",
        )
    if "ending_before" in call.params:
        rows = rows[: _place(rows, call, "ending_before")]
        return page(rows[-limit:], call.path, has_more=len(rows) > limit)
    if "starting_after" in call.params:
        rows = rows[_place(rows, call, "starting_after") + 1 :]
    return page(rows[:limit], call.path, has_more=len(rows) > limit)


def _place(rows: list[Json], call: Call, cursor: str) -> int:
    wanted = call.params[cursor]
    for place, row in enumerate(rows):
        if row["id"] == wanted:
            return place
    raise invalid(f"No such object: '{wanted}'", code="resource_missing", param=cursor)


def required(call: Call, *names: str) -> None:
    """400 `parameter_missing` unless one of these was sent."""
    if not any(call.get(name) is not None for name in names):
        raise invalid(
            f"Missing required param: {' or '.join(names)}.",
            code="parameter_missing",
            param=names[0],
        )
