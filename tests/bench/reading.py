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


def durations(report: dict[str, Any], path: str, *, counted: int, late: int) -> list[float]:
    """The seconds that the calls of `path` took, sorted, for a run that counts `counted` of them.

    A run does not count what its users sent after its end, at most one call each: `late`
    in all. Those came last.
    """
    calls = sorted(report["calls"][path])
    assert counted <= len(calls) <= counted + late, (counted, len(calls))
    return sorted(taken for _came, taken in calls[:counted])
