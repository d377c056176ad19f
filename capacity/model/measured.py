"""What a run says of its load, its surroundings and its result, in the model's words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from capacity.demands import ClassDemand, Tier, Topology
from capacity.errors import HmbError, UsageError
from capacity.histogram import Histogram
from capacity.load_model import ClosedLoad
from capacity.model.material import Material
from capacity.model.predict import Load
from capacity.model.windows import TIER_CPU
from capacity.observation import name
from capacity.run import Status

MOST_FAILED = 0.02
"""A larger share of failed requests makes demands those of refusals, not of answers."""
_SLOTS = 64
"""REQUEST_SLOTS where a record does not name it: the app's default."""


class InvalidRunError(HmbError):
    """A run whose figures must not be learnt from."""

    exit_code = 6


@dataclass(frozen=True, slots=True)
class Shown:
    """What one run measured: rates per second, times in seconds, cores in use.

    `by_endpoint` are answers and their mean seconds, `counts` requests by class.

    `machine` is all cores but those of programs that give way; `hits` the share of all requests
    that a cache answered, None where the record does not tell.
    """

    rate: float
    mean_s: float
    p95_s: float
    by_endpoint: dict[str, tuple[int, float]]
    counts: dict[str, int]
    busy_cores: dict[Tier, float]
    machine: float
    hits: float | None


def refuse(material: Material) -> None:
    """`InvalidRunError` or `UsageError` in one line for a run that no model can rest on."""
    run = material.seen.run
    if run.invalid:
        first = run.invalid[0]
        raise InvalidRunError(
            f"run {run.id} is invalid ({first.reason}: {first.detail}); make it again"
        )
    if run.status is not Status.COMPLETE:
        raise InvalidRunError(f"run {run.id} was cut short ({run.status}); make it again")
    if run.where.topology is None or not material.seen.pods:
        raise UsageError(
            f"run {run.id} is of a system hmb does not run: what its tiers use cannot be seen"
        )
    if not material.cells:
        raise UsageError(f"run {run.id} has no load.jsonl: requests by the second are not known")
    if not isinstance(run.what.load, ClosedLoad):
        raise UsageError(
            f"run {run.id} is of an open load; a model is fitted to users who wait for answers"
        )
    if run.what.load.mean_think_s is None:
        raise UsageError(f"run {run.id} is of a locustfile that does not say how long users think")
    stats = material.seen.endpoints()
    asked = sum(one.requests for one in stats)
    failed = sum(one.failures + one.refusals for one in stats)
    if failed > MOST_FAILED * max(1, asked):
        raise InvalidRunError(
            f"run {run.id}: {failed / max(1, asked):.1%} of its requests failed or were refused "
            f"(at most {MOST_FAILED:.0%}): what a refusal costs is not what an answer costs; "
            f"run it with fewer users"
        )


def topology(material: Material) -> Topology:
    """The stations' sizes of a run on shared cores. Raises `UsageError` when it lacks one."""
    told = material.seen.run.where.topology or {}

    def number(key: str, otherwise: int | None = None) -> int:
        value = told.get(key, otherwise)
        if not isinstance(value, int):
            raise UsageError(f"run {material.id} does not tell {key} of its stack; make it again")
        return value

    servers = [v for k, v in told.items() if k.startswith("pgbouncer_servers.")]
    return Topology(
        pods=number("pods"),
        workers=number("workers_per_pod"),
        slots=number("request_slots_per_worker", _SLOTS),
        replicas=number("replicas"),
        pool=number("db_connections_per_pod"),
        pgbouncer_servers=max(1, sum(int(value) for value in servers)),
        cores=material.seen.run.where.machine.cores,
    )


def shown(material: Material, of: Mapping[str, str]) -> Shown:
    """The run's result; `of` says which class each endpoint is of (others are left out)."""
    seen = material.seen
    counts: dict[str, int] = {}
    latencies: dict[str, Histogram] = {}
    for stats in seen.endpoints():
        found = of.get(name(stats))
        if found is not None:
            counts[found] = counts.get(found, 0) + stats.requests
            own = Histogram.decode(stats.raw)
            at = name(stats)
            latencies[at] = Histogram.merged([latencies[at], own]) if at in latencies else own
    whole = Histogram.merged(latencies.values())
    if whole.count == 0:
        raise UsageError(f"run {material.id} has no successful request of a known class")
    busy = {tier: _mean(material, pattern) for tier, pattern in TIER_CPU.items()}
    rate = sum(stats.requests for stats in seen.endpoints()) / seen.seconds
    return Shown(
        rate=rate,
        mean_s=whole.mean() / 1e6,
        p95_s=whole.percentile(95) / 1e6,
        by_endpoint={
            at: (one.count, one.mean() / 1e6) for at, one in latencies.items() if one.count
        },
        counts=counts,
        busy_cores=busy,
        machine=_mean(material, "machine.cpu") - _yielding(material),
        hits=_hits(material, rate),
    )


def load(material: Material, counts: Mapping[str, int]) -> Load:
    """The run's load, with the mix that `counts` are of."""
    said = material.seen.run.what.load
    think_s = said.mean_think_s if isinstance(said, ClosedLoad) else None
    total = sum(counts.values())
    return Load(
        users=said.users,
        think_s=think_s or 0.0,
        mix={found: count / total for found, count in counts.items()},
        topology=topology(material),
        others_cores=max(0.0, (material.seen.others_cpu() or 0.0) - _yielding(material)),
    )


def _hits(material: Material, rate: float) -> float | None:
    """What neither the database nor the app alone answered; what reached no pod, nginx did.

    A value renewed behind an answer was loaded, as in the fit (`capacity.model.windows`).
    """
    if not material.seen.instances("pod.*.served_db"):
        return None
    renewed = min(_mean(material, "pod.*.cache_renewals"), _mean(material, "pod.*.served_l1"))
    others = _mean(material, "pod.*.served_db") + _mean(material, "pod.*.served_app") + renewed
    return max(0.0, 1 - others / rate)


def _yielding(material: Material) -> float:
    """Cores that programs used which give way to the system: it could have had them."""
    return _mean(material, "machine.yielding")


def class_of(classes: Iterable[ClassDemand]) -> dict[str, str]:
    """Endpoint -> the class it is of."""
    return {endpoint: one.name for one in classes for endpoint in one.endpoints}


def _mean(material: Material, pattern: str) -> float:
    """Mean over the measured seconds of the sum of all series that match."""
    rows = material.seen.window
    columns = [column for column in rows.columns if fnmatchcase(column, pattern)]
    return float(rows[columns].dropna().sum(axis=1).mean()) if columns else 0.0
