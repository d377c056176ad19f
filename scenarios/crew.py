"""The generator processes of one run as the runner sees them: one, or a master and its workers."""

import time

from scenarios.launch import Generator
from scenarios.messages import worker_name
from scenarios.orders import Orders
from scenarios.share import Share

_LEAVE_S = 1.0
"""How long workers may take to end after their master has."""


class Crew:
    """Started by `orders`: those of a master bring as many workers as are to run here.

    A master's word is the run's: whether it has ended is whether the run has.
    """

    def __init__(self, orders: Orders, workers_here: int) -> None:
        self._head = Generator(orders)
        self._workers: list[Generator] = []
        try:
            for number in range(workers_here):
                self._workers.append(Generator(worker_orders(orders, number)))
        except BaseException:
            self.kill()
            raise

    @property
    def ended(self) -> bool:
        """Whether the run's process is gone."""
        return self._head.ended

    def last_words(self) -> str:
        """The last lines all of them printed."""
        return "\n".join(filter(None, (one.last_words() for one in (self._head, *self._workers))))

    def finish(self) -> None:
        """Have the load end before its time, in order."""
        self._head.finish()

    def stop(self, within_s: float) -> None:
        """Ask all to stop and wait; what still runs after `within_s` seconds is killed."""
        # the master has its workers send what they have counted
        self._head.stop(within_s)
        self._see_off()

    def wait(self, within_s: float) -> bool:
        """Wait for the end of all for at most `within_s` seconds; whether it came."""
        patience = time.monotonic() + within_s
        return all(
            one.wait(max(0.0, patience - time.monotonic())) for one in (self._head, *self._workers)
        )

    def kill(self) -> None:
        """End all processes, and whatever they started, at once."""
        for one in (self._head, *self._workers):
            one.kill()

    def _see_off(self) -> None:
        patience = time.monotonic() + _LEAVE_S
        for one in self._workers:
            one.wait(max(0.0, patience - time.monotonic()))
            one.kill()


def worker_orders(orders: Orders, number: int) -> Orders:
    """The part of worker `number` (from 0) in the load of a master's `orders`."""
    assert orders.post is not None  # noqa: S101  # a master has one
    return orders.model_copy(
        update={
            "generator": worker_name(number),
            "share": Share(number=number, of=orders.share.of),
            "post": orders.post.model_copy(update={"role": "worker"}),
        }
    )
