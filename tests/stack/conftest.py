"""Stacks that the tests of the stack share."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stack import engine, state
from stack.processes import alive, descendants
from stack.state import Running
from tests.conftest import checkouts

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
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            left = [pid for pid, began in family.items() if alive(pid, began)]
            if not left:
                return []
            time.sleep(0.05)
        return left

    return wait


@pytest.fixture(scope="package")
def full_stack() -> Iterator[Running]:
    """The whole topology: three pods, two replicas. With a setting of ours in its file."""
    with checkouts() as make:
        yield _full_stack(make(durable=True))


def _full_stack(home: Path) -> Running:
    compose = home / "docker-compose.production.yml"
    text = compose.read_text(encoding="utf-8")
    assert "  POD_CAPITAL: nassau" not in text
    text = text.replace(
        "  ENVIRONMENT: ${ENVIRONMENT", "  POD_CAPITAL: nassau\n  ENVIRONMENT: ${ENVIRONMENT", 1
    )
    compose.write_text(text, encoding="utf-8")
    return engine.up(home, bound=True)
