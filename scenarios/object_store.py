"""Files sent straight to the object store. Lives inside the Locust process.

They pass neither nginx nor a pod: they are told apart from the requests.
"""

import http.client
import ipaddress
import time
from collections.abc import Mapping
from urllib.parse import urlsplit

from scenarios.deliveries import Report

PUT = "PUT /{object}"


class NotStoredError(Exception):
    """The store did not take a file, or no file may be sent there."""


class ObjectStore:
    """Sends files to presigned addresses on this machine, and to no other.

    `report` is given what happened, when it began (a Unix time), the seconds it took and
    what went wrong. A store that takes longer than `answer_s` has failed.
    """

    def __init__(self, report: Report, answer_s: float) -> None:
        self._report = report
        self._answer_s = answer_s

    def put(self, url: str, headers: Mapping[str, str], content: bytes) -> bool:
        """Send one file; whether the store has it now."""
        began, error = time.time(), None
        try:
            self._send(url, headers, content)
        except (NotStoredError, OSError, http.client.HTTPException) as failure:
            error = failure
        self._report(PUT, began, time.time() - began, error)
        return error is None

    def _send(self, url: str, headers: Mapping[str, str], content: bytes) -> None:
        parts = urlsplit(url)
        if parts.scheme != "http" or not _is_here(parts.hostname):
            raise NotStoredError("the store is not on this machine: nothing was sent")
        connection = http.client.HTTPConnection(
            parts.hostname or "", parts.port, timeout=self._answer_s
        )
        try:
            connection.request("PUT", f"{parts.path}?{parts.query}", content, dict(headers))
            answer = connection.getresponse()
            answer.read()
        finally:
            connection.close()
        if answer.status != 200:
            raise NotStoredError(f"the store answered {answer.status}")


def _is_here(host: str | None) -> bool:
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False
