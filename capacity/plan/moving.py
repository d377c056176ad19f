"""Which assumption moves pods, cost and margin most."""

from collections.abc import Sequence

import numpy as np

from capacity.cost.catalogue import Catalogue
from capacity.cost.choosing import Choice
from capacity.demands import Tier
from capacity.inputs import Array, Values
from capacity.plan.assumed import Assumed
from capacity.plan.costing import infrastructure, margin_of
from capacity.plan.shapes import Bar, Effect, Sensitivity
from capacity.plan.worlds import world
from capacity.sensitivity.sobol import sobol
from capacity.sensitivity.tornado import Swing, tornado

_UNITS = {"pods": "pods", "cost": "USD a month", "contribution": "USD a month", "margin": "share"}
_SCREENED = 12
"""Inputs that get Sobol indices: those with the widest swings of any outcome."""
_EVALUATIONS = 512


def sensitivity(
    given: Assumed,
    users: float,
    catalogues: Sequence[Catalogue],
    choice: Choice,
    indices: bool,
    seed: int,
) -> tuple[Sensitivity, ...]:
    """The tornado of each outcome, and with `indices` the Sobol indices of its widest inputs.

    Pods are cores of load over a pod's fill, not rounded: what moves them moves them smoothly.
    """

    def outcomes(values: Values) -> dict[str, Array]:
        seen = world(given.model, users, values, given.rules)
        busy = seen.needs.traffic.burst_rate * seen.needs.demands.cpu_s[Tier.PODS]
        kept = margin_of(catalogues, seen, values, choice)
        return {
            "pods": busy / given.rules.pod.vcpu / given.rules.autoscale.up_cpu,
            "cost": infrastructure(catalogues, seen.amounts, choice.providers),
            "contribution": kept.contributed,
            "margin": kept.share,
        }

    middle = {name: float(value[0]) for name, value in outcomes(given.inputs.mids()).items()}
    bars = tornado(given.inputs, outcomes)
    effects = (
        sobol(given.inputs, _widest(bars, middle), outcomes, _EVALUATIONS, seed) if indices else {}
    )
    return tuple(
        Sensitivity(
            outcome=name,
            unit=_UNITS[name],
            middle=middle[name],
            bars=tuple(
                Bar(name=one.name, at_low=one.at_low, at_high=one.at_high) for one in bars[name]
            ),
            effects=tuple(
                Effect(name=one.name, first=one.first, total=one.total)
                for one in effects.get(name, ())
            ),
        )
        for name in bars
    )


def _widest(bars: dict[str, tuple[Swing, ...]], middle: dict[str, float]) -> list[str]:
    """The inputs with the widest swings, measured in the outcome's middle."""
    widths: dict[str, float] = {}
    for outcome, swings in bars.items():
        for one in swings:
            width = one.width / max(abs(middle[outcome]), 1e-9)
            widths[one.name] = max(widths.get(one.name, 0.0), width if np.isfinite(width) else 0.0)
    return sorted(widths, key=lambda name: -widths[name])[:_SCREENED]
