"""Events: what happened to which object, as Stripe tells it."""

from collections.abc import Iterator
from contextlib import contextmanager

from stack.stripe.objects import API_VERSION, Json, make, public
from stack.stripe.state import State


def emit(state: State, kind: str, thing: Json, previous: Json | None = None) -> None:
    """Record an event about `thing` as it stands now, and hand it to the deliveries."""
    data: Json = {"object": public(thing)}
    if previous is not None:
        data["previous_attributes"] = previous
    event = make(
        "event",
        api_version=API_VERSION,
        created=state.now_for(thing),
        data=data,
        request=dict(state.origin),
        type=kind,
    )
    state.put(event)
    state.on_event(event)


@contextmanager
def change(state: State, thing: Json, kind: str) -> Iterator[None]:
    """Whatever the block changes in `thing` becomes one event with the former values."""
    before = public(thing)
    yield
    state.changed = True
    after = public(thing)
    previous = {name: before.get(name) for name in after if before.get(name) != after[name]}
    if previous:
        emit(state, kind, thing, previous)
