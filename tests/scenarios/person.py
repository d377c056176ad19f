"""Sends a journey's requests one by one, without Locust."""

import http.client
import json
import time
from email.message import Message
from typing import Any
from urllib.parse import urlsplit

from scenarios.journeys.account import Member
from scenarios.journeys.browsing import Journey
from scenarios.journeys.call import Call
from scenarios.journeys.files import FileOwner
from scenarios.object_store import ObjectStore

_HANGS_UP_AFTER_S = 30.0


class Person:
    """Someone on a journey, from an address of their own."""

    def __init__(self, host: str, source: str, journey: Journey) -> None:
        self._connection = http.client.HTTPConnection(
            urlsplit(host).netloc, timeout=30, source_address=(source, 0)
        )
        self.journey = journey
        self._last = time.monotonic()

    def send(self, call: Call) -> Message:
        """The headers of one request's answer; fails unless that is what the journey expects."""
        headers = {"Content-Type": "application/json"}
        if call.signed and isinstance(self.journey, Member):
            headers["Authorization"] = f"Bearer {self.journey.access_token}"
        if time.monotonic() - self._last > _HANGS_UP_AFTER_S:
            self.close()  # before the server does: the next request connects anew
        body = None if call.body is None else json.dumps(call.body)
        self._connection.request(call.method, call.path, body, headers)
        answer = self._connection.getresponse()
        content = answer.read()
        self._last = time.monotonic()
        assert answer.status in call.expect, f"{call.method} {call.path}: {content.decode()}"
        decoded: Any = content.decode() if call.is_text else json.loads(content or b"null")
        call.check(answer.status, decoded)
        if call.sends_file is not None and answer.status == 201:
            assert isinstance(self.journey, FileOwner)
            put = decoded["put"]
            assert ObjectStore(_fail_if_wrong, 30).put(put["url"], put["headers"], call.sends_file)
            self.journey.arrived(decoded["upload"]["id"])
        return answer.headers

    def close(self) -> None:
        """Hang up."""
        self._connection.close()


def _fail_if_wrong(
    what: str, _began: float, _took_s: float | None, error: Exception | None
) -> None:
    assert error is None, f"{what}: {error}"
