"""From demands to what a closed load test shows: throughput, latency, utilisation.

Cores shared by all tiers are one station, tiers on cores of their own are one each (pods: one
each, as the balancer deals requests out in turn). Means by mean value analysis; tails by
simulation. All users ask by one mix, so a request's class is drawn anew each time.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from capacity.demands import ClassDemand, DemandModel, Tier, Topology
from capacity.errors import UsageError
from capacity.model import mva
from capacity.model.bounds import Bounds, asymptotic, response_time

ALL = "all"
SHARED = "cores"
_EXACT_USERS = 5_000
"""Up to here every population below is solved, above it the approximation is as good."""


@dataclass(frozen=True, slots=True)
class Load:
    """A closed load on a topology: `mix` gives each class's share of requests.

    `others_cores` is what programs that are no part of the test use of shared cores;
    `tier_cores` the cores of each tier (of one pod, for the pods) when none are shared.
    """

    users: int
    think_s: float
    mix: Mapping[str, float]
    topology: Topology
    others_cores: float = 0.0
    tier_cores: Mapping[Tier, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Predicted:
    """Means. `busy_cores` by tier, `machine` all of them with what runs beside (shared only).

    `bounds` hold whatever the details: no number of users gets beyond its saturation rate.
    """

    rate: float
    bounds: Bounds
    response_s: float
    by_class_s: dict[str, float]
    busy_cores: dict[Tier, float]
    machine: float | None


def mean_demand(model: DemandModel, mix: Mapping[str, float]) -> dict[Tier, float]:
    """CPU seconds of a mean request of `mix` at each tier."""
    return {
        tier: sum(share * model.by_name(name).cpu_s[tier].mid for name, share in mix.items())
        for tier in Tier
    }


def stations(model: DemandModel, load: Load) -> list[mva.Station]:
    """Where requests queue, each with the mean request's demand under the class `ALL`.

    Idle work takes its cores first. Raises `UsageError` when none are left.
    """
    demand = mean_demand(model, load.mix)
    idle = idle_cores(model, load.topology)
    if load.topology.cores is not None:
        free = load.topology.cores - load.others_cores - sum(idle.values()) - model.beside_idle
        total = sum(demand.values()) + model.beside_cpu_s.mid
        return [_station(SHARED, total, free)]
    found = []
    for tier in Tier:
        if tier is Tier.PODS:
            pods = load.topology.pods
            free = load.tier_cores[tier] - idle[tier] / pods
            found += [_station(f"pod-{n + 1}", demand[tier] / pods, free) for n in range(pods)]
        elif demand[tier] > 0:
            found.append(_station(tier.value, demand[tier], load.tier_cores[tier] - idle[tier]))
    return found


def _station(name: str, demand: float, free: float) -> mva.Station:
    if free <= 0:
        raise UsageError(f"{name} has no core left over from what runs there with no load at all")
    return mva.Station(name, {ALL: demand}, free)


def idle_cores(model: DemandModel, topology: Topology) -> dict[Tier, float]:
    """Cores in use with no load: the pods' own and what their polling costs the others."""
    grown = topology.pods / model.topology.pods
    return {tier: model.idle_cpu.get(tier, 0.0) * grown for tier in Tier}


def predict(model: DemandModel, load: Load) -> Predicted:
    """Means of the closed load `load`."""
    places = stations(model, load)
    think = load.think_s * model.think_factor
    delay = sum(share * model.by_name(name).delay_s.mid for name, share in load.mix.items())
    if load.users <= _EXACT_USERS:
        solved = mva.exact(load.users, think, places, delay)
    else:
        solved = mva.approximate({ALL: load.users}, {ALL: think}, places, {ALL: delay})
    stretch = _stretch(model, places, solved)
    by_class = {
        name: _response(model.by_name(name), stretch) for name in load.mix if load.mix[name] > 0
    }
    response = sum(load.mix[name] * time for name, time in by_class.items())
    most = limits(model, load)
    saturated = response_time(load.users, most.saturation_rate, think)
    if response < saturated:
        # more users only wait longer: the response time law at the busiest station's rate
        by_class = {name: time * saturated / response for name, time in by_class.items()}
        response = saturated
    rate = load.users / (think + response)
    idle = idle_cores(model, load.topology)
    busy = {tier: idle[tier] + rate * time for tier, time in mean_demand(model, load.mix).items()}
    beside = model.beside_idle + rate * model.beside_cpu_s.mid + load.others_cores
    shared = load.topology.cores is not None
    return Predicted(
        rate=rate,
        bounds=most,
        response_s=response,
        by_class_s=by_class,
        busy_cores=busy,
        machine=sum(busy.values()) + beside if shared else None,
    )


def limits(model: DemandModel, load: Load) -> Bounds:
    """The asymptotic bounds of `load`. Raises as `stations`."""
    places = stations(model, load)
    delay = sum(share * model.by_name(name).delay_s.mid for name, share in load.mix.items())
    return asymptotic(
        load.users,
        load.think_s * model.think_factor,
        [place.queued[ALL] for place in places],
        delay + sum(place.delayed[ALL] for place in places),
    )


def waiting_per_cpu_s(model: DemandModel, load: Load) -> float:
    """Seconds a request waits for shared cores per CPU second it needs, before any fitting."""
    places = stations(model, load)
    solved = mva.exact(load.users, load.think_s * model.think_factor, places)
    return _stretch(model.model_copy(update={"wait_factor": 1.0}), places, solved)[SHARED]


def _stretch(
    model: DemandModel, places: list[mva.Station], solved: mva.Solution
) -> dict[str, float]:
    """Station -> seconds waited per CPU second of service there."""
    return {
        place.name: model.wait_factor * solved.waits_s[place.name][ALL] / place.demands[ALL]
        if place.demands[ALL] > 0
        else 0.0
        for place in places
    }


def _response(one: ClassDemand, stretch: Mapping[str, float]) -> float:
    """Service, the waiting that goes with it, and what is nobody's CPU."""
    if SHARED in stretch:
        return one.total_cpu_s * (1 + stretch[SHARED]) + one.delay_s.mid
    of_tier = {Tier.PODS: stretch["pod-1"]} | {
        tier: stretch.get(tier.value, 0.0) for tier in Tier if tier is not Tier.PODS
    }
    return one.delay_s.mid + sum(span.mid * (1 + of_tier[tier]) for tier, span in one.cpu_s.items())
