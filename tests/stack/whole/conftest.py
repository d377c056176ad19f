"""The stack that the tests in this folder share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from stack import engine
from stack.state import Running
from tests.conftest import checkouts


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
