"""What every import has in common: the record of a run that we did not make."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from capacity.errors import UsageError
from capacity.load_model import ClosedLoad
from capacity.run import (
    Arrivals,
    EndpointStats,
    Machine,
    Phase,
    Run,
    Status,
    Step,
    What,
    Where,
)
from capacity.spool import Cell

NOT_RECORDED = "not recorded"


class ForeignError(UsageError):
    """A file that is not what it was taken for: which, where, and what it should be."""


@dataclass(frozen=True, slots=True)
class Named:
    """What a person says of the results, as the file does not."""

    id: str
    scenario: str
    commit: str | None
    warmup_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Imported:
    """A record, its timeline (second -> series -> value) and its requests by second, if known."""

    run: Run
    timeline: dict[int, dict[str, float]]
    cells: list[Cell]


@dataclass(frozen=True, slots=True)
class Load:
    """What the load was: since when (Unix time), how long, how many users, what was lost."""

    began: float
    seconds: float
    users: int
    dropped: int = 0
    host: str = NOT_RECORDED


def record(
    named: Named, tool: str, limits: str, load: Load, endpoints: Sequence[EndpointStats]
) -> Run:
    """The record of an imported run; the machine it ran on is not known."""
    started = datetime.fromtimestamp(load.began, UTC)
    return Run(
        id=named.id,
        status=Status.COMPLETE,
        started_at=started,
        ended_at=started + timedelta(seconds=load.seconds),
        what=What(
            scenario=named.scenario,
            journeys=f"imported from {tool}",
            load=ClosedLoad(kind="closed", users=max(1, load.users)),
            seed=0,
            warmup_s=named.warmup_s,
            duration_s=load.seconds - named.warmup_s,
            host=load.host,
            imported=f"{tool}: {limits}",
        ),
        where=Where(
            commit=named.commit,
            dirty=None,
            machine=Machine(
                cpu_model=NOT_RECORDED,
                cores=0,
                memory_bytes=0,
                system=NOT_RECORDED,
                python=NOT_RECORDED,
            ),
            versions={},
            topology=None,
        ),
        steps=_steps(named, load, endpoints),
        endpoints=list(endpoints),
    )


def _steps(named: Named, load: Load, endpoints: Sequence[EndpointStats]) -> list[Step]:
    planned = [(Phase.WARMUP, 0.0, named.warmup_s), (Phase.MEASURED, named.warmup_s, load.seconds)]
    return [
        Step(
            name=phase.value,
            phase=phase,
            start_s=start,
            end_s=end,
            users=load.users,
            arrivals=Arrivals(
                offered=None,
                achieved=sum(one.requests for one in endpoints if one.step == phase.value),
                dropped=load.dropped if phase is Phase.MEASURED else 0,
            ),
        )
        for phase, start, end in planned
        if end > start
    ]
