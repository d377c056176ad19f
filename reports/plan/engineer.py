"""The engineer's report: how far predictions were off, and everything the plan rests on."""

from dataclasses import dataclass
from statistics import median

from capacity import figures
from capacity.demands import DemandModel, Held, Tier
from capacity.evidence import Span
from capacity.model.cache import in_mix
from capacity.model.hits import CACHES
from capacity.model.validate import AIMED
from capacity.plan.shapes import PlanResult
from reports.digest import Fact

_WORDS = {
    "throughput": "throughput",
    "mean": "mean latency",
    "p95": "95th percentile",
    "utilisation": "utilisation",
    "cache hits": "cache hits",
}


@dataclass(frozen=True, slots=True)
class ErrorRow:
    """Predictions of one figure over the held-out runs: the errors found, and the one aimed at."""

    what: str
    count: int
    middle: str
    largest: str
    aimed: str
    within: bool


@dataclass(frozen=True, slots=True)
class HeldRow:
    """One prediction beside what was measured."""

    run: str
    what: str
    predicted: str
    measured: str
    error: str
    within: bool


@dataclass(frozen=True, slots=True)
class ClassRow:
    """One class of requests: its share, its CPU at every tier, and what it asks of the servers."""

    name: str
    endpoints: str
    share: str
    cpu: list[str]
    queries: str
    commands: str
    size: str
    rows: str
    held: str


@dataclass(frozen=True, slots=True)
class CacheRow:
    """How often caches answer one family of reads, and what that follows from."""

    name: str
    endpoints: str
    share: str
    hits: str
    by_layer: list[str]
    keys: str
    life: str
    asked: str


def headline(model: DemandModel) -> str:
    """The largest error of every figure in one sentence."""
    found = errors(model)
    if not found:
        return "No run was held out of the fit: how far its predictions are off is not known."
    parts = ", ".join(f"{one.what} by up to {one.largest}" for one in found)
    missed = [one.what for one in found if not one.within]
    end = "All within their aims." if not missed else f"Beyond the aim: {', '.join(missed)}."
    return f"On runs no fit had seen the model was off in {parts}. {end}"


def errors(model: DemandModel) -> list[ErrorRow]:
    """Held-out errors by figure; those of utilisations are differences of shares."""
    rows = []
    for what, aim in AIMED.items():
        off = [abs(one.error) for one in model.held_out if one.what == what]
        if off:
            rows.append(
                ErrorRow(
                    _WORDS[what],
                    len(off),
                    _percent(median(off)),
                    _percent(max(off)),
                    _percent(aim),
                    max(off) <= aim,
                )
            )
    return rows


def held(model: DemandModel) -> list[HeldRow]:
    """Every prediction for a run that no fit has seen."""
    return [
        HeldRow(
            one.run,
            _what(one),
            _shown(one, one.predicted),
            _shown(one, one.measured),
            f"{100 * one.error:+.1f} %",
            abs(one.error) <= AIMED[one.what],
        )
        for one in model.held_out
    ]


def _what(one: Held) -> str:
    if one.what != "utilisation":
        return _WORDS[one.what]
    return f"utilisation of {one.tier.value if one.tier else 'the machine'}"


def _shown(one: Held, value: float) -> str:
    return _percent(value) if one.is_share else figures.figure(value, one.unit)


def classes(model: DemandModel) -> list[ClassRow]:
    """What a request of each class costs, with intervals."""
    return [
        ClassRow(
            one.name,
            ", ".join(one.endpoints),
            _percent(model.mix.get(one.name, 0.0)),
            [_span(one.cpu_s[tier], 1000) if tier in one.cpu_s else "" for tier in Tier],
            _span(one.queries),
            _span(one.redis_commands),
            _span(one.bytes_out, 1e-3),
            _span(one.rows_written),
            _span(one.held_s, 1000),
        )
        for one in model.classes
    ]


def caches(model: DemandModel) -> list[CacheRow]:
    """What caches keep; hits that do not follow from the rate are said to be constant."""
    return [
        CacheRow(
            one.name,
            ", ".join(one.endpoints),
            _percent(share),
            _percent(one.hit),
            [_percent(one.shares[layer]) for layer in CACHES],
            "taken as constant" if one.keys is None else _span(one.keys),
            f"{figures.number(one.life_s)} s",
            f"{figures.number(one.asked.low)} to {figures.number(one.asked.high)}",
        )
        for one, share in in_mix(model)
    ]


def fit(model: DemandModel) -> list[Fact]:
    """What the fit rests on."""
    place = model.topology
    seeded = model.seeded_users
    growth = ", ".join(f"{tier.value} {_span(one)}" for tier, one in model.growth.items())
    return [
        Fact(
            "condition number", figures.number(model.condition), "below 30 classes are told apart"
        ),
        Fact("runs of the fit", str(len(model.runs)), ""),
        Fact("tested up to", f"{figures.number(model.tested_rate)} req/s", "heaviest run"),
        Fact(
            "measured on",
            f"{figures.plural(place.pods, 'pod')}, {figures.plural(place.replicas, 'replica')}",
            f"{model.machine.cpu_model}; {place.cores or 'own'} cores",
        ),
        Fact(
            "users in its database",
            figures.count(seeded) if seeded else "not told",
            f"growth exponents {growth}" if growth else "growth with data is assumed",
        ),
        Fact("waiting for a core", f"{figures.number(model.wait_factor)} of a queue's", "fitted"),
    ]


def budgets(plan: PlanResult) -> list[Fact]:
    """Pools, slots and connections against what they must fit."""
    found = plan.resources
    return [
        Fact(
            "pods",
            f"{found.pods_least} to {found.pods_most}",
            f"{found.workers_per_pod} workers of {found.slots_per_worker} slots each",
        ),
        Fact(
            "client connections",
            f"{found.pool_clients:,} of {found.pgbouncer_clients:,}",
            f"{found.pool_per_worker} a worker, {found.pgbouncers} PgBouncer",
        ),
        Fact(
            "primary",
            figures.plural(found.primary_cores, "core"),
            f"{found.primary_connections} of {found.max_connections} connections",
        ),
        Fact(
            "replicas",
            f"{found.replicas} of {figures.plural(found.replica_cores, 'core')}",
            f"{found.replica_connections} of {found.max_connections} connections each",
        ),
        Fact(
            "Redis",
            figures.plural(found.redis_processes, "process", "processes"),
            f"{figures.number(found.redis_commands_per_s.mid)} commands/s, "
            f"{found.redis_connections} connections, {figures.number(found.redis_gb.mid)} GB",
        ),
        Fact(
            "nginx",
            figures.plural(found.nginx_workers, "worker"),
            f"WebSockets alone need {figures.plural(found.websocket_pods, 'pod')}",
        ),
        Fact(
            "stored",
            f"{figures.number(found.database_gb.mid)} GB",
            f"in the database; {figures.number(found.files_gb.mid)} GB of files",
        ),
        Fact("sent", f"{figures.number(found.egress_gb.mid)} GB a month", "by the servers"),
    ]


def _span(span: Span, scale: float = 1.0) -> str:
    low, mid, high = (figures.number(scale * end, 2) for end in (span.low, span.mid, span.high))
    return mid if low == high else f"{mid} ({low} to {high})"


def _percent(share: float) -> str:
    return f"{figures.number(100 * share)} %"
