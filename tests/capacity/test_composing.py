"""Classes of several endpoints, in loads that ask for these in other proportions."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from capacity.demands import ClassDemand, DemandModel, Held, Layer, Member, Tier
from capacity.evidence import Span
from capacity.histogram import Histogram
from capacity.model import board, calibration, measured
from capacity.model.board import shape
from capacity.model.classes import RequestClass, condition, design
from capacity.model.composing import composed, only
from capacity.model.material import Material
from capacity.model.predict import Load, idle_cores
from capacity.model.validate import AIMED, validate
from capacity.model.windows import Windows
from tests.capacity import synthetic
from tests.capacity.synthetic import (
    APPLY,
    CPU_S,
    DELAY_S,
    DETAIL,
    FITTED,
    LOGIN,
    SEARCH,
    Kind,
    material,
)

OTHERWISE = Kind("mixed-apply", 120)
"""Of the two in the class of `_joined` far more that is slow than in the runs of the fit."""


def _joined(windows: Windows) -> tuple[list[RequestClass], float]:
    """Reading a job and applying as one class, which the fit of CPU cannot tell apart."""
    groups = ((DETAIL, APPLY), (SEARCH,), (LOGIN,))
    found = []
    for names in groups:
        columns = tuple(windows.endpoints.index(one) for one in names)
        found.append(RequestClass(names[0], columns, names))
    return found, condition(design(windows, [one.columns for one in found]))


def _calibrated(folder: Path) -> tuple[DemandModel, Material]:
    runs = [material(synthetic.write(folder, kind)) for kind in FITTED if kind != OTHERWISE]
    held_out = material(synthetic.write(folder, OTHERWISE, seed=9))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("capacity.model.fit.classes", _joined)
        at = datetime(2026, 11, 2, tzinfo=UTC)
        return calibration.calibrate(runs, [held_out], made_at=at, requests=4_000), held_out


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> tuple[DemandModel, Material]:
    return _calibrated(tmp_path_factory.mktemp("joined"))


def _error(rows: tuple[Held, ...], what: str) -> float:
    return next(abs(one.error) for one in rows if one.what == what)


def test_another_proportion_within_a_class_is_predicted(
    seen: tuple[DemandModel, Material],
) -> None:
    model, held_out = seen
    assert _error(model.held_out, "mean") < AIMED["mean"]
    assert _error(model.held_out, "p95") < AIMED["p95"]
    alike = model.model_copy(
        update={"classes": tuple(one.model_copy(update={"members": {}}) for one in model.classes)}
    )
    told = validate(alike, [held_out], requests=4_000)
    assert _error(told, "mean") > 2 * _error(model.held_out, "mean")


def test_endpoints_of_one_class_have_delays_of_their_own(
    seen: tuple[DemandModel, Material],
) -> None:
    (both,) = (one for one in seen[0].classes if len(one.endpoints) > 1)
    for name in (DETAIL, APPLY):
        member = both.members[name]
        assert member.own_s == pytest.approx(synthetic.OWN_TASKS * CPU_S[name]["pods"], rel=0.02)
        # what a class's CPU gets wrong of one endpoint lies in its delay
        true = sum(CPU_S[name].values()) + DELAY_S[name]
        assert member.alone_s == pytest.approx(true, rel=0.08)
    # in the runs of `mixed` one in four of the two applies
    assert both.members[APPLY].share == pytest.approx(0.15 / 0.6, abs=0.02)


def test_an_endpoint_that_needs_less_than_its_class_makes_the_class_no_slower(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (DETAIL, APPLY):
        monkeypatch.setitem(synthetic.DELAY_S, name, 0.0)
    model, _ = _calibrated(tmp_path)
    (both,) = (one for one in model.classes if len(one.endpoints) > 1)
    assert both.members[DETAIL].delay_s < 0
    true = {name: sum(CPU_S[name].values()) for name in (DETAIL, APPLY)}
    for name, seconds in true.items():
        assert both.members[name].alone_s == pytest.approx(seconds, rel=0.08)
    mean = sum(member.share * true[name] for name, member in both.members.items())
    assert both.total_cpu_s + both.delay_s.mid == pytest.approx(mean, rel=0.05)


def test_a_request_alone_takes_what_its_shape_says(seen: tuple[DemandModel, Material]) -> None:
    model, held_out = seen
    (both,) = (one for one in model.classes if len(one.endpoints) > 1)
    load = replace(measured.load(held_out, {both.name: 1}), users=1)
    assert 0 < model.cache_hit[both.name] < 1
    told = board.tail(model, load, requests=20_000)
    values = (both.total_cpu_s + both.delay_s.mid) * shape(both)
    assert told.mean_s == pytest.approx(values.mean(), rel=0.03)
    for found, share in ((told.p50_s, 50), (told.p95_s, 95), (told.p99_s, 99)):
        assert found == pytest.approx(np.percentile(values, share), rel=0.05)


def test_what_misses_asks_the_databases_as_often_and_as_long_as_it_costs(
    seen: tuple[DemandModel, Material],
) -> None:
    model, held_out = seen
    (both,) = (one for one in model.classes if len(one.endpoints) > 1)
    apart = measured.load(held_out, {both.name: 1}).topology.model_copy(update={"cores": None})
    rate = 5.0
    load = Load(1, 0.0, {both.name: 1.0}, apart, tier_cores=dict.fromkeys(Tier, 10.0))
    told = board.tail(model, load, rate=rate, requests=20_000)
    for tier in (Tier.PRIMARY, Tier.REPLICAS, Tier.PGBOUNCER, Tier.NGINX, Tier.REDIS):
        expected = rate * both.cpu_s[tier].mid
        free = 10.0 - idle_cores(model, apart)[tier]
        assert told.busy[tier.value] * free == pytest.approx(expected, rel=0.06), tier


def test_the_shape_is_that_of_all_runs_that_left_most_of_the_machine_idle(
    tmp_path: Path,
) -> None:
    light = [material(synthetic.write(tmp_path, Kind("mixed", users))) for users in (40, 80)]
    heavy = material(synthetic.write(tmp_path, Kind("mixed", 700)))
    counts = [measured.shown(run, {DETAIL: "one"}).by_endpoint[DETAIL][0] for run in light]
    found = Histogram.decode(calibration._light(DETAIL, [heavy, *light]))
    assert found.count == sum(counts)
    alone = Histogram.decode(calibration._light(DETAIL, [heavy]))
    assert alone.count == measured.shown(heavy, {DETAIL: "one"}).by_endpoint[DETAIL][0]


def _class(**members: Member) -> ClassDemand:
    nothing = Span.exact(0.0)
    return ClassDemand(
        name="two",
        endpoints=tuple(members),
        cpu_s=dict.fromkeys(Tier, nothing) | {Tier.PODS: Span(low=3e-3, mid=4e-3, high=5e-3)},
        queries=nothing,
        redis_commands=nothing,
        bytes_out=nothing,
        delay_s=Span.exact(2e-3),
        members=members,
    )


def test_a_class_takes_the_proportion_it_is_asked_in() -> None:
    quick = Member(share=0.75, own_s=1e-3, delay_s=1e-3, alone_s=4e-3)
    slow = Member(share=0.25, own_s=5e-3, delay_s=5e-3, alone_s=12e-3)
    one = _class(quick=quick, slow=slow)
    assert composed(one, {"quick": 30, "slow": 10, "elsewhere": 5}) == one
    even = composed(one, {"quick": 7, "slow": 7})
    assert even.cpu_s[Tier.PODS].mid == pytest.approx(4e-3 + 0.25 * 4e-3)
    assert even.delay_s.mid == pytest.approx(3e-3)
    assert only(one, "slow").delay_s.mid == pytest.approx(5e-3)
    assert composed(one, {"elsewhere": 3}) == one
    back = composed(even, {"quick": 3, "slow": 1})
    assert back.cpu_s[Tier.PODS].mid == pytest.approx(one.cpu_s[Tier.PODS].mid)


def test_the_shape_of_a_class_is_that_of_its_endpoints() -> None:
    steady = Histogram()
    steady.record_all([1_000] * 50)
    blob = steady.encode()
    one = _class(
        quick=Member(share=0.9, alone_s=1e-3, light=blob),
        slow=Member(share=0.1, alone_s=11e-3, light=blob),
    )
    values = np.sort(shape(one))
    assert values.mean() == pytest.approx(1.0)
    assert values[899] == pytest.approx(0.5, rel=0.01)  # 1 ms of a mean of 2 ms
    assert values[901] == pytest.approx(5.5, rel=0.01)


def test_a_class_misses_as_its_endpoints_do() -> None:
    kept = Member(share=0.5, answered={Layer.L1: 0.8})
    never = Member(share=0.5, answered={Layer.L1: 0.0})
    one = _class(kept=kept, never=never)
    cpu = one.cpu_s | {Tier.PRIMARY: Span.exact(6e-3)}
    one = one.model_copy(update={"answered": {Layer.L1: 0.4}, "cpu_s": cpu})
    # of ten requests six miss, a miss costs the primary 10 ms
    assert only(one, "never").cpu_s[Tier.PRIMARY].mid == pytest.approx(10e-3)
    assert only(one, "kept").cpu_s[Tier.PRIMARY].mid == pytest.approx(2e-3)
    assert only(one, "kept").answered == pytest.approx({Layer.L1: 0.8})
