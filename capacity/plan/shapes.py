"""A plan as data: what `hmb plan --json` prints and reports tell."""

from datetime import date, datetime
from typing import Self

from pydantic import BaseModel, ConfigDict

from capacity.bought import Bought
from capacity.cost.catalogue import Layer
from capacity.cost.curve import Point
from capacity.cost.invoice import FocusLine
from capacity.cost.units import ClassCost
from capacity.evidence import Evidence
from capacity.inputs import Array, Input, spread
from capacity.plan.regret import Option
from capacity.revenue.path import Course


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Figure(_Part):
    """A figure with its interval (5 % to 95 % of the draws, `mid` the median) and evidence."""

    low: float
    mid: float
    high: float
    unit: str
    evidence: Evidence

    @classmethod
    def over(cls, draws: Array, unit: str, evidence: Evidence = Evidence.MODELLED) -> Self:
        """The figure of an array of draws."""
        span = spread(draws)
        return cls(low=span.low, mid=span.mid, high=span.high, unit=unit, evidence=evidence)


class Basis(_Part):
    """The demand model a plan rests on, and how far off it was on runs no fit had seen.

    Errors are the largest held-out ones, as shares; None where none was held out. `sizes` are
    the users in the database growth was fitted over, the smallest first; empty for one size.
    """

    made_at: datetime
    evidence: Evidence
    runs: int
    condition: float
    errors: dict[str, float | None]
    seeded_users: int | None
    sizes: tuple[int, ...] = ()
    tested_rate: float


class Resources(_Part):
    """What to rent, with N-1: the targets hold with one pod and one replica lost.

    `pods_reached` is how many the autoscaler's rule brings at the peak, of the most allowed;
    `stops_short` the share of draws in which those are fewer than the targets need with N-1.
    """

    pods_least: int
    pods_most: int
    pods_mean: Figure
    pods_reached: Figure
    stops_short: float
    within_rule: bool
    workers_per_pod: int
    slots_per_worker: int
    pool_per_worker: int
    pool_clients: int
    pgbouncer_clients: int
    pgbouncers: int
    primary_cores: float
    primary_connections: int
    replicas: int
    replica_cores: float
    replica_connections: int
    max_connections: int
    nginx_workers: int
    websocket_pods: int
    redis_processes: int
    redis_gb: Figure
    redis_commands_per_s: Figure
    redis_connections: int
    database_gb: Figure
    files_gb: Figure
    egress_gb: Figure
    problems: tuple[str, ...]


class DayOfPods(_Part):
    """A day under the autoscaler with all assumptions in the middle, every few minutes.

    `used` is the share of the pods' cores in use.
    """

    every_minutes: int
    pods: tuple[int, ...]
    used: tuple[float, ...]


class PodOption(_Part):
    """So many pods: the probability that the targets hold, none lost and one lost."""

    pods: int
    holds: float
    holds_one_lost: float
    enough: float
    regret_usd: float
    chosen: bool
    why: str


class Limit(_Part):
    """A resource at the busiest seconds; `full_at_users` is where it would be full."""

    name: str
    what: str
    used: Figure
    full_at_users: Figure


class RunsOut(_Part):
    """When the plan no longer suffices on a growth path.

    Months after the path's start, 5 %, 50 % and 95 % of the draws, and the dates they fall on.
    Beyond the path's end users grow by the input growth.after; None is beyond a century.
    """

    path: str
    month_low: float | None
    month_mid: float | None
    month_high: float | None
    date_low: date | None
    date_mid: date | None
    date_high: date | None


class Alternative(_Part):
    """An offer not taken."""

    name: str
    layer: Layer
    usd: float | None
    why: str


class Combination(_Part):
    """One way to buy everything; `usd` is None where a layer cannot be carried, `problem` why.

    `bills` are each provider's part of it, payments apart.
    """

    name: str
    usd: float | None
    layers: dict[Layer, str]
    bills: dict[str, float] = {}
    problem: str = ""


class Cost(_Part):
    """The bill of a month of 730 hours, payments apart, and what is derived from it."""

    usd: Figure
    mid_usd: float
    uncarried: float
    by_layer: dict[Layer, float]
    per_user: Figure
    per_active_user: Figure
    per_1000_requests: Figure
    per_class: tuple[ClassCost, ...]
    invoice: tuple[FocusLine, ...]
    rejected: tuple[Alternative, ...]
    combinations: tuple[Combination, ...]
    curve: tuple[Point, ...]


class TierMoney(_Part):
    """One tier of customers, USD a month; `lifetime_value` is what one of them leaves in all."""

    tier: str
    users: Figure
    revenue: Figure
    fees: Figure
    lost: Figure
    served: Figure
    contribution: Figure
    served_per_user: float
    contribution_per_user: float
    lifetime_value: Figure


class Money(_Part):
    """A month's revenue and what is left of it.

    `margin` counts advertising, `margin_without_ads` does not; `fees_only_margin` is the
    ceiling that payment fees alone set.
    """

    mrr: Figure
    arr: Figure
    advertising: Figure
    advertising_per_free_user: Figure
    payment_fees: Figure
    contribution: Figure
    profit: Figure
    margin: Figure
    margin_without_ads: Figure
    fees_only_margin: Figure
    tiers: tuple[TierMoney, ...]
    paths: dict[str, Course]


class Bar(_Part):
    """One input's bar in a tornado: the outcome at its ends, all else in the middle."""

    name: str
    at_low: float
    at_high: float


class Effect(_Part):
    """Sobol indices of one input: its own share of an outcome's variance, and all it is part of."""

    name: str
    first: float
    total: float


class Sensitivity(_Part):
    """What moves an outcome most, the largest first; `effects` are empty unless asked for."""

    outcome: str
    unit: str
    middle: float
    bars: tuple[Bar, ...]
    effects: tuple[Effect, ...] = ()


class Tails(_Part):
    """So many pods up, and one replica fewer than planned, over the simulated draws.

    Milliseconds at the busiest seconds, of the draws that are not `saturated` (None when all
    are); `holds` is the share of draws in which all latency targets hold, with its interval.
    """

    pods_up: int
    p50_ms: Figure | None
    p95_ms: Figure | None
    p99_ms: Figure | None
    saturated: int
    holds: float
    holds_low: float
    holds_high: float


class Simulation(_Part):
    """What was simulated: `draws` of a plan, `requests` each, for every number in `tails`."""

    draws: int
    requests: int
    seed: int
    tails: tuple[Tails, ...]

    def up(self, pods: int) -> Tails | None:
        """The tails with so many pods up, where they were simulated."""
        return next((one for one in self.tails if one.pods_up == pods), None)


class PlanResult(_Part):
    """A plan. `capacity_users` are carried within the targets, with N-1 and without;
    `carried_by_pods` tells requests per second for so many pods with all else large enough.

    `latency` is of the busiest seconds with nothing lost, in ms, by percentile; without the
    draws in which something is saturated. `simulation` is None unless it was asked for.
    """

    users: float
    seed: int
    draws: int
    start: date
    month_hours: float
    basis: Basis
    inputs: dict[str, Input]
    traffic: dict[str, Figure]
    latency: dict[str, Figure]
    resources: Resources
    day: DayOfPods
    bought: Bought
    pods: tuple[PodOption, ...]
    databases: dict[str, tuple[Option, ...]]
    limits: tuple[Limit, ...]
    first: str
    second: str
    headroom: Figure
    capacity_users: Figure
    capacity_users_none_lost: Figure
    carried_by_pods: dict[int, Figure]
    runs_out: tuple[RunsOut, ...]
    cost: Cost
    money: Money
    sensitivity: tuple[Sensitivity, ...]
    simulation: Simulation | None = None
    warnings: tuple[str, ...]
