"""Reads what the known server has seen."""

import http.client
import json
from typing import Any


def report_of(port: int) -> dict[str, Any]:
    """The known server's report; see `tests/scenarios/known_server.py`."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/report")
        found: dict[str, Any] = json.load(connection.getresponse())
    finally:
        connection.close()
    return found
