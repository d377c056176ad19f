"""Calls to a service elsewhere by a library that blocks: few at a time, none while it is down.

They are made in a few threads of their own. A call waits for a thread, not for
ever; how many may wait is bounded, so that a service that hangs never takes every
request slot of the worker. When the service fails several times in a row, calls are refused at once
for a while, so that one that hangs costs requests nothing.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import TypeVar

from reference_app.errors import UnavailableError

_THREADS = 4
_FAILURES_TO_STOP = 3
_STOPPED_S = 5.0

Answer = TypeVar("Answer")


class Outside:
    """One worker's calls to one service, `most` under way or waiting at once.

    `refusal` makes the error, given seconds to wait.

    Whoever calls says what was an answer (`answered`) and what a failure (`failed`).
    """

    def __init__(self, name: str, most: int, refusal: Callable[[int], UnavailableError]) -> None:
        self._most = most
        self._refusal = refusal
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix=name)
        self._free = asyncio.Semaphore(_THREADS)
        self._waiting = 0
        self._failures = 0
        self._stopped_until = 0.0

    async def call(self, work: Callable[[], Answer]) -> Answer:
        """What `work` returns or raises. Raises the refusal when it is not even tried."""
        if self._waiting >= self._most:
            raise self._refusal(1)
        self._waiting += 1
        try:
            async with self._free:
                self.check()
                return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._waiting -= 1

    def check(self) -> None:
        """Raises the refusal while nothing is tried."""
        left = self._stopped_until - monotonic()
        if left > 0:
            raise self._refusal(1 + int(left))

    def answered(self) -> None:
        """Note that the service is there."""
        self._failures = 0

    def failed(self) -> UnavailableError:
        """Note that it failed; the refusal to raise."""
        self._failures += 1
        if self._failures >= _FAILURES_TO_STOP:
            self._stopped_until = monotonic() + _STOPPED_S
        return self._refusal(int(_STOPPED_S))

    def close(self) -> None:
        """Take no more calls; those under way end by themselves."""
        self._threads.shutdown(wait=False, cancel_futures=True)
