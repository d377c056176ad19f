"""What a simulation makes of the closed forms' percentiles, wherever the sliders are.

The page computes p95 and p99 by the closed forms (`capacity.plan.sizing.response`). Those
know nothing of slots, pools, PgBouncer's servers and the shape of service times;
`capacity.model.board` does, but takes too long for a page. So the quotient of the two is told
on a small grid: by the pods up, the cache hit rate, and how full the fullest station is. It
changes slowly where the percentiles themselves soar; between the points it lies on straight
lines.
"""

import hashlib
from collections.abc import Callable, Sequence

import numpy as np
from pydantic import BaseModel, ConfigDict

from capacity.errors import UsageError
from capacity.inputs import Array, Values
from capacity.model.predict import limits
from capacity.plan.assumed import Assumed
from capacity.plan.demand_inputs import HIT_RATE
from capacity.plan.limits import Design, fixed
from capacity.plan.sizing import needs, response
from capacity.plan.tails import Draw, Job, drawn, made_for
from capacity.plan.worlds import repeated

FULLEST = (0.3, 0.6, 0.8, 0.93)
_REQUESTS = 3_000
_PER_POD = 30
"""Requests of a point: at least so many, and so many for each pod."""
_MOST_PODS = 500
"""More pods are taken to behave as so many."""
_WHICH = ("p95", "p99")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Lived(_Part):
    """One point as simulated: requests per second, p95 and p99 in ms."""

    rate: float
    p95: float
    p99: float


class Points(_Part):
    """All points, by pods, hit rate and fullest station, the last varying fastest.

    None where idle work alone fills a station.
    """

    lived: tuple[Lived | None, ...]


class GridJob(_Part):
    """All that a grid's simulation depends on; `job` has a draw for each hit rate."""

    job: Job
    fullest: tuple[float, ...] = FULLEST

    @property
    def key(self) -> str:
        """The same for the same inputs, whoever asks and whenever."""
        return hashlib.sha256(f"{self.job.key} {self.fullest}".encode()).hexdigest()[:32]

    def run(self, progress: Callable[[str], None] = lambda line: None) -> Points:
        """Simulate every point; `progress` is told of every number of pods."""
        found: list[Lived | None] = []
        for pods in self.job.pods_up:
            progress(f"simulating {pods} pods for the sliders")
            for draw in self.job.draws:
                found += self._lived(draw, pods)
        return Points(lived=tuple(found))

    def _lived(self, draw: Draw, pods: int) -> list[Lived | None]:
        job = self.job.model_copy(update={"requests": max(self.job.requests, _PER_POD * pods)})
        try:
            model = drawn(job.model, draw)
            most = limits(model, job.load(model, pods)).saturation_rate
        except UsageError:  # no core left over, or nobody knows what a miss costs
            return [None for _ in self.fullest]
        found: list[Lived | None] = []
        for full in self.fullest:
            rate = full * most
            # every point meets the same requests, so that neighbours differ by what they are
            times = job.lived(draw.model_copy(update={"rate": rate}), pods, 0)
            found.append(None if times is None else Lived(rate=rate, p95=times[1], p99=times[2]))
        return found


Simulating = Callable[[GridJob], Points]
"""What answers a job: its own `run`, or something that remembers."""


class TailGrid(_Part):
    """Simulated over closed-form percentiles, by pods up, hit rate and fullest station.

    `fullest` is the share of what the busiest station can do beside its idle work. `p95` and
    `p99` hold a quotient for each point, the last axis varying fastest; `requests` were
    simulated at each, at least.
    """

    pods: tuple[int, ...]
    hit_rate: tuple[float, ...]
    fullest: tuple[float, ...]
    p95: tuple[float, ...]
    p99: tuple[float, ...]
    requests: int


def tail_grid(
    given: Assumed,
    users: float,
    design: Design,
    pods: Sequence[int],
    hits: Sequence[float],
    simulating: Simulating,
) -> TailGrid:
    """The grid for `users` on `design`, all of it up, with every other assumption in the middle."""
    asked = GridJob(job=_job(given, users, design, pods, hits))
    lived = simulating(asked).lived
    job = asked.job
    shape = (len(job.pods_up), len(hits), len(asked.fullest))
    quotients = {which: np.full(shape, np.nan) for which in _WHICH}
    for (up, hit, full), one in zip(np.ndindex(shape), lived, strict=True):
        if one is None:
            continue
        closed = _closed(given, users, design, job.pods_up[up], hits[hit], one.rate)
        for which in _WHICH:
            quotients[which][up, hit, full] = getattr(one, which) / closed[which]
    told = {which: tuple(map(float, _filled(quotients[which]).ravel())) for which in _WHICH}
    return TailGrid(
        pods=job.pods_up,
        hit_rate=tuple(hits),
        fullest=asked.fullest,
        p95=told["p95"],
        p99=told["p99"],
        requests=job.requests,
    )


def _job(
    given: Assumed, users: float, design: Design, pods: Sequence[int], hits: Sequence[float]
) -> Job:
    rules = given.rules
    room = rules.fill.max_connections - rules.fill.reserved_connections
    return made_for(
        given,
        design,
        servers=room * (1 + design.replicas),
        replicas_up=design.replicas,
        pods_up=sorted({min(one, _MOST_PODS) for one in pods}),
        draws=[_draw(given, users, hit) for hit in hits],
        requests=_REQUESTS,
        seed=1,
    )


def _draw(given: Assumed, users: float, hit: float) -> Draw:
    values = _values(given, hit)
    cost = needs(given.model, users, values, given.rules).demands
    return Draw(
        rate=0.0,
        cpu_s={tier: float(seconds[0]) for tier, seconds in cost.cpu_s.items()},
        idle_cores={tier: float(np.ravel(cores)[0]) for tier, cores in cost.idle_cores.items()},
        delay_s=float(cost.delay_s[0]),
        hit_rate=hit,
        wait_factor=float(values["model.wait_factor"][0]),
        off=1.0,
    )


def _values(given: Assumed, hit: float) -> Values:
    """Every assumption in the middle but the hit rate, where there is one."""
    values = repeated(given.inputs.mids(), 1)
    return values | {HIT_RATE: np.full(1, hit)} if HIT_RATE in values else values


def _closed(
    given: Assumed, users: float, design: Design, pods: int, hit: float, rate: float
) -> dict[str, float]:
    """p95 and p99 in ms by the closed forms, before the model's own error."""
    values = _values(given, hit)
    placed = fixed(needs(given.model, users, values, given.rules), design)
    one = np.ones(1)
    time = response(placed, values, given.rules, one * pods, placed.replicas, one * rate)
    return {which: 1000 * float(time.quantile(which)[0]) for which in _WHICH}


def _filled(quotients: Array) -> Array:
    """Where nothing could be simulated, the quotient with fewer pods; 1 where there is none."""
    found = quotients.copy()
    for up in range(1, len(found)):
        found[up] = np.where(np.isnan(found[up]), found[up - 1], found[up])
    return np.where(np.isnan(found), 1.0, found)
