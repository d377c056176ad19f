"""How requests are offered: by people who wait for answers, or on a schedule that does not.

A closed load's users each think between an answer and their next request, so that a slow
system slows its own load. An open load's arrivals come when they are due, whatever became
of those before (Schroeder, Wierman & Harchol-Balter, "Open Versus Closed", NSDI 2006).
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

OpenKind = Literal["constant", "ramp", "stages", "spike", "soak", "replay", "day"]
_STEADY = frozenset({"constant", "soak"})
Spacing = Literal["poisson", "even"]
"""`poisson`: independent arrivals, as of many people; `even`: as a metronome."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ClosedLoad(_Part):
    """`users` virtual users, each waiting `mean_think_s` seconds on average after an answer."""

    kind: Literal["closed"] = "closed"
    users: int = Field(gt=0)
    mean_think_s: float | None = Field(
        default=None, ge=0, description="None when a foreign locustfile decides"
    )

    @property
    def is_steady(self) -> bool:
        """Whether it asks for the same from beginning to end."""
        return True

    @property
    def offered_rate(self) -> float | None:
        """Requests per second these users would send if every response were instant."""
        if not self.mean_think_s:
            return None
        return self.users / self.mean_think_s


class Piece(_Part):
    """Arrivals a second that go in a straight line from `start` to `end` within `seconds`."""

    seconds: float = Field(gt=0)
    start: float = Field(ge=0)
    end: float = Field(ge=0)

    @property
    def arrivals(self) -> float:
        """How many arrivals it stands for."""
        return self.seconds * (self.start + self.end) / 2


class Stage(_Part):
    """One step of an open load: what is measured as one, and told apart from the others."""

    name: str
    pieces: tuple[Piece, ...] = Field(min_length=1)

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return sum(piece.seconds for piece in self.pieces)

    @property
    def arrivals(self) -> float:
        """How many arrivals it stands for."""
        return sum(piece.arrivals for piece in self.pieces)


class OpenLoad(_Part):
    """Arrivals on a schedule, each of which is the next request of one of `users` people.

    Who is still waiting for an answer takes no other arrival: one that finds all of them
    waiting is dropped, and counted. `source` names the file a replay came from.
    """

    kind: OpenKind
    users: int = Field(gt=0)
    spacing: Spacing
    stages: tuple[Stage, ...] = Field(min_length=1)
    source: str | None = None

    @property
    def seconds(self) -> float:
        """How long the schedule is, warm-up apart."""
        return sum(stage.seconds for stage in self.stages)

    @property
    def is_steady(self) -> bool:
        """Whether it offers the same from beginning to end."""
        return self.kind in _STEADY

    @property
    def offered_rate(self) -> float:
        """Mean arrivals per second."""
        return sum(stage.arrivals for stage in self.stages) / self.seconds

    @property
    def peak_rate(self) -> float:
        """Most arrivals per second."""
        return max(max(piece.start, piece.end) for stage in self.stages for piece in stage.pieces)


LoadModel = Annotated[ClosedLoad | OpenLoad, Field(discriminator="kind")]


def level(name: str, rate: float, seconds: float) -> Stage:
    """A stage of one rate."""
    return Stage(name=name, pieces=(Piece(seconds=seconds, start=rate, end=rate),))
