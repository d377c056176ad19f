"""The parts of a plan that tell what was computed: traffic, resources, warnings."""

from collections.abc import Collection, Sequence
from datetime import date
from math import ceil

import numpy as np

from capacity import figures
from capacity.bought import Bought
from capacity.cost.catalogue import Catalogue
from capacity.cost.choosing import Choice
from capacity.evidence import Evidence
from capacity.inputs import Array, Values
from capacity.model.cache import hit_rate, in_mix
from capacity.plan.assumed import Assumed
from capacity.plan.autoscale import minutes
from capacity.plan.demand_inputs import HIT_RATE
from capacity.plan.limits import Design, fixed
from capacity.plan.rules import Rules
from capacity.plan.shapes import DayOfPods, Figure, Resources
from capacity.plan.sizing import pod_load, response
from capacity.plan.worlds import World

SELDOM = 0.1
"""A share of draws up to which something is not worth a word."""
_FARTHEST = 2.0
"""How far beyond what was tested a model is trusted."""
_EVERY_MINUTES = 5
"""How often a day of pods is told."""
_FEWEST_PER_WORKER = 3
"""Connections a worker opens however small its share, and one more for each replica."""


def traffic_figures(all_worlds: World) -> dict[str, Figure]:
    """What the people ask of the system."""
    people = all_worlds.needs.traffic
    told = {
        "daily active": (people.daily_active, "users"),
        "monthly active": (people.monthly_active, "users"),
        "sessions a day": (people.sessions_per_day, "sessions"),
        "mean": (people.mean_rate, "req/s"),
        "peak": (people.peak_rate, "req/s"),
        "busiest seconds": (people.burst_rate, "req/s"),
        "there at a time": (people.present, "users"),
        "WebSockets": (people.sockets, "sockets"),
    }
    figures_told = {
        name: Figure.over(draws, unit, Evidence.ASSUMED) for name, (draws, unit) in told.items()
    }
    hits = Figure.over(all_worlds.needs.demands.answered.hit, "of cached reads")
    return figures_told | {"cache hits": hits}


def latency_figures(
    all_worlds: World, design: Design, values: Values, rules: Rules
) -> tuple[dict[str, Figure], float]:
    """Response times of the design at the busiest seconds, nothing lost, in ms.

    As many pods are up as the autoscaler has brought by then, which is what the bill pays for.
    Each with the error of the model's own p95 on runs that no fit had seen. And the share of
    draws in which a station is saturated, which they leave out.
    """
    placed = fixed(all_worlds.needs, design)
    rate = placed.traffic.burst_rate
    up = np.minimum(all_worlds.day.peak_pods, placed.pods)
    time = response(placed, values, rules, up, placed.replicas, rate)
    found = {}
    for which in ("p50", "p95", "p99"):
        told = 1000 * time.quantile(which) * values["model.p95_off"]
        served = told[np.isfinite(told)]
        if served.size:
            found[which] = Figure.over(served, "ms")
    return found, float(np.mean(~np.isfinite(time.mean)))


def day_of_pods(given: Assumed, design: Design, middle: World) -> DayOfPods:
    """The middle draw's day under the autoscaler, up to the pods of the design."""
    load = pod_load(middle.needs, given.inputs.mids(), given.rules)
    seen = list(minutes(load, given.rules.autoscale, np.array([float(design.pods)])))
    return DayOfPods(
        every_minutes=_EVERY_MINUTES,
        pods=tuple(int(pods[0]) for pods, _ in seen[::_EVERY_MINUTES]),
        used=tuple(float(cpu[0]) for _, cpu in seen[::_EVERY_MINUTES]),
    )


def bought_of(middle: World) -> Bought:
    """The month's quantities of the middle draw; machines and connections are whole."""
    whole = {name for name, field in Bought.model_fields.items() if field.annotation is int}
    told = {name: float(middle.amounts[name][0]) for name in Bought.model_fields}
    return Bought.model_validate(
        {name: ceil(value) if name in whole else value for name, value in told.items()}
    )


def resources(
    given: Assumed, design: Design, middle: World, all_worlds: World, kept_up_usd: float
) -> Resources:
    """What to rent, and where its own rules are broken.

    `kept_up_usd` is what all pods of the design at all hours cost more in a month.
    """
    rules, sized, amounts = given.rules, middle.needs, all_worlds.amounts
    short = _stops_short(given, all_worlds)
    pool = max(rules.pod.pool // rules.pod.workers, _FEWEST_PER_WORKER + design.replicas)
    clients = design.pods * rules.pod.workers * pool
    return Resources(
        pods_least=rules.autoscale.least,
        pods_most=design.pods,
        pods_mean=Figure.over(all_worlds.day.mean_pods, "pods"),
        pods_reached=Figure.over(all_worlds.day.peak_pods, "pods"),
        within_rule=design.pods <= rules.autoscale.most,
        workers_per_pod=rules.pod.workers,
        slots_per_worker=rules.pod.slots,
        pool_per_worker=pool,
        pool_clients=clients,
        pgbouncer_clients=rules.fill.pgbouncer_clients * design.pgbouncers,
        pgbouncers=design.pgbouncers,
        primary_cores=design.primary_cores,
        primary_connections=int(sized.primary_connections[0]),
        replicas=design.replicas,
        replica_cores=design.replica_cores,
        replica_connections=int(sized.replica_connections[0]),
        max_connections=rules.fill.max_connections,
        nginx_workers=design.nginx_workers,
        websocket_pods=int(np.ceil(np.quantile(_socket_pods(given, all_worlds), 0.95))),
        redis_processes=design.redis_shards,
        redis_gb=Figure.over(amounts["redis_gb"], "GB", Evidence.ASSUMED),
        redis_commands_per_s=Figure.over(amounts["redis_commands_per_s_peak"], "commands/s"),
        redis_connections=design.pods * rules.pod.redis_connections,
        database_gb=Figure.over(amounts["database_gb"], "GB", Evidence.ASSUMED),
        files_gb=Figure.over(amounts["objects_gb"], "GB", Evidence.ASSUMED),
        egress_gb=Figure.over(amounts["backend_egress_gb"], "GB a month"),
        stops_short=short,
        problems=(
            *_problems(given, design, middle, clients),
            *_too_late(short, design, kept_up_usd),
        ),
    )


def _socket_pods(given: Assumed, all_worlds: World) -> Array:
    """Pods the WebSockets alone take; a claimed number of them to a pod."""
    sockets = all_worlds.needs.traffic.sockets
    most = given.inputs.known["pod.sockets"].mid
    return np.maximum(1.0, np.ceil(sockets / most))


def _problems(given: Assumed, design: Design, middle: World, clients: int) -> list[str]:
    rules, found = given.rules, []
    if design.pods > rules.autoscale.most:
        found.append(
            f"{design.pods} pods are more than the autoscaler's {rules.autoscale.most}: raise its "
            "limit (--set autoscale.most=...) or make pods larger (--set pod.vcpu=...)"
        )
    room = rules.fill.pgbouncer_clients * design.pgbouncers
    if clients > room:
        found.append(
            f"{clients:,} client connections do not fit PgBouncer's {room:,}: lower the pods' "
            "pools or raise PGBOUNCER_MAX_CLIENTS"
        )
    connections = max(middle.needs.primary_connections[0], middle.needs.replica_connections[0])
    if connections > rules.fill.max_connections:
        found.append(
            f"{connections:,.0f} server connections are more than max_connections "
            f"{rules.fill.max_connections}"
        )
    if middle.needs.primary_cores[0] > rules.fill.largest_database:
        found.append(
            f"writes need {middle.needs.primary_cores[0]:,.0f} cores of one primary, more than any "
            f"server has ({rules.fill.largest_database}): beyond this the data must be divided"
        )
    return found


def _stops_short(given: Assumed, all_worlds: World) -> float:
    """In what share of the draws the autoscaler brings fewer pods than the targets need."""
    if given.rules.pods is not None:
        return 0.0
    return float(np.mean(all_worlds.day.peak_pods < all_worlds.needs.slo_pods + 1))


def _too_late(short: float, design: Design, kept_up_usd: float) -> list[str]:
    """What it takes where the autoscaler does not bring the pods that the targets need."""
    if short <= SELDOM:
        return []
    return [
        f"in {100 * short:.0f} % of the draws the autoscaler's rule stops short of the pods that "
        "the targets need with one lost: CPU and memory do not see latency; to have them up at "
        f"all hours (--set autoscale.least={design.pods}) costs ${figures.number(kept_up_usd)} a "
        "month more"
    ]


def warnings(
    given: Assumed,
    users: float,
    middle: World,
    catalogues: Sequence[Catalogue],
    choice: Choice,
    today: date,
) -> tuple[str, ...]:
    """What makes the plan less sure than its figures look."""
    found = [*_about_model(given, users, middle), *_about_rule(given)]
    found += [
        f"{offer.name} is taken at a price of low confidence ({offer.plan.note or 'not looked up'})"
        for offer in choice.taken.values()
        if offer.doubtful
    ]
    return (*found, *_stale(catalogues, set(choice.providers.values()), today))


def _about_model(given: Assumed, users: float, middle: World) -> list[str]:
    """Where the demand model is stretched."""
    model, found = given.model, []
    rate = float(middle.needs.traffic.burst_rate[0])
    if model.seeded_users is None:
        found.append(
            "the model does not say how many users its database held; databases' demands are not "
            "grown with the data"
        )
    elif users > _FARTHEST * model.seeded_users and model.sizes:
        found.append(
            f"demands are extrapolated to {users:,.0f} users in the database by growth fitted over "
            f"{len(model.sizes)} sizes of data, the largest of {model.seeded_users:,} users"
        )
    elif users > _FARTHEST * model.seeded_users:
        found.append(
            f"demands were measured with {model.seeded_users:,} users in the database and are "
            f"extrapolated to {users:,.0f}: seed more (hmb seed --scale large), calibrate again"
        )
    if model.tested_rate and rate > _FARTHEST * model.tested_rate:
        found.append(
            f"{rate:,.0f} requests a second are more than twice the {model.tested_rate:,.0f} the "
            "model was tested with; the structure beyond was not validated"
        )
    if not model.held_out:
        found.append("the model was held against no run that its fit had not seen")
    return [*found, *_about_cache(given, middle)]


def _about_cache(given: Assumed, middle: World) -> list[str]:
    """Where the plan's cache hits are not those of the calibration's runs."""
    model, found = given.model, []
    wanted = float(middle.needs.demands.answered.hit[0])
    if abs(wanted - hit_rate(model)) > 1e-9 and not model.layers:
        found.append(
            "another cache hit rate changes the databases' demand only: this calibration did not "
            "tell what a miss costs the pods"
        )
    times = _times_tested(given, middle)
    if times > _FARTHEST:
        found.append(
            f"a cache hit rate of {100 * wanted:.0f} % is extrapolated: within the life of a kept "
            f"answer up to {figures.number(times)} times as many requests come as in the "
            f"calibration's runs, for keys that are taken to grow with the users"
        )
    return found


def _times_tested(given: Assumed, middle: World) -> float:
    """How many times more often than in any run what is kept is asked for, at most."""
    if HIT_RATE in given.inputs.known:
        return 1.0
    rate = float(middle.needs.traffic.peak_rate[0])
    return max(
        rate * share * one.life_s / max(one.asked.high, 1.0)
        for one, share in in_mix(given.model)
        if one.keys is not None and one.asked.high > 0
    )


def _about_rule(given: Assumed) -> list[str]:
    """Whether the autoscaler's rule can ever take a pod away."""
    base = given.inputs.known["pod.memory_base_mb"].mid / 1e3 / given.rules.pod.gb
    if base < given.rules.autoscale.down_memory:
        return []
    return [
        f"a pod's memory with nobody there is {100 * base:.0f} %, the rule takes pods away "
        f"below {100 * given.rules.autoscale.down_memory:.0f} %: those that came for the peak stay"
    ]


def left_out(all_worlds: World, uncarried: float, saturated: float) -> tuple[str, ...]:
    """Draws that no figure of the plan speaks for."""
    hopeless = float(np.mean(~np.isfinite(all_worlds.needs.slo_pods)))
    found = []
    if hopeless > 0:
        found.append(
            f"in {figures.number(100 * hopeless)} % of the draws no number of pods holds the "
            "targets"
        )
    if saturated > 0:
        found.append(
            f"in {figures.number(100 * saturated)} % of the draws something is saturated in the "
            "busiest seconds; the latencies leave them out"
        )
    if uncarried > 0:
        found.append(
            f"in {figures.number(100 * uncarried)} % of the draws the chosen providers do not "
            "carry the load; the bill's interval leaves them out"
        )
    return tuple(found)


def _stale(catalogues: Sequence[Catalogue], taken: Collection[str], today: date) -> list[str]:
    """Old prices: in full of the providers taken, the others in one line."""
    old = {one.provider: warning for one in catalogues if (warning := one.stale(today))}
    found = [warning for provider, warning in old.items() if provider in taken]
    others = [provider for provider in old if provider not in taken]
    if others:
        found.append(f"prices of {', '.join(others)}, not taken, are more than 90 days old too")
    return found
