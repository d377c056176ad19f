"""Demands at another hit rate of the cache."""

import pytest

from capacity.demands import ClassDemand, DemandModel, Layer, Tier, Topology
from capacity.errors import UsageError
from capacity.evidence import Span
from capacity.model.cache import cached, hit_rate, with_hit_rate
from tests.capacity.synthetic import MACHINE
from tests.capacity.test_calibration import AT


def _each(**seconds: float) -> dict[Tier, Span]:
    return {tier: Span.exact(seconds.get(tier.value, 0.0)) for tier in Tier}


def _class(name: str, pods: float) -> ClassDemand:
    return ClassDemand(
        name=name,
        endpoints=(name,),
        cpu_s=_each(pods=pods, primary=pods / 10),
        queries=Span.exact(0.5),
        redis_commands=Span.exact(1.0),
        bytes_out=Span.exact(100.0),
    )


MODEL = DemandModel(
    made_at=AT,
    machine=MACHINE,
    topology=Topology(
        pods=3, workers=4, slots=64, replicas=2, pool=60, pgbouncer_servers=60, cores=4
    ),
    runs=(),
    condition=5.0,
    classes=(_class("read", 0.002), _class("write", 0.01)),
    mix={"read": 0.8, "write": 0.2},
    idle_cpu={},
    cache_hit={"read": 0.75, "write": 0.0},
    layers={
        Layer.L1: _each(pods=0.001),
        Layer.L2: _each(pods=0.0015),
        Layer.DB: _each(pods=0.005, primary=0.001),
    },
    held_out=(),
)


def test_another_hit_rate_moves_the_cached_classes_only() -> None:
    assert hit_rate(MODEL) == pytest.approx(0.75)
    none = with_hit_rate(MODEL, 0.0)
    assert none.by_name("write") == MODEL.by_name("write")
    read = none.by_name("read")
    # three quarters of requests now cost what a miss costs more, 4 ms in pods; four times as
    # many reach the database
    assert read.cpu_s[Tier.PODS].mid == pytest.approx(0.002 + 0.75 * 0.004)
    assert read.cpu_s[Tier.PRIMARY].mid == pytest.approx(0.0002 / 0.25)
    assert read.queries.mid == pytest.approx(2.0)
    assert none.cache_hit == {"read": 0.0, "write": 0.0}
    assert with_hit_rate(MODEL, 1.0).by_name("read").queries.mid == 0
    same = with_hit_rate(MODEL, 0.75).by_name("read").cpu_s[Tier.PODS]
    assert same.mid == pytest.approx(0.002)


def test_hit_rates_that_cannot_be_are_refused() -> None:
    with pytest.raises(UsageError, match="between 0 and 1"):
        with_hit_rate(MODEL, 80)
    all_hits = MODEL.model_copy(update={"cache_hit": {"read": 1.0}})
    with pytest.raises(UsageError, match="every cached request was a hit"):
        with_hit_rate(all_hits, 0.5)


def test_what_is_not_known_stays_as_it_is() -> None:
    untold = MODEL.model_copy(update={"layers": {}})
    moved = with_hit_rate(untold, 0.0).by_name("read").cpu_s
    assert moved[Tier.PODS] == MODEL.by_name("read").cpu_s[Tier.PODS]
    assert moved[Tier.PRIMARY].mid == pytest.approx(0.0002 / 0.25)
    assert hit_rate(MODEL.model_copy(update={"cache_hit": {}})) == 0


def test_cached_classes_come_in_the_models_order() -> None:
    """Else sums over them differ in their last digits from one process to the next."""
    names = [f"read-{number}" for number in range(20)]
    kept = dict.fromkeys(names, 0.5) | {"write": 0.0}
    assert list(cached(MODEL.model_copy(update={"cache_hit": kept}))) == names
