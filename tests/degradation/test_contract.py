"""With nothing broken, the stack answers as its document says, where it sells things."""

from pathlib import Path

import pytest

from tests.app.contract import agrees
from tests.degradation.conftest import Board

pytestmark = pytest.mark.stack

# As nginx lets one address pass.
_LIMITED = ("--rate-limit", "45/s")


async def test_what_is_sold_is_as_the_document_says(whole: Board, tmp_path: Path) -> None:
    database = whole.running.environment["DATABASE_DIRECT_URL"]
    how = ("--phases", "coverage", "--include-tag", "subscriptions", *_LIMITED)
    await agrees(whole.client, database, tmp_path, "worker", *how)
