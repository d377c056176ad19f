"""Tails of a plan, simulated: p95 and p99 and the chance that the targets hold, by pods.

The closed forms of `capacity.plan.queueing` choose a size over all draws; here some of those
draws are lived through request by request (`capacity.model.board`): nginx deals Poisson
arrivals out in turn, pods have slots and pools, PgBouncer its servers, every class the shape
of service times that was measured. One replica is down throughout, and of every number of
pods it is known what it does with one of them lost: that is one pod fewer.

The draws are picked at even steps of the pods they need by the closed forms (stratified
sampling: Cochran 1977, Sampling Techniques, ch. 5), so that few of them speak for all. The
interval of the chance that the targets hold is that of a plain sample, which is wider.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from pydantic import BaseModel, ConfigDict

from capacity.demands import DemandModel, Tier
from capacity.errors import UsageError
from capacity.evidence import Span
from capacity.inputs import Values
from capacity.intervals import clopper_pearson
from capacity.model import board
from capacity.model.cache import with_hit_rate
from capacity.model.predict import Load, limits, mean_demand
from capacity.plan.assumed import Assumed
from capacity.plan.designing import Designed
from capacity.plan.limits import Design
from capacity.plan.shapes import Figure, Simulation, Tails
from capacity.plan.sizing import Needs, whole_cores

METHOD = 2
"""Counts up when the simulation itself changes: what was kept of an older one is made anew."""
DRAWS = 20
_LEAST_DRAWS = 5
_BUDGET = 400_000
"""Requests simulated in all at most: half a minute of one core."""
_REQUESTS = 3_000
_PER_POD = 30
"""Requests of a draw: at least so many, and so many for each pod."""
_AROUND = 2
"""Numbers of pods told on each side of the chosen one."""
_FULL = 0.995
"""A station this busy is not simulated: it never settles."""


class Draw(BaseModel):
    """One draw of a plan, as a simulation wants it: everything in it already drawn."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rate: float
    cpu_s: dict[Tier, float]
    idle_cores: dict[Tier, float]
    delay_s: float
    hit_rate: float
    wait_factor: float
    off: float


class Job(BaseModel):
    """All that the outcome of a simulation depends on; `key` names it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    method: int = METHOD
    model: DemandModel
    targets_ms: tuple[float, float, float]
    workers: int
    slots: int
    pool: int
    servers: int
    replicas_up: int
    cores: dict[Tier, float]
    pods_up: tuple[int, ...]
    draws: tuple[Draw, ...]
    requests: int
    seed: int

    @property
    def key(self) -> str:
        """The same for the same inputs, whoever asks and whenever."""
        told = self.model_dump(mode="json")
        told["model"].pop("made_at")
        text = json.dumps(told, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    def run(self, progress: Callable[[str], None] = lambda line: None) -> Simulation:
        """Simulate; `progress` is told of every number of pods before its draws."""
        found = []
        for at, pods in enumerate(self.pods_up, start=1):
            progress(f"simulating {pods} pods ({at} of {len(self.pods_up)})")
            lived = [self.lived(one, pods, number) for number, one in enumerate(self.draws)]
            found.append(_summed(pods, lived, self.targets_ms))
        return Simulation(
            draws=len(self.draws), requests=self.requests, seed=self.seed, tails=tuple(found)
        )

    def lived(self, draw: Draw, pods: int, number: int) -> tuple[float, float, float] | None:
        """p50, p95 and p99 in ms; None where a station is saturated."""
        model = drawn(self.model, draw)
        load = self.load(model, pods)
        try:
            most = limits(model, load).saturation_rate
        except UsageError:  # idle work alone fills a station
            return None
        if draw.rate >= _FULL * most:
            return None
        # every number of pods meets the same arrivals
        seed = self.seed * 1_000_003 + number
        found = board.tail(model, load, rate=draw.rate, requests=self.requests, seed=seed)
        p50, p95, p99 = (1000 * draw.off * one for one in (found.p50_s, found.p95_s, found.p99_s))
        return p50, p95, p99

    def load(self, model: DemandModel, pods: int) -> Load:
        """An open load on so many pods and everything else of the job."""
        topology = model.topology.model_copy(
            update={
                "pods": pods,
                "workers": self.workers,
                "slots": self.slots,
                "replicas": self.replicas_up,
                "pool": self.pool,
                "pgbouncer_servers": self.servers,
                "cores": None,
            }
        )
        return Load(1, 0.0, model.mix, topology, tier_cores=self.cores)


Simulating = Callable[[Job], Simulation]
"""What answers a job: its own `run`, or something that remembers."""


def job(given: Assumed, made: Designed, values: Values, seed: int) -> Job:
    """The simulation of a design around its number of pods, over some of the draws `values`."""
    rules, design, sized = given.rules, made.design, made.all_worlds.needs
    ups = numbers_up(design.pods)
    requests = max(_REQUESTS, _PER_POD * design.pods)
    draws = int(np.clip(_BUDGET // (requests * len(ups)), _LEAST_DRAWS, DRAWS))
    up = max(1, design.replicas - 1)
    planned = made.middle.needs
    servers = (
        float(planned.primary_connections[0] + up * planned.replica_connections[0])
        - (1 + up) * rules.fill.reserved_connections
    )
    return made_for(
        given,
        design,
        servers=round(servers),
        replicas_up=up,
        pods_up=ups,
        draws=[_draw(sized, values, at) for at in _picked(sized, draws)],
        requests=requests,
        seed=seed,
    )


def made_for(
    given: Assumed,
    design: Design,
    *,
    servers: int,
    replicas_up: int,
    pods_up: Sequence[int],
    draws: Sequence[Draw],
    requests: int,
    seed: int,
) -> Job:
    """The simulation of `draws` on the machines of `design`, with `servers` of PgBouncer's."""
    rules = given.rules
    return Job(
        model=given.model,
        targets_ms=(rules.slo.p50, rules.slo.p95, rules.slo.p99),
        workers=rules.pod.workers,
        slots=rules.pod.slots,
        pool=rules.pod.pool,
        servers=max(1, servers),
        replicas_up=replicas_up,
        cores={
            Tier.NGINX: design.nginx_workers,
            Tier.PODS: rules.pod.vcpu,
            Tier.PGBOUNCER: design.pgbouncers,
            Tier.PRIMARY: float(whole_cores(np.array(design.primary_cores))),
            Tier.REPLICAS: replicas_up * float(whole_cores(np.array(design.replica_cores))),
            Tier.REDIS: design.redis_shards,
        },
        pods_up=tuple(pods_up),
        draws=tuple(draws),
        requests=requests,
        seed=seed,
    )


def numbers_up(pods: int) -> tuple[int, ...]:
    """Pods up that are simulated: sizes around `pods`, and each with one of them lost."""
    step = max(1, pods // 20)
    around = _AROUND if step == 1 else 1
    sizes = [pods + step * n for n in range(-around, around + 1)]
    return tuple(sorted({up for size in sizes for up in (size, size - 1) if up >= 1}))


def _picked(sized: Needs, count: int) -> Sequence[int]:
    """Draws at even steps of the pods they need; those that nothing serves come last."""
    order = np.argsort(sized.slo_pods, kind="stable")
    steps = (np.arange(count) + 0.5) / count
    return [int(order[int(step * len(order))]) for step in steps]


def _draw(sized: Needs, values: Values, at: int) -> Draw:
    cost = sized.demands
    return Draw(
        rate=float(sized.traffic.burst_rate[at]),
        cpu_s={tier: float(seconds[at]) for tier, seconds in cost.cpu_s.items()},
        idle_cores={tier: float(cores[at]) for tier, cores in cost.idle_cores.items()},
        delay_s=float(cost.delay_s[at]),
        hit_rate=float(cost.answered.hit[at]),
        wait_factor=float(values["model.wait_factor"][at]),
        off=float(values["model.p95_off"][at]),
    )


def drawn(model: DemandModel, draw: Draw) -> DemandModel:
    """The model's classes, scaled so that a mean request costs what the draw says."""
    moved = with_hit_rate(model, draw.hit_rate)
    mean = mean_demand(moved, moved.mix)
    delay = sum(share * moved.by_name(name).delay_s.mid for name, share in moved.mix.items())
    times = {tier: _over(draw.cpu_s[tier], mean[tier]) for tier in Tier}
    waited = _over(draw.delay_s, delay)
    return moved.model_copy(
        update={
            "classes": tuple(
                one.model_copy(
                    update={
                        "cpu_s": _scaled(one.cpu_s, times),
                        "delay_s": one.delay_s.times(waited),
                    }
                )
                for one in moved.classes
            ),
            "idle_cpu": {
                tier: cores * model.topology.pods for tier, cores in draw.idle_cores.items()
            },
            "wait_factor": draw.wait_factor,
        }
    )


def _scaled(cpu_s: Mapping[Tier, Span], times: Mapping[Tier, float]) -> dict[Tier, Span]:
    return {tier: span.times(times[tier]) for tier, span in cpu_s.items()}


def _over(wanted: float, mean: float) -> float:
    return wanted / mean if mean > 0 else 1.0


def _summed(
    pods: int, lived: Sequence[tuple[float, float, float] | None], targets: Sequence[float]
) -> Tails:
    settled = [one for one in lived if one is not None]
    held = sum(all(time < most for time, most in zip(one, targets, strict=True)) for one in settled)
    sure = clopper_pearson(held, len(lived))

    def over(which: int) -> Figure | None:
        times = np.array([one[which] for one in settled])
        return Figure.over(times, "ms") if settled else None

    return Tails(
        pods_up=pods,
        p50_ms=over(0),
        p95_ms=over(1),
        p99_ms=over(2),
        saturated=len(lived) - len(settled),
        holds=held / len(lived),
        holds_low=sure.low or 0.0,
        holds_high=1.0 if sure.high is None else sure.high,
    )
