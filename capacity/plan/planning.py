"""`hmb plan --users N`: from assumptions and measured demands to a plan, in one pass."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from capacity.bought import HOURS_PER_MONTH
from capacity.cost.catalogue import Catalogue
from capacity.inputs import Array, Values
from capacity.plan.assumed import Assumed
from capacity.plan.costing import cost_of, kept_up_usd, money_of
from capacity.plan.designing import designed
from capacity.plan.limits import Design, carried, filled, rate_of
from capacity.plan.moving import sensitivity
from capacity.plan.regret import Option
from capacity.plan.shapes import Basis, Figure, Limit, PlanResult, PodOption, RunsOut
from capacity.plan.sizing import Needs
from capacity.plan.tails import Simulating, job
from capacity.plan.telling import (
    bought_of,
    day_of_pods,
    latency_figures,
    left_out,
    resources,
    traffic_figures,
    warnings,
)
from capacity.population.growth import paths
from capacity.population.traffic import DAYS_PER_MONTH, checked_users

DRAWS = 10_000
_TOLD_PODS = (1, 10)
"""Pods whose requests per second are told: one, and as many as the blueprint speaks of."""
_FARTHEST_MONTHS = 1200.0
"""Beyond a century nobody plans."""


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


def make_plan(
    given: Assumed,
    request: Request,
    catalogues: Sequence[Catalogue],
    simulating: Simulating | None = None,
) -> PlanResult:
    """The plan for `request`, its tails simulated by `simulating` if that is given.

    Raises `UsageError` in one line for a population nobody plans for, targets that no number
    of pods holds, and a layer that no provider carries.
    """
    users = checked_users(request.users)
    values = given.inputs.draws(request.draws, request.seed)
    made = designed(given, users, values)
    design, middle, all_worlds = made.design, made.middle, made.all_worlds
    cost, choice = cost_of(given, middle, all_worlds, catalogues, request.providers, request.start)
    kept_up = kept_up_usd(catalogues, middle.amounts, choice, design.pods)
    able = {
        lost: users * carried(all_worlds.needs, design, values, given.rules, lost)
        for lost in (0, 1)
    }
    latency, saturated = latency_figures(all_worlds, design, values, given.rules)
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
        latency=latency,
        resources=resources(given, design, middle, all_worlds, kept_up),
        day=day_of_pods(given, design, middle),
        bought=bought_of(middle),
        pods=_pod_options(made.sizes["pods"], all_worlds.needs),
        databases={name: made.sizes[name] for name in ("primary cores", "replica cores")},
        limits=limits,
        first=limits[0].name,
        second=limits[1].name,
        headroom=_headroom(all_worlds.needs, design, values, given),
        capacity_users=Figure.over(able[1], "users"),
        capacity_users_none_lost=Figure.over(able[0], "users"),
        carried_by_pods={
            pods: Figure.over(rate_of(pods, all_worlds.needs, values, given.rules), "req/s")
            for pods in _TOLD_PODS
        },
        runs_out=_runs_out(able[1], values["growth.after"], request.start),
        cost=cost,
        money=money_of(given, all_worlds, values, catalogues, choice),
        sensitivity=sensitivity(given, users, catalogues, choice, request.indices, request.seed),
        simulation=simulating(job(given, made, values, request.seed)) if simulating else None,
        warnings=(
            *left_out(all_worlds, cost.uncarried, saturated),
            *warnings(given, users, middle, catalogues, choice, request.start),
        ),
    )


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
        sizes=tuple(size.users for size in given.model.sizes),
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
