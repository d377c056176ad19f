"""Growth of demands with the data: known exponents recovered, used by a plan, or refused."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from capacity.cost.catalogue import read_catalogues
from capacity.demands import DemandModel, Tier
from capacity.errors import UsageError
from capacity.evidence import Span
from capacity.model import calibration
from capacity.model.classes import CollinearError
from capacity.model.growth import by_size, exponent, grown
from capacity.model.material import Material
from capacity.plan.assumed import assumed
from capacity.plan.demand_inputs import demands
from capacity.plan.planning import Request, make_plan
from tests.capacity import synthetic
from tests.capacity.synthetic import APPLY, CPU_S, GROWTH, SEARCH, Kind, material
from tests.capacity.test_calibration import AT, LIMITS

SIZES = (2_000, 50_000, 1_000_000)
MIXES = (
    ("mixed", 60),
    ("mixed", 120),
    ("mixed", 180),
    ("mixed-search", 120),
    ("mixed-detail", 200),
    ("mixed-apply", 120),
    ("mixed-login", 60),
)


def around(mid: float, share: float = 0.02) -> Span:
    return Span(low=mid * (1 - share), mid=mid, high=mid * (1 + share))


def made(folder: Path, seeded: int, mixes: tuple[tuple[str, int], ...] = MIXES) -> list[Material]:
    return [
        material(synthetic.write(folder, Kind(mix, users, seconds=45, seeded=seeded)))
        for mix, users in mixes
    ]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[int, list[Material]]:
    return {seeded: made(tmp_path_factory.mktemp("sized"), seeded) for seeded in SIZES}


@pytest.fixture(scope="module")
def model(runs: dict[int, list[Material]], tmp_path_factory: pytest.TempPathFactory) -> DemandModel:
    folder = tmp_path_factory.mktemp("held-out")
    kept = [
        material(synthetic.write(folder, Kind("mixed", 150, seconds=45, seeded=seeded), seed=9))
        for seeded in (SIZES[0], SIZES[-1])
    ]
    # in no order: sizes are told from the records
    mixed = [run for seeded in reversed(SIZES) for run in runs[seeded]]
    return calibration.calibrate(mixed, kept, made_at=AT, requests=2_000)


def test_an_exact_power_law_is_found_whatever_the_doubts() -> None:
    spans = [around(0.001 * users**0.3) for users in SIZES]
    found = exponent(SIZES, spans)
    assert found is not None
    assert found.mid == pytest.approx(0.3)
    assert found.low < 0.3 < found.high
    surer = exponent(SIZES, [around(span.mid, 0.01) for span in spans])
    assert surer is not None
    assert surer.high - surer.low < found.high - found.low


def test_two_sizes_are_a_slope_with_the_doubt_of_both() -> None:
    found = exponent((1_000, 100_000), [around(1.0, 0.1), around(2.0, 0.1)])
    assert found is not None
    assert found.mid == pytest.approx(np.log(2) / np.log(100))
    assert found.high - found.mid == pytest.approx(2**0.5 * 0.1 / np.log(100), rel=1e-3)


def test_what_lies_off_the_line_is_less_sure() -> None:
    on = exponent(SIZES, [around(users**0.2) for users in SIZES])
    off = exponent(
        SIZES, [around(users**0.2 * more) for users, more in zip(SIZES, (1, 1.5, 1), strict=True)]
    )
    assert on is not None
    assert off is not None
    assert off.high - off.low > 5 * (on.high - on.low)


def test_a_demand_that_may_be_none_has_no_growth() -> None:
    assert exponent(SIZES, [Span(low=0, mid=1, high=2), around(2), around(3)]) is None
    with pytest.raises(ValueError, match="two sizes"):
        exponent((1_000, 1_000), [around(1), around(2)])


def test_known_growth_is_recovered_by_tier_and_class(model: DemandModel) -> None:
    assert [size.users for size in model.sizes] == list(SIZES)
    assert model.growth[Tier.PRIMARY].mid == pytest.approx(GROWTH["primary"], abs=0.02)
    assert model.growth[Tier.REPLICAS].mid == pytest.approx(GROWTH["replica-1"], abs=0.02)
    assert model.growth[Tier.PODS].mid == pytest.approx(0, abs=0.01)
    search, apply = model.by_name(SEARCH).growth, model.by_name(APPLY).growth
    assert search[Tier.REPLICAS].mid == pytest.approx(GROWTH["replica-1"], abs=0.03)
    assert apply[Tier.PRIMARY].mid == pytest.approx(GROWTH["primary"], abs=0.03)
    for span, true in (
        (model.growth[Tier.REPLICAS], GROWTH["replica-1"]),
        (search[Tier.REPLICAS], GROWTH["replica-1"]),
    ):
        assert span.low - 0.005 < true < span.high + 0.005


def test_demands_are_those_of_the_largest_size(model: DemandModel) -> None:
    assert model.seeded_users == SIZES[-1]
    truth = CPU_S[SEARCH]["replica-1"] * (SIZES[-1] / SIZES[0]) ** GROWTH["replica-1"]
    assert model.by_name(SEARCH).cpu_s[Tier.REPLICAS].mid == pytest.approx(truth, rel=0.06)
    smaller = grown(model, SIZES[0]).by_name(SEARCH).cpu_s
    assert smaller[Tier.REPLICAS].mid == pytest.approx(CPU_S[SEARCH]["replica-1"], rel=0.12)


def test_a_run_held_out_on_smaller_data_is_predicted_too(model: DemandModel) -> None:
    assert len({row.run for row in model.held_out}) == 2
    assert all(abs(row.error) < LIMITS[row.what] for row in model.held_out)


def test_a_plan_takes_demands_at_its_own_number_of_rows(model: DemandModel) -> None:
    known = assumed(model)
    assert known.inputs.known["growth.replicas"].mid == model.growth[Tier.REPLICAS].mid
    assert "growth.pods" not in known.inputs.known  # may as well not grow
    mids = known.inputs.mids()
    few, many = (demands(model, np.array([users]), mids).cpu_s for users in (5e4, 1e6))
    ratio = float(many[Tier.REPLICAS][0] / few[Tier.REPLICAS][0])
    assert ratio == pytest.approx(20 ** GROWTH["replica-1"], rel=0.06)
    assert many[Tier.PODS][0] == few[Tier.PODS][0]


@pytest.mark.parametrize(
    ("users", "sized", "says"),
    [
        (1e6, True, None),
        (5e6, True, "growth fitted over 3 sizes of data, the largest of 1,000,000 users"),
        (5e6, False, "seed more (hmb seed --scale large), calibrate again"),
    ],
)
def test_a_plan_says_what_its_demands_rest_on(
    model: DemandModel, users: float, sized: bool, says: str | None
) -> None:
    if not sized:
        model = model.model_copy(update={"sizes": (), "growth": {}})
    request = Request(users, date(2026, 12, 1), draws=60)
    plan = make_plan(assumed(model), request, read_catalogues())
    assert plan.basis.sizes == (SIZES if sized else ())
    about = [one for one in plan.warnings if "extrapolated" in one]
    assert len(about) == (says is not None)
    assert says is None or says in about[0]


def test_one_size_shows_no_growth(runs: dict[int, list[Material]]) -> None:
    found = calibration.calibrate(runs[SIZES[0]], [], made_at=AT)
    assert (found.growth, found.sizes, found.seeded_users) == ({}, (), SIZES[0])
    assert grown(found, 10_000) == found


def test_people_who_signed_up_meanwhile_make_no_other_size(
    runs: dict[int, list[Material]], tmp_path: Path
) -> None:
    more = material(synthetic.write(tmp_path, Kind("mixed", 60, seconds=9, seeded=2_100)))
    (only,) = by_size([*runs[SIZES[0]], more])
    assert only.users == 2_100


def test_sizes_without_all_mixes_are_refused(
    runs: dict[int, list[Material]], tmp_path: Path
) -> None:
    levels = made(tmp_path, SIZES[1], MIXES[:3])
    with pytest.raises(CollinearError, match="with 50,000 users in the database"):
        calibration.calibrate([*levels, *runs[SIZES[-1]]], [], made_at=AT)
    with pytest.raises(UsageError, match="too few levels"):
        calibration.calibrate([levels[0], *runs[SIZES[-1]]], [], made_at=AT)
