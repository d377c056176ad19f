"""Service demands: what one request of each class costs at each tier.

`hmb calibrate` fits a `DemandModel` from runs; prediction, plan, cost and audit read
nothing else of those runs. A demand is CPU seconds per request, D = U / X (the
utilisation law, Denning & Buzen 1978), on the machine it was measured on.
"""

from datetime import datetime
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from capacity.evidence import Evidence, Span
from capacity.run import Machine

MODEL_VERSION: Literal[3] = 3


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Tier(StrEnum):
    """The stations a request passes."""

    NGINX = "nginx"
    PODS = "pods"
    PGBOUNCER = "pgbouncer"
    PRIMARY = "primary"
    REPLICAS = "replicas"
    REDIS = "redis"


DATABASES = (Tier.PRIMARY, Tier.REPLICAS, Tier.PGBOUNCER)
"""Tiers that only a cache miss or a write reaches."""


class Layer(StrEnum):
    """How deep a request went: `nginx` reached no pod, `app` needed no data."""

    NGINX = "nginx"
    APP = "app"
    L1 = "l1"
    L2 = "l2"
    DB = "db"


class Family(_Part):
    """Answers that caches keep alike; how often they hit follows from how often they are asked.

    Keys are asked for by Zipf's law (`capacity.model.ttl`). What is kept is forgotten `life_s`
    after it was loaded, so what counts is how many requests come within one life.
    """

    name: str
    endpoints: tuple[str, ...]
    life_s: float = Field(gt=0)
    public: bool = Field(description="whether nginx keeps them as well")
    keys: Span | None = Field(
        description="how many different answers, fitted with a 95 % interval; None where the runs "
        "do not tell: then the shares are taken to stay as they were"
    )
    asked: Span = Field(description="requests within one life in the runs: least, mean, most")
    shares: dict[Layer, float] = Field(
        description="shares of the requests by who answered, over the runs of the fit"
    )

    @property
    def hit(self) -> float:
        """Share of the requests that a cache answered in the runs of the fit."""
        return 1 - self.shares[Layer.DB]


class Member(_Part):
    """An endpoint of a class, by what is known of it alone."""

    share: float = Field(
        ge=0,
        le=1,
        description="of its class's requests in `mixed`; of those in all runs where `mixed` asks "
        "for nothing of the class",
    )
    own_s: float = Field(
        default=0.0, ge=0, description="CPU seconds of its own task in the pods, as they timed it"
    )
    answered: dict[Layer, float] = Field(
        default={}, description="shares of its requests that caches answered in the runs of the fit"
    )
    delay_s: float = Field(
        default=0.0,
        description="seconds beside the CPU of its class, below 0 where it needs less than that",
    )
    alone_s: float = Field(
        default=0.0, ge=0, description="seconds it takes with nobody else there, CPU included"
    )
    light: str = Field(
        default="",
        description="latencies under light load, a capacity.histogram blob: the shape of its "
        "service time; empty where none was measured",
    )


class ClassDemand(_Part):
    """One request class: endpoints that cost alike or cannot be told apart.

    All figures are per request of the class, means over the calibration's runs.
    `cpu_s` is in CPU seconds at each tier, all its processes together.
    """

    name: str
    endpoints: tuple[str, ...] = Field(description='as in the record: "GET /jobs"')
    cpu_s: dict[Tier, Span]
    queries: Span = Field(description="statements sent to Postgres, primary and replicas")
    redis_commands: Span
    bytes_out: Span = Field(
        description="bytes of the answer's body as the client unpacked it; headers are not counted"
    )
    rows_written: Span = Field(
        default=Span.exact(0.0), description="0 as well where the records do not tell"
    )
    statement_s: Span = Field(
        default=Span.exact(0.0),
        description="seconds in statements by pg_stat_statements, waiting and disk included: what "
        "the database's CPU is held against",
    )
    held_s: Span = Field(
        default=Span.exact(0.0),
        description="seconds one of PgBouncer's server connections is held; 0 where not told",
    )
    delay_s: Span = Field(
        default=Span.exact(0.0), description="seconds that are nobody's CPU: disk, network, timers"
    )
    growth: dict[Tier, Span] = Field(
        default={}, description="exponent e of D ~ users ** e by tier, where it can be told"
    )
    kept: dict[str, float] = Field(
        default={}, description="family of answers -> its share of the class's requests"
    )
    answered: dict[Layer, float] = Field(
        default={},
        description="shares of its requests that nginx's cache, a worker's memory and Redis "
        "answered in the runs of the fit; empty where the records do not tell",
    )
    members: dict[str, Member] = Field(
        default={}, description="endpoint -> what is known of it alone; empty where nothing is"
    )

    @property
    def total_cpu_s(self) -> float:
        """CPU seconds of all tiers together."""
        return sum(span.mid for span in self.cpu_s.values())


class Held(_Part):
    """One prediction for a run that no fit has seen, beside what was measured."""

    run: str
    what: Literal["throughput", "mean", "p95", "utilisation", "cache hits"]
    tier: Tier | None = Field(default=None, description="of a utilisation")
    predicted: float
    measured: float
    unit: str

    @property
    def is_share(self) -> bool:
        """Whether it is a share of something, whose error is a difference."""
        return self.what in ("utilisation", "cache hits")

    @property
    def error(self) -> float:
        """Relative error of the prediction; of a share the difference, as a fraction."""
        if self.is_share:
            return self.predicted - self.measured
        return self.predicted / self.measured - 1


class Checked(_Part):
    """An endpoint's CPU seconds per request in the pods: as they timed it, and as fitted."""

    endpoint: str = Field(description="without query, parameters without names")
    requests: int = Field(ge=1)
    own_s: float = Field(ge=0, description="in the requests' own tasks, from some of them")
    fitted_s: float = Field(ge=0)


class LevelSeen(_Part):
    """What a run of the base mix carried: requests per second and at work at a time."""

    pods: int = Field(ge=1)
    rate: float = Field(gt=0)
    at_once: float = Field(gt=0)


class SizeOfData(_Part):
    """What the mean request of the model's mix costs with so many people in the database."""

    users: int = Field(ge=1)
    runs: int = Field(ge=1)
    cpu_s: dict[Tier, Span]


class Topology(_Part):
    """The stations' sizes while a run was made; inputs of the model, not constants."""

    pods: int = Field(ge=1)
    workers: int = Field(ge=1, description="processes per pod")
    slots: int = Field(ge=1, description="requests one worker works on at once")
    replicas: int = Field(ge=0)
    pool: int = Field(ge=1, description="database connections one pod may open")
    pgbouncer_servers: int = Field(ge=1)
    cores: int | None = Field(
        ge=1, description="cores all tiers share; None when every tier has its own"
    )


class DemandModel(_Part):
    """What a calibration found, with how well it predicts."""

    version: Literal[3] = MODEL_VERSION
    made_at: datetime
    evidence: Evidence = Evidence.MODELLED
    machine: Machine
    topology: Topology
    runs: tuple[str, ...] = Field(description="ids of the runs the fit rests on")
    condition: float = Field(description="condition number of the fit's scaled design matrix")
    classes: tuple[ClassDemand, ...]
    mix: dict[str, float] = Field(
        description="class -> its share of requests in `mixed`; sums to 1"
    )
    idle_cpu: dict[Tier, float] = Field(description="cores a tier uses with no load at all")
    cache_hit: dict[str, float] = Field(
        description="class -> share answered from a cache (nginx's, L1, L2) in the runs of the fit"
    )
    families: tuple[Family, ...] = Field(
        default=(), description="what caches keep, where it is known for how long"
    )
    other_hits: float = Field(
        default=0.0, ge=0, le=1, description="share of all other reads that a cache answered"
    )
    layers: dict[Layer, dict[Tier, Span]] = Field(
        default={},
        description="CPU seconds of a request by the deepest layer it touched, whatever its "
        "class: what a cache hit and a miss cost apart; empty where the records do not tell",
    )
    beside_cpu_s: Span = Field(
        default=Span.exact(0.0),
        description="CPU seconds per request of what shares the machine with the system, the "
        "load generator above all; no part of a plan",
    )
    beside_idle: float = Field(default=0.0, ge=0, description="cores of the same with no load")
    wait_factor: float = Field(
        default=1.0,
        ge=0,
        description="measured over modelled waiting for a core: (ca^2 + cs^2) / 2 of Allen and "
        "Cunneen, fitted",
    )
    think_factor: float = Field(
        default=1.0,
        gt=0,
        description="measured over stated time between an answer and the next request, fitted",
    )
    tested_rate: float = Field(
        default=0.0, ge=0, description="requests per second of the heaviest run of the fit"
    )
    checked: tuple[Checked, ...] = Field(
        default=(), description="the fit beside the pods' own CPU by endpoint, where they timed it"
    )
    own_share: float | None = Field(
        default=None, ge=0, description="share of the pods' CPU that lies in requests' own tasks"
    )
    levels: tuple[LevelSeen, ...] = Field(
        default=(), description="runs of `mixed` the fit rests on: what scalability is read from"
    )
    held_out: tuple[Held, ...]
    seeded_users: int | None = Field(
        default=None, ge=1, description="users in the database the demands were measured on"
    )
    growth: dict[Tier, Span] = Field(
        default={},
        description="exponent e of D ~ users ** e at a tier, of a mean request of the mix, where "
        "fitted over sizes of data",
    )
    sizes: tuple[SizeOfData, ...] = Field(
        default=(),
        description="the sizes of data growth was fitted over, the smallest first; empty for one",
    )

    def by_name(self, name: str) -> ClassDemand:
        """The class of that name. Raises `KeyError` when there is none."""
        return {found.name: found for found in self.classes}[name]
