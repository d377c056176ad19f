"""Prints the OpenAPI document, as `python -m reference_app.describe`: it needs no server."""

import json
import sys

from pydantic import SecretStr

from reference_app.assembly import create_app
from reference_app.settings import Settings

_NOBODY = Settings(
    environment="test",
    secret_key=SecretStr("the document says nothing of it"),
    database_url=SecretStr("postgresql://nobody@nowhere/nothing"),
    redis_url=SecretStr("redis://nowhere"),
)
"""What the app must be told before it can be asked what it offers."""


def text() -> str:
    """The document as one line of JSON, the same for the same routes."""
    return json.dumps(create_app(_NOBODY).openapi(), sort_keys=True, separators=(",", ":")) + "\n"


if __name__ == "__main__":
    sys.stdout.write(text())
