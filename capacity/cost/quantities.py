"""The quantities a charge can be billed by: a month's `Bought`, and what follows from it."""

import numpy as np

from capacity.bought import HOURS_PER_MONTH, Bought
from capacity.inputs import Array, Values

SCALED_FILL = 0.7
"""How full an autoscaled database keeps its cores."""
SCALED_LEAST = 0.25
"""Cores of the smallest serverless database that does not sleep."""

_DERIVED = (
    "database_scaled_core_hours",
    "pod_vcpu_hours",
    "pod_gb_hours",
    "one",
)
NAMES = (*Bought.model_fields, *_DERIVED)


def quantities(bought: Bought) -> dict[str, Array]:
    """One month's quantities as one draw."""
    return derived({name: np.array([float(value)]) for name, value in bought})


def derived(given: Values) -> dict[str, Array]:
    """`given` (the fields of `Bought`, in every draw) and what follows from them.

    `database_scaled_core_hours`: hours x cores of primary and replicas that follow the load,
    never below the smallest. `one`: 1, for what is billed once whatever the load.
    """
    replicas = given["replicas"]
    each = given["replica_mean_cores"] / np.maximum(replicas, 1)
    cores = np.maximum(SCALED_LEAST, given["database_mean_cores"] / SCALED_FILL)
    cores = cores + replicas * np.maximum(SCALED_LEAST, each / SCALED_FILL)
    return {
        **given,
        "database_scaled_core_hours": HOURS_PER_MONTH * cores,
        "pod_vcpu_hours": given["pod_hours"] * given["pod_vcpu"],
        "pod_gb_hours": given["pod_hours"] * given["pod_gb"],
        "one": np.ones_like(replicas),
    }
