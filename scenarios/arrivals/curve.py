"""When the arrivals of a rate that changes over time are due.

Arrivals of one a second, counted on, are laid on the curve: one that comes after n of
them is due when the rate's integral reaches n. Of even steps that gives an even
schedule, of exponential ones a Poisson process of that rate (inversion; Cinlar,
Introduction to Stochastic Processes, 1975, 4.5).
"""

from collections.abc import Iterable, Iterator
from math import sqrt
from random import Random

from capacity.load_model import Piece, Spacing


def due_times(pieces: Iterable[Piece], spacing: Spacing, chance: Random) -> Iterator[float]:
    """Seconds from the start of the first piece, rising, one for each arrival."""
    even = spacing == "even"
    wanted = 0.5 if even else chance.expovariate(1.0)
    began_s = reached = 0.0
    for piece in pieces:
        while wanted < reached + piece.arrivals:
            yield began_s + _moment(piece, wanted - reached)
            wanted += 1.0 if even else chance.expovariate(1.0)
        began_s += piece.seconds
        reached += piece.arrivals


def _moment(piece: Piece, arrivals: float) -> float:
    """Seconds into `piece` until it has seen so many (more than none) arrivals.

    The integral of a straight line is a quadratic; this form of its root stays exact
    when the line is level, or begins at none.
    """
    slope = (piece.end - piece.start) / piece.seconds
    root = sqrt(max(0.0, piece.start**2 + 2 * slope * arrivals))
    return min(piece.seconds, 2 * arrivals / (piece.start + root)) if arrivals > 0 else 0.0
