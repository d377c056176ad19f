"""What tests of the stack ask of its processes."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from stack import state
from stack.processes import alive, descendants

Family = dict[int, float]


@pytest.fixture
def family() -> Callable[[Path], Family]:
    """Every process of the stack of a home, by number -> when it began."""

    def find(home: Path) -> Family:
        record = state.read(home)
        assert record is not None
        assert record.keeper is not None
        return {record.keeper.pid: record.keeper.began} | descendants(record.keeper.pid)

    return find


@pytest.fixture
def survivors() -> Callable[[Family], list[int]]:
    """Those that still live after a fair time to end."""

    def wait(family: Family) -> list[int]:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            left = [pid for pid, began in family.items() if alive(pid, began)]
            if not left:
                return []
            time.sleep(0.05)
        return left

    return wait
