"""Routes with a limit of their own, as `rate_groups.toml` groups them."""

import tomllib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Literal, Self

from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, Field, model_validator
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from reference_app.kit.rate_limit import network_of

_FILE = Path(__file__).with_name("rate_groups.toml")


class RateGroup(BaseModel):
    """One group of the file; see there."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    share: Annotated[float, Field(gt=0)]
    routes: tuple[str, ...]
    by: Literal["user", "address"] = "user"
    asking: str | None = None
    apart: bool = False

    @model_validator(mode="after")
    def _does_what_it_says(self) -> Self:
        if self.share > 1 and not self.apart:
            raise ValueError(f"{self.name}: share above 1, which the ordinary limit forestalls")
        if self.apart and (self.by != "user" or self.asking is not None):
            raise ValueError(f"{self.name}: counts apart, where by and asking are not looked at")
        return self


def load() -> tuple[RateGroup, ...]:
    """The groups of the file."""
    groups = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return tuple(RateGroup(name=name, **group) for name, group in groups.items())


def apart(
    routes: Iterable[BaseRoute], groups: Sequence[RateGroup]
) -> dict[str, tuple[BaseRoute, str]]:
    """The routes of groups that count instead of the ordinary limit, each with its group's name.

    They are found by the last words of their paths.
    """
    return {
        route.path.rpartition("/")[2]: (route, group.name)
        for route, group in _grouped(routes, groups)
        if group.apart
    }


def guard(routes: Iterable[BaseRoute], groups: Sequence[RateGroup]) -> None:
    """Put each group's limit before its routes; the others cost nothing more for it.

    Groups apart have theirs where the ordinary limit is.
    """
    for route, group in _grouped(routes, groups):
        if not group.apart and not isinstance(route.app, _Guarded):
            route.app = _Guarded(route.app, group)


def _grouped(
    routes: Iterable[BaseRoute], groups: Sequence[RateGroup]
) -> Iterator[tuple[APIRoute, RateGroup]]:
    group_of = {named: group for group in groups for named in group.routes}
    for route in routes:
        if isinstance(route, APIRoute):
            for method in route.methods or ():
                group = group_of.get(f"{method} {route.path}")
                if group is not None:
                    yield route, group


class _Guarded:
    """A route behind the limit of its group."""

    def __init__(self, app: ASGIApp, group: RateGroup) -> None:
        self._app = app
        self._group = group.name
        self._by_address = group.by == "address"
        self._asking = None if group.asking is None else f"{group.asking}=".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        observed = scope["observed"]
        # What a worker asks itself comes from nowhere, and counts against nobody.
        if observed.address and self._is_asked(scope["query_string"]):
            caller = network_of(observed.address) if self._by_address else observed.caller
            refusal = scope["app"].state.board.api_limit.check(caller, self._group)
            if refusal is not None:
                raise refusal
        await self._app(scope, receive, send)

    def _is_asked(self, query: bytes) -> bool:
        asking = self._asking
        return asking is None or query.startswith(asking) or b"&" + asking in query
