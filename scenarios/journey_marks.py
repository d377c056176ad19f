"""What befell the requests of the running greenlet, for the journey they are part of.

A locustfile times a journey by Locust's own means:

    with self.environment.events.request.measure("JOURNEY", "checkout"):
        self.client.post("/cart", json={"goods": 7})
        self.client.post("/orders")

Locust tells of it when it is over, and of when it began; what lies between is looked up here.
"""

from gevent.local import local


class RequestFailedError(Exception):
    """A request of a journey failed or was refused, though its own code saw nothing wrong."""


class JourneyMarks(local):  # type: ignore[misc]  # gevent has no types here
    """Per greenlet: the last request sent late, and the last that failed. Unix times in s."""

    def __init__(self) -> None:
        self._late = (float("-inf"), 0.0)
        self._failed = float("-inf")

    def note(self, sent: float, intended: float, error: BaseException | None) -> None:
        """A request, sent at `sent`, was meant to start at `intended` and ended with `error`."""
        if intended < sent:
            self._late = (sent, intended)
        if error is not None:
            self._failed = sent

    def due(self, began: float) -> float:
        """When a journey that began at `began` was meant to: when its late request was."""
        sent, intended = self._late
        return intended if sent >= began else began

    def failure(self, began: float) -> RequestFailedError | None:
        """That a request of the journey that began at `began` failed, if one did."""
        return RequestFailedError() if self._failed >= began else None
