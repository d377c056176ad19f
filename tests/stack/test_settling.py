"""How long a database is waited for: while anything moves, and not for ever."""

from collections.abc import Iterable

import pytest

from stack.settling import Left, Patience, wait

_PATIENCE = Patience(unmoved_s=60, at_most_s=1_000)


class Scripted:
    """A database whose answers are known by the second, and the clock that tells it."""

    def __init__(self, answers: Iterable[tuple[float, Left]]) -> None:
        self._answers = list(answers)
        self.now = 0.0
        self.said: list[str] = []

    def ask(self) -> Left:
        return [left for at, left in self._answers if at <= self.now][-1]

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def wait(self) -> Left:
        return wait(self.ask, self.said.append, _PATIENCE, lambda: self.now, self.sleep)


def _moving(until_s: int, every_s: int) -> list[tuple[float, Left]]:
    return [(at, [("a vacuum", at)]) for at in range(0, until_s, every_s)]


def test_what_moves_is_waited_for_longer_than_anything_may_stand_still() -> None:
    database = Scripted([*_moving(500, 50), (500, [])])
    assert database.wait() == []
    assert database.now == pytest.approx(500, abs=1)
    # and a person hears of it meanwhile
    assert len(database.said) > 5
    assert database.said[0].endswith(": a vacuum")


def test_what_stands_still_is_given_up() -> None:
    database = Scripted([*_moving(100, 50), (10_000, [])])
    assert database.wait() == [("a vacuum", 50)]
    assert database.now == pytest.approx(50 + 60, abs=1)


def test_what_moves_for_ever_is_given_up() -> None:
    database = Scripted(_moving(10_000, 50))
    assert database.wait()
    assert database.now == pytest.approx(1_000, abs=1)


def test_what_is_at_rest_is_not_waited_for_and_nothing_is_said() -> None:
    database = Scripted([(0, [])])
    assert (database.wait(), database.now, database.said) == ([], 0, [])
