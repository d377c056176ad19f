"""What the machine did to the generator meanwhile: its clock set, its time given to others."""

import time

import psutil

_TRIES = 3
_IN_USER_TIME = ("guest", "guest_nice")
"""Counted in the user times already."""


class Conditions:
    """Looks at the wall clock and the kernel's CPU times from one call to the next."""

    def __init__(self) -> None:
        self._ahead = _wall_ahead_s()
        self._times = psutil.cpu_times()._asdict()

    def since_last(self) -> tuple[float, float]:
        """The share of CPU time stolen, and by how many seconds the wall clock was set."""
        ahead, times = _wall_ahead_s(), psutil.cpu_times()._asdict()
        jump_s = ahead - self._ahead
        passed = {name: times[name] - before for name, before in self._times.items()}
        whole = sum(seconds for name, seconds in passed.items() if name not in _IN_USER_TIME)
        self._ahead, self._times = ahead, times
        return (passed.get("steal", 0.0) / whole if whole > 0 else 0.0), jump_s


def _wall_ahead_s() -> float:
    """How far the wall clock is ahead of the one that cannot be set.

    Between reading one and the other this process may have to wait for its turn: the
    reading that took least is the true one.
    """
    readings = []
    for _ in range(_TRIES):
        before = time.monotonic()
        wall = time.time()
        after = time.monotonic()
        readings.append((after - before, wall - (before + after) / 2))
    return min(readings)[1]
