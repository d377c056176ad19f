"""The closed load model: people who think between an answer and their next request.

A request is meant to start one thinking time after the end of the previous one.
A slow system therefore slows its own load down; the latency from the intended
start shows only what the generator itself added.
"""

from random import Random

from scenarios.chance import ThinkTimes


class ClosedArrivals:
    """The due times of one virtual user, as Unix times in seconds."""

    __slots__ = ("_chance", "_think", "due")

    def __init__(self, think: ThinkTimes, chance: Random) -> None:
        self._think = think
        self._chance = chance
        self.due = 0.0

    def open(self, epoch: float) -> None:
        """The load begins at `epoch`, with this user in the middle of a session, thinking."""
        self.due = epoch + self._think.remaining(self._chance)

    def answered(self, now: float) -> None:
        """The previous request has ended: the user begins to think."""
        self.due = now + self._think.draw(self._chance)

    def wait_s(self, now: float) -> float:
        """Seconds until the next request is due; 0 when it is late."""
        return max(0.0, self.due - now)
