"""All the server knows, in memory: objects by kind and id, the time, a snapshot file.

One process, one event loop, no awaits between reads and writes: every call is atomic.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson

from stack.stripe.errors import missing
from stack.stripe.objects import PREFIXES, Json

SNAPSHOT_VERSION = 1
MAX_EVENTS = 2_000
MAX_KEYS = 10_000
DELIVERY = "delivery"
"""The one kind that is not Stripe's: what became of an event at an endpoint."""


class State:
    """Objects, time and idempotency keys of one pretended account."""

    def __init__(self) -> None:
        self.objects: dict[str, dict[str, Json]] = {}
        self.answers: dict[str, Json] = {}
        self.offset = 0
        self.origin: Json = {"id": None, "idempotency_key": None}
        self.changed = False
        self.on_event: Callable[[Json], None] = lambda event: None
        self._moment: int | None = None
        self.clear()

    def clear(self) -> None:
        """Forget everything; real time again."""
        self.objects = {kind: {} for kind in (*PREFIXES, DELIVERY)}
        self.answers = {}
        self.offset = 0
        self.changed = True

    def put(self, thing: Json, kind: str | None = None) -> Json:
        """Keep an object under its kind and id; the object itself is kept, not a copy."""
        kind = kind or thing["object"]
        kept = self.objects[kind]
        kept[thing["id"]] = thing
        if kind == "event" and len(kept) > MAX_EVENTS:
            self._forget_oldest_event()
        self.changed = True
        return thing

    def _forget_oldest_event(self) -> None:
        oldest = next(iter(self.objects["event"]))
        del self.objects["event"][oldest]
        for name in [n for n, d in self.objects[DELIVERY].items() if d["event"] == oldest]:
            del self.objects[DELIVERY][name]

    def get(self, kind: str, identifier: str, param: str = "id") -> Json:
        """The object, or a 404 `resource_missing` that names `param`."""
        found = self.objects[kind].get(identifier)
        if found is None:
            raise missing(kind, identifier, param)
        return found

    def drop(self, kind: str, identifier: str) -> None:
        """Remove an object that is there."""
        del self.objects[kind][identifier]
        self.changed = True

    def every(self, kind: str, **fields: object) -> Iterator[Json]:
        """The objects of a kind whose fields have these values, oldest first."""
        for thing in list(self.objects[kind].values()):
            if all(thing.get(name) == value for name, value in fields.items()):
                yield thing

    def find(self, identifier: str) -> Json | None:
        """Whatever object has that id."""
        for kind, kept in self.objects.items():
            if kind != DELIVERY and identifier in kept:
                return kept[identifier]
        return None

    def now(self, clock: str | None = None) -> int:
        """Seconds since 1970 on a test clock, or on the wall plus this server's offset."""
        if clock is not None:
            frozen: int = self.get("test_helpers.test_clock", clock)["frozen_time"]
            return frozen
        return self._moment if self._moment is not None else int(time.time()) + self.offset

    def now_for(self, thing: Json) -> int:
        """The time an object lives in: its customer's test clock's, or everyone's."""
        if thing.get("object") == "invoice_payment":
            thing = self.get("invoice", thing["invoice"])
        clock = thing.get("test_clock")
        if clock is None and isinstance(thing.get("customer"), str):
            clock = self.objects["customer"].get(thing["customer"], {}).get("test_clock")
        if clock not in self.objects["test_helpers.test_clock"]:
            return self.now()
        return self.now(clock)

    @contextmanager
    def at(self, clock: str | None, moment: int) -> Iterator[None]:
        """Live a past or coming moment: what falls due is done at its own time."""
        if clock is not None:
            self.get("test_helpers.test_clock", clock)["frozen_time"] = moment
            yield
            return
        self._moment = moment
        try:
            yield
        finally:
            self._moment = None

    def remember(self, key: str, answer: Json) -> None:
        """Keep the answer given under an idempotency key; the oldest keys go first."""
        self.answers[key] = answer
        while len(self.answers) > MAX_KEYS:
            del self.answers[next(iter(self.answers))]
        self.changed = True

    def dump(self) -> bytes:
        """The whole state as JSON."""
        return orjson.dumps(
            {
                "version": SNAPSHOT_VERSION,
                "offset": self.offset,
                "objects": self.objects,
                "answers": self.answers,
            }
        )

    def restore(self, dumped: bytes) -> None:
        """Take over a dumped state. Raises `ValueError` if it is none of this version."""
        read: Json = orjson.loads(dumped)
        if read.get("version") != SNAPSHOT_VERSION:
            raise ValueError(f"Stripe snapshot of version {read.get('version')}: remove it")
        self.clear()
        self.offset = read["offset"]
        self.answers = read["answers"]
        for kind, kept in read["objects"].items():
            self.objects[kind] = kept


def save(state: State, path: Path) -> None:
    """Write the snapshot whole or not at all."""
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(state.dump())
    partial.replace(path)
    state.changed = False


def load(state: State, path: Path) -> None:
    """Take the snapshot over where there is one."""
    if path.exists():
        state.restore(path.read_bytes())
