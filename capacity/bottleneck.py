"""Which resource a run used most of, and whether it was used up.

Each resource's share is the mean of its use over what there is of it (its utilisation,
Denning & Buzen 1978). The first to reach its end bounds what the system can do.
"""

from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from capacity import figures
from capacity.observation import OTHERS_SHARE, Observation

if TYPE_CHECKING:
    import pandas as pd

SATURATED = 0.9
"""The share from which a resource counts as used up: what waits for it grows without bound."""

MACHINE_CPU = "the machine's CPU"
_SINGLE_THREADED = ("redis", "pgbouncer")
"""Services that use one core at most, whatever the machine has."""


class Use(BaseModel):
    """A resource and the share of it in use on average, as a fraction."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    resource: str
    share: float

    @property
    def saturated(self) -> bool:
        """Whether it was used up."""
        return self.share >= SATURATED


def uses(seen: Observation) -> list[Use]:
    """Every resource that was seen, the busiest first."""
    found = [
        _machine(seen),
        _use("the load generator's core", seen.summed("generator.cpu"), 1),
        *(
            _use(f"{service}'s one core", seen.summed(f"service.{service}.cpu"), 1)
            for service in _SINGLE_THREADED
        ),
        _pools(seen),
        _database_servers(seen),
    ]
    return sorted((use for use in found if use is not None), key=lambda use: -use.share)


def generator_share(seen: Observation) -> float | None:
    """The share of the whole machine's CPU that the load generator took, as a fraction."""
    used = seen.summed("generator.cpu_total")
    if used is None or used.empty:
        return None
    return float(used.mean()) / seen.run.where.machine.cores


def sentence(seen: Observation) -> str:
    """What bounded the run and what the generator took of the machine, for a person."""
    found = uses(seen)
    if not found:
        return "No resource was seen: what bounded this load is not known."
    busiest = found[0]
    share = figures.figure(100 * busiest.share, "%")
    if busiest.saturated:
        text = f"The bottleneck was {busiest.resource}: {share} of it was in use."
    else:
        text = f"No resource was used up; the busiest was {busiest.resource}, {share} in use."
    taken = generator_share(seen)
    if taken is None:
        return text
    foreign = others(seen)
    if foreign is not None:
        text += f" Other programs, left out of this, used {_cores(foreign, seen)}."
    text += (
        f" The load generator took {figures.figure(100 * taken, '%')} of the machine{_late(seen)}."
    )
    senders = [one for one in seen.run.senders if one.users]
    if len(senders) < 2:
        return text
    worst = max(senders, key=lambda one: one.cpu)
    return (
        f"{text} Of its {len(senders)} processes {worst.name} was the busiest, with "
        f"{figures.figure(100 * worst.cpu, '%')} of a core."
    )


def _late(seen: Observation) -> str:
    """What the generator itself may have added to the latencies."""
    late_ms = seen.summed("generator.lateness")
    if late_ms is None or late_ms.empty:
        return ""
    worst, usual = (figures.figure(float(one), "ms") for one in (late_ms.max(), late_ms.median()))
    return f", and was late by at most {worst} ({usual} in the median second)"


def others(seen: Observation) -> float | None:
    """Mean cores that programs outside this test used, where they took a good part.

    None where they did not, or it cannot be seen: less than that is also what the kernel does
    for the test on nobody's account, and what `hmb` itself takes.
    """
    used = seen.others_cpu()
    return None if used is None or used < OTHERS_SHARE * seen.run.where.machine.cores else used


def _cores(used: float, seen: Observation) -> str:
    return f"{figures.number(used)} of {figures.plural(seen.run.where.machine.cores, 'core')}"


def _machine(seen: Observation) -> Use | None:
    """The machine's CPU as far as this test used it."""
    cores = seen.run.where.machine.cores
    found = _use(MACHINE_CPU, seen.summed("machine.cpu"), cores)
    if found is None:
        return None
    return Use(resource=MACHINE_CPU, share=max(0.0, found.share - (others(seen) or 0.0) / cores))


def _use(resource: str, used: "pd.Series[float] | None", there_is: float) -> Use | None:
    if used is None or used.empty:
        return None
    return Use(resource=resource, share=float(used.mean()) / there_is)


def _pools(seen: Observation) -> Use | None:
    """Connections of the pods' database pools."""
    limit = seen.summed("pod.*.pool_limit")
    most = 0.0 if limit is None or limit.empty else float(limit.max())
    return (
        _use("the pods' database pools", seen.summed("pod.*.pool_in_use"), most) if most else None
    )


def _database_servers(seen: Observation) -> Use | None:
    """PgBouncer's server connections, where clients had to wait for one.

    How many it may open is not seen; while someone waits, all of them are in use.
    """
    waiting = seen.summed("pgbouncer.clients_waiting")
    if waiting is None or waiting.empty:
        return None
    return Use(resource="PgBouncer's server connections", share=float((waiting > 0).mean()))
