"""CPU of one request or chore among many: that of the steps of its task.

Between two awaits a task has the thread to itself, so the thread's CPU time over a step is
that of its request. `process_time` around an await would count everybody's. What tasks of its
own a request starts, threads, and the event loop's share of the work are not in it.
"""

from collections.abc import Awaitable, Generator
from time import thread_time
from typing import Any


class Stepped:
    """Awaits `work` and adds up in `seconds` the CPU time of its steps."""

    __slots__ = ("_work", "seconds")

    def __init__(self, work: Awaitable[object]) -> None:
        self._work = work
        self.seconds = 0.0

    def __await__(self) -> Generator[Any, Any, None]:
        """As `work` itself, what is thrown into it included."""
        steps: Any = self._work.__await__()
        step, given = steps.send, None
        while True:
            before = thread_time()
            try:
                waits_for = step(given)
            except StopIteration:
                return
            finally:
                self.seconds += thread_time() - before
            try:
                step, given = steps.send, (yield waits_for)
            except BaseException as thrown:
                step, given = steps.throw, thrown
