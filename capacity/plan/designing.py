"""From needs in every draw to one design, and the month it buys."""

from dataclasses import dataclass, replace

import numpy as np

from capacity.inputs import Array, Values
from capacity.plan.assumed import Assumed
from capacity.plan.limits import Design
from capacity.plan.regret import Option, candidates, least_regret
from capacity.plan.sizing import Needs
from capacity.plan.worlds import World, world

_CORES = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
"""Sizes database servers come in, cores."""
_POD_USD, _CORE_USD = 25.0, 25.0
"""What a missing or spare pod or database core is weighed by: one core of the blueprint's
Render Standard. Only regrets are shown in it; the choice itself does not depend on it."""
_HELD = (
    "database_connections",
    "redis_gb",
    "redis_commands_per_s_peak",
)
"""Quantities a provider must be able to hold, whatever is used on average."""


@dataclass(frozen=True, slots=True)
class Designed:
    """A design, the sizes weighed for it, every draw's world, and the middle one's.

    The middle world buys the design: machines and what must be held for as many draws as the
    design is for, use as in the middle.
    """

    design: Design
    sizes: dict[str, tuple[Option, ...]]
    all_worlds: World
    middle: World


def designed(given: Assumed, users: float, values: Values) -> Designed:
    """The design for `users` over the draws `values`.

    Raises `UsageError` when no number of pods holds the targets in any of them.
    """
    rules = given.rules
    all_worlds = world(given.model, users, values, rules)
    sizes = _sizes(all_worlds.needs, given)
    share = rules.regret.short / (rules.regret.short + 1)
    design = _design(sizes, all_worlds.needs, share)
    middle = world(given.model, users, given.inputs.mids(), rules, design.pods)
    return Designed(design, sizes, all_worlds, _bought(middle, all_worlds, design, share))


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


def _design(sizes: dict[str, tuple[Option, ...]], sized: Needs, share: float) -> Design:
    """The sizes regretted least; the small stations for as large a share of the draws."""
    chosen = {name: next(one.size for one in sizes[name] if one.chosen) for name in sizes}

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


def _bought(middle: World, all_worlds: World, design: Design, share: float) -> World:
    """The middle draw, buying the machines of the design and what `share` of the draws hold."""
    amounts = dict(middle.amounts)
    for name in _HELD:
        enough = np.quantile(all_worlds.amounts[name], share)
        amounts[name] = np.maximum(amounts[name], enough)
    amounts["replicas"] = np.array([float(design.replicas)])
    amounts["redis_shards"] = np.array([float(design.redis_shards)])
    amounts["database_cores"] = np.array([design.primary_cores])
    amounts["replica_cores"] = np.array([design.replica_cores * design.replicas])
    return replace(middle, amounts=amounts)
