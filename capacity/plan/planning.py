"""`hmb plan --users N`: from assumptions and measured demands to a plan, in one pass."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from capacity.bought import HOURS_PER_MONTH
from capacity.cost.catalogue import Catalogue
from capacity.inputs import Array, Values
from capacity.plan.assumed import Assumed
from capacity.plan.costing import cost_of, money_of
from capacity.plan.limits import Design, carried, filled
from capacity.plan.moving import sensitivity
from capacity.plan.regret import Option, candidates, least_regret
from capacity.plan.shapes import Basis, Figure, Limit, PlanResult, PodOption, RunsOut
from capacity.plan.sizing import Needs
from capacity.plan.telling import bought_of, resources, traffic_figures, warnings
from capacity.plan.worlds import World, world
from capacity.population.growth import paths
from capacity.population.traffic import DAYS_PER_MONTH, checked_users

DRAWS = 10_000
_CORES = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
"""Sizes database servers come in, cores."""
_FARTHEST_MONTHS = 1200.0
"""Beyond a century nobody plans."""
_POD_USD, _CORE_USD = 25.0, 25.0
"""What a missing or spare pod or database core is weighed by: one core of the blueprint's
Render Standard. Only regrets are shown in it; the choice itself does not depend on it."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked: users, the month the plan starts in, providers to prefer, draws and seed.

    `indices` adds Sobol indices, which take some seconds.
    """

    users: float
    start: date
    providers: tuple[str, ...] = ()
    draws: int = DRAWS
    seed: int = 1
    indices: bool = False


def make_plan(given: Assumed, request: Request, catalogues: Sequence[Catalogue]) -> PlanResult:
    """The plan for `request`.

    Raises `UsageError` in one line for a population nobody plans for, targets that no number
    of pods holds, and a layer that no provider carries.
    """
    users = checked_users(request.users)
    rules, model = given.rules, given.model
    values = given.inputs.draws(request.draws, request.seed)
    mids = given.inputs.mids()
    all_worlds = world(model, users, values, rules)
    sizes = _sizes(all_worlds.needs, given)
    design = _design(sizes, all_worlds.needs, rules.regret.short)
    middle = _bought_as_designed(world(model, users, mids, rules, design.pods), design)
    cost, choice = cost_of(given, middle, all_worlds, catalogues, request.providers, request.start)
    able = {lost: users * carried(all_worlds.needs, design, values, rules, lost) for lost in (0, 1)}
    limits = _limits(all_worlds.needs, design, values, given, users)
    return PlanResult(
        users=users,
        seed=request.seed,
        draws=request.draws,
        start=request.start,
        month_hours=HOURS_PER_MONTH,
        basis=_basis(given),
        inputs=dict(given.inputs.known),
        traffic=traffic_figures(all_worlds),
        resources=resources(given, design, middle, all_worlds),
        bought=bought_of(middle),
        pods=_pod_options(sizes["pods"], all_worlds.needs),
        databases={name: sizes[name] for name in ("primary cores", "replica cores")},
        limits=limits,
        first=limits[0].name,
        second=limits[1].name,
        headroom=_headroom(all_worlds.needs, design, values, given),
        capacity_users=Figure.over(able[1], "users"),
        capacity_users_none_lost=Figure.over(able[0], "users"),
        runs_out=_runs_out(able[1], values["growth.after"], request.start),
        cost=cost,
        money=money_of(given, all_worlds, values, catalogues, choice),
        sensitivity=sensitivity(given, users, catalogues, choice, request.indices, request.seed),
        warnings=warnings(given, users, middle, catalogues, choice, request.start),
    )


def _sizes(sized: Needs, given: Assumed) -> dict[str, tuple[Option, ...]]:
    """The sizes that are weighed by regret, each against what the draws need."""
    short = given.rules.regret.short
    fixed = given.rules.pods
    pods = candidates(sized.pods) if fixed is None else np.array([float(fixed)])
    found = {"pods": least_regret(sized.pods, pods, _POD_USD, short, "pod")}
    for name, needed in (
        ("primary cores", sized.primary_cores),
        ("replica cores", sized.replica_cores),
    ):
        cores = candidates(needed, _CORES)
        found[name] = least_regret(needed, cores, _CORE_USD, short, "core")
    return found


def _design(sizes: dict[str, tuple[Option, ...]], sized: Needs, short: float) -> Design:
    """The sizes regretted least; the small stations for as large a share of the draws."""
    chosen = {name: next(one.size for one in sizes[name] if one.chosen) for name in sizes}
    share = short / (short + 1)

    def enough(needed: Array) -> int:
        return int(np.ceil(np.quantile(needed, share)))

    return Design(
        pods=int(chosen["pods"]),
        nginx_workers=enough(sized.nginx_workers),
        pgbouncers=enough(sized.pgbouncers),
        primary_cores=chosen["primary cores"],
        replicas=enough(sized.replicas),
        replica_cores=chosen["replica cores"],
        redis_shards=enough(sized.redis_shards),
    )


def _bought_as_designed(middle: World, design: Design) -> World:
    """The middle draw, buying the machines of the design."""
    amounts = dict(middle.amounts)
    amounts["replicas"] = np.array([float(design.replicas)])
    amounts["redis_shards"] = np.array([float(design.redis_shards)])
    amounts["database_cores"] = np.array([design.primary_cores])
    amounts["replica_cores"] = np.array([design.replica_cores * design.replicas])
    return replace(middle, amounts=amounts)


def _basis(given: Assumed) -> Basis:
    errors: dict[str, float | None] = {}
    for what in ("throughput", "mean", "p95", "utilisation"):
        found = [abs(one.error) for one in given.model.held_out if one.what == what]
        errors[what] = max(found) if found else None
    return Basis(
        made_at=given.model.made_at,
        evidence=given.model.evidence,
        runs=len(given.model.runs),
        condition=given.model.condition,
        errors=errors,
        seeded_users=given.model.seeded_users,
        tested_rate=given.model.tested_rate,
    )


def _pod_options(options: tuple[Option, ...], sized: Needs) -> tuple[PodOption, ...]:
    return tuple(
        PodOption(
            pods=int(one.size),
            holds=float(np.mean(sized.slo_pods <= one.size)),
            holds_one_lost=float(np.mean(sized.slo_pods + 1 <= one.size)),
            enough=one.enough,
            regret_usd=one.regret_usd,
            chosen=one.chosen,
            why=one.why,
        )
        for one in options
    )


def _limits(
    sized: Needs, design: Design, values: Values, given: Assumed, users: float
) -> tuple[Limit, ...]:
    """All resources, the one that the fewest users fill at the top."""
    found = [
        Limit(
            name=one.name,
            what=one.what,
            used=Figure.over(one.used, "share"),
            full_at_users=Figure.over(users * one.times, "users"),
        )
        for one in filled(sized, design, values, given.rules)
    ]
    return tuple(sorted(found, key=lambda one: one.full_at_users.mid))


def _headroom(sized: Needs, design: Design, values: Values, given: Assumed) -> Figure:
    """How much of the load that fills the first resource is still to come."""
    times = np.min([one.times for one in filled(sized, design, values, given.rules)], axis=0)
    return Figure.over(1 - 1 / times, "share")


def _runs_out(able: Array, after: Array, start: date) -> tuple[RunsOut, ...]:
    """When users on each path outgrow what the plan carries, in every draw."""
    found = []
    for path in paths().values():
        reached = path.month_of(np.maximum(able, 1.0), after)
        months = [float(one) for one in np.quantile(reached, (0.05, 0.5, 0.95))]
        dates = [_after(start, month) for month in months]
        finite = [month if month <= _FARTHEST_MONTHS else None for month in months]
        found.append(
            RunsOut(
                path=path.name,
                month_low=finite[0],
                month_mid=finite[1],
                month_high=finite[2],
                date_low=dates[0],
                date_mid=dates[1],
                date_high=dates[2],
            )
        )
    return tuple(found)


def _after(start: date, months: float) -> date | None:
    if months > _FARTHEST_MONTHS:
        return None
    return start + timedelta(days=months * DAYS_PER_MONTH)
