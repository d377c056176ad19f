"""Walks the due times of an open load and has each arrival sent, whatever became of others."""

import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from typing import Protocol

import gevent
from gevent import GreenletExit
from gevent.pool import Group


class Sender(Protocol):
    """A person of an open load: sends one arrival at a time."""

    def send_due(self, intended: float) -> None:
        """Do what comes next; it was meant to start at the Unix time `intended`."""


class Walker:
    """Hands arrivals to people who are free, the one who has rested longest first.

    `due` are seconds from the opening, rising. `arrived` is told of every arrival, with
    the Unix time it was due at and whether someone was free for it; `is_over` says whether
    the load has ended by a Unix time.
    """

    def __init__(
        self,
        due: Iterable[float],
        people: Sequence[Sender],
        arrived: Callable[[float, bool], None],
        is_over: Callable[[float], bool],
    ) -> None:
        self._due = iter(due)
        self._people = people
        self._free: deque[Sender] = deque()
        self._arrived = arrived
        self._is_over = is_over
        self._under_way = Group()

    def walk(self, epoch: float) -> None:
        """Send every arrival from the Unix time `epoch` on, late ones too; wait for the last.

        Those not sent yet when this process is told to stop, because it came too late for
        them, are dropped like those that find nobody free.
        """
        self._free.extend(self._people)
        at = 0.0
        try:
            for at in self._due:
                if self._is_over(epoch + at):
                    break
                # a late arrival gives way too: those before it have to get off
                gevent.sleep(max(0.0, epoch + at - time.time()))
                self._arrive(epoch + at)
        except GreenletExit:
            self._drop_the_late(epoch, at)
            raise
        # one that was handed out a moment ago has not even begun
        self._under_way.join()

    def _arrive(self, intended: float) -> None:
        if self._free:
            self._under_way.spawn(self._send, self._free.popleft(), intended)
            self._arrived(intended, True)
        else:
            self._arrived(intended, False)

    def _send(self, person: Sender, intended: float) -> None:
        try:
            person.send_due(intended)
        finally:
            self._free.append(person)

    def _drop_the_late(self, epoch: float, first: float) -> None:
        """Count what was due until now, from the arrival `first` on."""
        now = time.time()
        for at in chain([first], self._due):
            if epoch + at > now or self._is_over(epoch + at):
                return
            self._arrived(epoch + at, False)

    def end(self) -> None:
        """Cut off what is still under way."""
        self._under_way.kill()
