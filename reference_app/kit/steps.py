"""CPU of one request or chore among many: that of the steps of its task.

Between two awaits a task has the thread to itself, so the thread's CPU time over a step is
that of its request. `process_time` around an await would count everybody's. What tasks of its
own a request starts and the event loop's share of the work are not in it; what a thread does for
it is told by whoever handed it the work (`in_thread`).
"""

from collections.abc import Awaitable, Callable, Generator
from contextvars import ContextVar
from time import thread_time
from typing import Any, TypeVar

_Found = TypeVar("_Found")


class ThreadWork:
    """Made where a request begins: CPU `seconds` that threads spend for it from then on."""

    __slots__ = ("seconds",)

    def __init__(self) -> None:
        self.seconds = 0.0
        _under_way.set(self)


_under_way: ContextVar[ThreadWork | None] = ContextVar("thread_work", default=None)


def in_thread(work: Callable[[], _Found]) -> Callable[[], _Found]:
    """`work` as a thread should do it: its CPU counts for the request that hands it over."""
    mine = _under_way.get()

    def told() -> _Found:
        before = thread_time()
        try:
            return work()
        finally:
            if mine is not None:
                mine.seconds += thread_time() - before

    return told


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
