"""A probe of one tier alone: how much it does a second when nothing else is asked of it.

A load test's rates are bounded by what its people ask for, so they cannot refute a promise
about a single server. A probe asks for as much as there is, with that server's own benchmark.
The benchmark shares the machine with what it loads: its rate is a floor of what the tier can
do, and `per_vcpu` is what the tier's own CPU time comes to.
"""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from capacity.intervals import Interval, ratio
from capacity.run import Where

PROBE_VERSION: Literal[1] = 1


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Round(_Part):
    """One short burst: operations done, at which rate, with how much CPU of the tier.

    A tier that stalls for all of it has done none, which is a reading too.
    """

    operations: int = Field(ge=0)
    per_second: float = Field(ge=0)
    failures: int = Field(default=0, ge=0)
    cpu_s: float = Field(ge=0, description="CPU seconds of the tier's own processes")


class Figure(_Part):
    """One thing asked of a tier, in several rounds."""

    name: str
    what: str
    unit: str
    command: str = Field(description="the benchmark as it ran, without passwords")
    rounds: tuple[Round, ...] = Field(min_length=1)

    @property
    def failures(self) -> int:
        """Operations that failed, in all rounds together."""
        return sum(one.failures for one in self.rounds)

    @property
    def per_second(self) -> tuple[float, Interval]:
        """The mean rate of the rounds and its interval."""
        return ratio([one.per_second for one in self.rounds], [1.0] * len(self.rounds))

    @property
    def per_vcpu(self) -> float | None:
        """Operations to a second of the tier's own CPU; None when too little was used to tell.

        The utilisation law (Denning & Buzen 1978): a core that is always busy does 1 / demand.
        """
        cpu = sum(one.cpu_s for one in self.rounds)
        return sum(one.operations for one in self.rounds) / cpu if cpu > 0 else None


class TierProbe(_Part):
    """What one probe found."""

    version: Literal[1] = PROBE_VERSION
    id: str
    name: str
    started_at: datetime
    where: Where
    figures: tuple[Figure, ...] = Field(min_length=1)

    def figure(self, name: str) -> Figure | None:
        """The figure of that name, if there is one."""
        return next((one for one in self.figures if one.name == name), None)
