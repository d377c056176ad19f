"""The knee: beyond it more load buys mostly waiting.

Kleinrock's power, throughput over response time, is largest there (Kleinrock, "Power and
deterministic rules of thumb for probabilistic problems in computer communications", ICC
1979; Jain, The Art of Computer Systems Performance Analysis, 1991, 3.3): a line from the
origin touches the curve of response time against throughput at that load. It needs no
fitted model and no threshold.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Point:
    """One load level: requests a second offered and answered well, mean response time in s."""

    offered: float
    throughput: float
    response_s: float


@dataclass(frozen=True, slots=True)
class Knee:
    """The level of largest power, and the levels beside it: the knee lies between those.

    `low` is None when it is the lowest level measured, `high` None when it is the highest.
    """

    offered: float
    low: float | None
    high: float | None


def knee(points: Sequence[Point]) -> Knee | None:
    """The knee of levels that were measured; None of fewer than three.

    With the highest level the largest, power still rises: the knee lies beyond.
    """
    ordered = sorted(
        (point for point in points if point.response_s > 0), key=lambda point: point.offered
    )
    if len(ordered) < 3:
        return None
    at = max(range(len(ordered)), key=lambda at: ordered[at].throughput / ordered[at].response_s)
    return Knee(
        ordered[at].offered,
        ordered[at - 1].offered if at else None,
        ordered[at + 1].offered if at + 1 < len(ordered) else None,
    )
