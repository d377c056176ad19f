"""A demand model made up for tests: no figure in it was ever measured."""

from pathlib import Path

from capacity.demands import DemandModel, Family, Layer, Tier
from capacity.evidence import Span
from capacity.store import read_model

FOLDER = Path(__file__).with_name("made-up")
TESTED = 400.0
"""Requests a second at which the made-up model's reads hit as often as it says."""


def model() -> DemandModel:
    return read_model(FOLDER)


def following() -> DemandModel:
    """The made-up model, whose cached reads hit as the rate makes them: 80 % when tested."""
    found = model()
    reads = found.by_name("cached read")
    told = Family(
        name="lists",
        endpoints=reads.endpoints,
        life_s=60.0,
        public=True,
        keys=Span(low=25_000, mid=33_000, high=40_000),
        asked=Span(low=5_000, mid=12_000, high=TESTED * 0.7 * 60),
        shares={Layer.NGINX: 0.5, Layer.L1: 0.2, Layer.L2: 0.1, Layer.DB: 0.2},
    )
    others = tuple(one for one in found.classes if one is not reads)
    kept = reads.model_copy(update={"kept": {"lists": 1.0}})
    layers = {
        Layer.NGINX: {Tier.PODS: Span.exact(0.0), Tier.NGINX: Span.exact(0.0001)},
        Layer.L2: {Tier.PODS: Span.exact(0.0012), Tier.REDIS: Span.exact(0.0001)},
    }
    return found.model_copy(
        update={
            "classes": (kept, *others),
            "families": (told,),
            "layers": found.layers | layers,
        }
    )
