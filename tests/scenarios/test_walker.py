"""The walker by itself: who sends, what is dropped, and when it is done."""

import time

import gevent

from scenarios.walker import Walker


class Person:
    """Sends nothing, for `takes_s`."""

    def __init__(self, takes_s: float = 0.0) -> None:
        self.takes_s = takes_s
        self.sent: list[float] = []

    def send_due(self, intended: float) -> None:
        gevent.sleep(self.takes_s)
        self.sent.append(intended)


class Counted:
    """Every arrival, by whether someone was free for it."""

    def __init__(self) -> None:
        self.sent: list[float] = []
        self.dropped: list[float] = []

    def __call__(self, intended: float, sent: bool) -> None:
        (self.sent if sent else self.dropped).append(intended)


def never(_now: float) -> bool:
    return False


def test_it_is_done_when_the_last_arrival_is_answered() -> None:
    people = [Person(0.05) for _ in range(3)]
    counted = Counted()
    # all of them due at once, and late: those handed out last have not begun when the walk ends
    began = time.time() - 1
    Walker([0.0, 0.1, 0.2], people, counted, never).walk(began)
    assert [len(person.sent) for person in people] == [1, 1, 1]
    assert counted.sent == [began, began + 0.1, began + 0.2]


def test_who_has_rested_longest_comes_next() -> None:
    people = [Person() for _ in range(3)]
    Walker([number / 200 for number in range(9)], people, Counted(), never).walk(time.time())
    assert [len(person.sent) for person in people] == [3, 3, 3]


def test_nobody_free_drops_an_arrival_and_the_next_may_be_sent() -> None:
    person = Person(1.0)
    counted = Counted()
    began = time.time()
    Walker([0.0, 0.05, 2.0], [person], counted, never).walk(began)
    assert (counted.sent, counted.dropped) == ([began, began + 2.0], [began + 0.05])


def test_what_is_due_after_the_end_never_comes() -> None:
    counted = Counted()
    began = time.time()
    Walker([0.0, 0.01, 9.0], [Person()], counted, lambda now: now >= began + 1).walk(began)
    assert len(counted.sent) == 2
    assert counted.dropped == []
    assert time.time() < began + 9


def test_told_to_stop_it_drops_what_it_came_too_late_for() -> None:
    counted = Counted()
    began = time.time() - 1
    # ten were due by now, and nothing of the process's time was left for them
    due = [number / 10 for number in range(100)]
    walker = Walker(due, [Person()], counted, never)
    walking = gevent.spawn(walker.walk, began)
    gevent.sleep(0)
    walking.kill()
    offered = sorted([*counted.sent, *counted.dropped])
    assert offered == [began + at for at in due[: len(offered)]]
    assert 10 <= len(offered) < 60
    assert counted.dropped


def test_cut_off_what_is_under_way_ends() -> None:
    person = Person(60)
    walker = Walker([0.0], [person], Counted(), never)
    walking = gevent.spawn(walker.walk, time.time())
    gevent.sleep(0.05)
    walker.end()
    walking.join(timeout=30)
    assert walking.ready()
    assert person.sent == []
