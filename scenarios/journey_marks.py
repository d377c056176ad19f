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


class _Marks(local):  # type: ignore[misc]  # gevent has no types here
    """Per greenlet: the last request sent late, and the last that failed. Unix times in s."""

    def __init__(self) -> None:
        self.late = (float("-inf"), 0.0)
        self.failed = float("-inf")


class JourneyMarks:
    """What the last requests of each greenlet were. Unix times in s."""

    def __init__(self) -> None:
        self._here = _Marks()

    def note(self, sent: float, intended: float, error: BaseException | None) -> None:
        """A request, sent at `sent`, was meant to start at `intended` and ended with `error`."""
        # most are punctual and right: looking up the greenlet's own marks is what costs
        if intended < sent:
            self._here.late = (sent, intended)
        if error is not None:
            self._here.failed = sent

    def due(self, began: float) -> float:
        """When a journey that began at `began` was meant to: when its late request was."""
        sent, intended = self._here.late
        return intended if sent >= began else began

    def failure(self, began: float) -> RequestFailedError | None:
        """That a request of the journey that began at `began` failed, if one did."""
        return RequestFailedError() if self._here.failed >= began else None
