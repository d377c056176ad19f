"""Orders to a keeper that runs: start a service again that has ended.

An order is a file in the stack's folder and a signal; the keeper takes the file away
when it has answered. Only who may signal the keeper can give it orders.
"""

import json
import os
import signal
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

from stack.errors import StackError
from stack.places import state_folder
from stack.state import ProcessId

SIGNAL = signal.SIGUSR1
_ORDER, _ANSWER = "order.json", "answer.json"
_POLL_SECONDS = 0.02


def give(home: Path, keeper: ProcessId, order: dict[str, Any], patience_s: float) -> None:
    """Have the keeper of `home` do something; returns when it is done.

    Raises `StackError` with the keeper's own, or when it does not answer in time.
    """
    answer = state_folder(home) / _ANSWER
    name = uuid4().hex
    _write(state_folder(home) / _ORDER, {"id": name, **order})
    os.kill(keeper.pid, SIGNAL)
    deadline = time.monotonic() + patience_s
    while (said := _read(answer)) is None or said.get("id") != name:
        if not keeper.alive:
            raise StackError("the stack's keeper is gone")
        if time.monotonic() > deadline:
            raise StackError(f"the stack's keeper did not answer within {patience_s:.0f} s")
        time.sleep(_POLL_SECONDS)
    answer.unlink(missing_ok=True)
    if "error" in said:
        raise StackError(said["error"], said.get("details", ""))


def take(home: Path) -> dict[str, Any] | None:
    """The order that waits, if there is one. The keeper's side."""
    path = state_folder(home) / _ORDER
    order = _read(path)
    path.unlink(missing_ok=True)
    return order


def answer(home: Path, order: dict[str, Any], **said: str) -> None:
    """Tell who gave the order how it went: nothing, or an `error` with `details`."""
    _write(state_folder(home) / _ANSWER, {"id": order["id"], **said})


def _read(path: Path) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found


def _write(path: Path, content: dict[str, Any]) -> None:
    partial = path.with_suffix(".part")
    partial.write_text(json.dumps(content), encoding="utf-8")
    partial.replace(path)
