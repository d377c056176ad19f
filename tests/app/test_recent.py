"""What is asked for is remembered, and what is not goes by itself."""

import pytest

from reference_app.kit.recent import Recent


class Asked:
    """Counts how often it is asked."""

    def __init__(self) -> None:
        self.times: dict[int, int] = {}

    def __call__(self, key: int) -> int | None:
        if key < 0:
            raise ValueError(key)
        self.times[key] = self.times.get(key, 0) + 1
        return key * 10 or None


class Clock:
    """A clock that stands."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def test_what_is_asked_for_again_and_again_is_found_once() -> None:
    asked, clock = Asked(), Clock()
    recent = Recent(asked, keep_s=60, most=100, clock=clock)
    for _ in range(50):
        clock.now += 30
        assert [recent(key) for key in (0, 1, 2)] == [None, 10, 20]
        # something new every time: that is when the old goes
        recent(1_000 + int(clock.now))
    assert [asked.times[key] for key in (0, 1, 2)] == [1, 1, 1]


def test_what_nobody_asks_for_any_more_goes_though_few_others_come() -> None:
    asked, clock = Asked(), Clock()
    recent = Recent(asked, keep_s=60, most=1_000_000, clock=clock)
    for _ in range(1_000):
        clock.now += 1
        recent(int(clock.now))
        assert len(recent) <= 2 * 60
    assert len(recent) >= 60
    # the last minute's are there, those of before the last two are not
    times = dict(asked.times)
    recent(int(clock.now) - 59)
    recent(int(clock.now) - 121)
    assert asked.times[int(clock.now) - 59] == times[int(clock.now) - 59]
    assert asked.times[int(clock.now) - 121] == 2


def test_many_at_once_are_bounded_by_number_and_the_latest_half_stays() -> None:
    asked = Asked()
    recent = Recent(asked, keep_s=60, most=100, clock=Clock())
    for key in range(1_000):
        recent(key)
        assert len(recent) <= 100
    for key in range(950, 1_000):
        recent(key)
        assert asked.times[key] == 1


def test_errors_are_not_remembered() -> None:
    recent = Recent(Asked(), keep_s=60, most=100)
    for _ in range(2):
        with pytest.raises(ValueError, match="-1"):
            recent(-1)
    assert len(recent) == 0
