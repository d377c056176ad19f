"""Free ports on 127.0.0.1, the same ones from one start to the next where possible."""

import hashlib
import random
import socket
from collections.abc import Iterable, Mapping
from pathlib import Path

from stack.errors import StackError
from stack.rewriting import LOOPBACK

# Below the range the system takes source ports from, so that no outgoing connection
# of a load test sits on a server's port while that server restarts.
_FIRST, _LAST = 12_000, 31_999
_TRIES = 2_000


def is_free(port: int) -> bool:
    """Whether a server could listen on `port` now."""
    with socket.socket() as probe:
        # Servers set this as well: a port with only closing connections is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def choose(
    home: Path, wanted: Iterable[str], before: Mapping[str, int], fixed: Mapping[str, int]
) -> dict[str, int]:
    """A free port for every name in `wanted`.

    `fixed` are a person's own choices: `StackError` when one is taken. `before` are the
    ports of the last start, kept where still free. The search starts at a place that
    depends on `home`, so that two checkouts starting at once do not meet.
    """
    names = list(wanted)
    chosen: dict[str, int] = {}
    for name in names:
        if name in fixed:
            if not is_free(fixed[name]):
                raise StackError(f"port {fixed[name]}, wanted for {name}, is taken")
            chosen[name] = fixed[name]
        elif name in before and before[name] not in chosen.values() and is_free(before[name]):
            chosen[name] = before[name]
    seed = hashlib.sha256(str(home.resolve()).encode()).digest()
    candidates = random.Random(seed)  # noqa: S311 - a place to look, not a secret
    for name in names:
        if name not in chosen:
            chosen[name] = _next_free(candidates, set(chosen.values()))
    return chosen


def _next_free(candidates: random.Random, taken: set[int]) -> int:
    for _ in range(_TRIES):
        port = candidates.randint(_FIRST, _LAST)
        if port not in taken and is_free(port):
            return port
    raise StackError(f"no free port between {_FIRST} and {_LAST}")
