"""People to requests: the blueprint's own load, intervals, draws, a day, growth."""

from pathlib import Path

import numpy as np
import pytest

from capacity.errors import UsageError
from capacity.inputs import Input, InputError, Inputs, read_inputs, spread
from capacity.population import population_inputs
from capacity.population.day import MINUTES, curve, shape
from capacity.population.growth import paths
from capacity.population.traffic import checked_users, tier_load, tier_users, traffic


def test_a_million_users_send_the_blueprints_load() -> None:
    people = traffic(1_000_000, population_inputs().mids())
    assert people.daily_active[0] == 150_000
    assert people.mean_rate[0] == pytest.approx(90.28, abs=0.01)
    assert people.peak_rate[0] == pytest.approx(270.8, abs=0.1)
    # Little: 195,000 sessions a day, three times as many a second at the peak, of 8 minutes
    assert people.present[0] == pytest.approx(195_000 / 86_400 * 3 * 480)


def test_draws_are_seeded_and_stay_within_their_intervals() -> None:
    inputs = population_inputs()
    drawn, again, other = inputs.draws(10_000, 7), inputs.draws(10_000, 7), inputs.draws(10_000, 8)
    for name, one in inputs.known.items():
        assert (drawn[name] == again[name]).all()
        assert drawn[name].min() >= one.low
        assert drawn[name].max() <= one.high
    assert not np.array_equal(drawn["peak.over_mean"], other["peak.over_mean"])


def test_draws_have_the_mean_of_a_triangular_distribution() -> None:
    drawn = Inputs({"x": _input(low=1, mid=2, high=6)}).draws(100_000, 1)["x"]
    assert drawn.mean() == pytest.approx((1 + 2 + 6) / 3, rel=0.01)
    assert np.quantile(drawn, 0.2) == pytest.approx(2, abs=0.03)  # (mid - low) / (high - low)
    assert spread(drawn).low < 2 < spread(drawn).high


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ("x", "write name=value"),
        ("y=1", 'no input "y": known: x'),
        ("x=many", "'many' is no number"),
        ("x=1:2", "is no number and no low:mid:high"),
        ("x=3:2:1", "low <= mid <= high"),
        ("x=nan", "is no number"),
        ("x=-1", "below 0"),
    ],
)
def test_a_setting_that_cannot_be_is_refused(setting: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        Inputs({"x": _input()}).settled([setting])


def test_a_setting_takes_the_place_of_an_assumption() -> None:
    changed = Inputs({"x": _input()}).settled(["x=1:2:3", "x=5"]).known["x"]
    assert (changed.low, changed.mid, changed.high) == (5, 5, 5)
    assert changed.reason == "set on the command line"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[a.b]\nlow=1\nmid=2\nhigh=3\nunit='x'", '"reason" is missing'),
        ("[a.b]\nlow=3\nmid=2\nhigh=1\nunit='x'\nreason='r'", "low <= mid <= high"),
        ("[a.b]\nlow=1\nmid=2\nhigh=3\nunit='x'\nreason='r'\nwhy='?'", 'unknown key "why"'),
        ("[a.b]\nlow=0\nmid=1\nhigh=2\nunit='share'\nreason='r'", "above 1"),
        ("a = 1", "must be tables"),
        ("[a.b", "not TOML"),
    ],
)
def test_a_file_of_inputs_that_cannot_be_used_is_refused(
    tmp_path: Path, text: str, says: str
) -> None:
    file = tmp_path / "inputs.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=says):
        read_inputs(file)


@pytest.mark.parametrize("users", [0, -5, 999, 1e9, float("nan")])
def test_a_population_nobody_plans_for_is_refused(users: float) -> None:
    with pytest.raises(UsageError, match="a plan is made for 1,000 to 100,000,000"):
        checked_users(users)


def test_tiers_share_out_all_users_and_all_load() -> None:
    mids = population_inputs().mids()
    users = np.array([1_000_000.0])
    counts = tier_users(users, mids)
    assert {tier: round(float(count[0])) for tier, count in counts.items()} == {
        "free": 979_480,
        "pro": 20_000,
        "business": 500,
        "enterprise": 20,
    }
    load = tier_load(users, mids)
    assert sum(float(share[0]) for share in load.values()) == pytest.approx(1)
    # a Pro user sends 2.5 times what a Free one does
    each = {tier: float(load[tier][0] / counts[tier][0]) for tier in counts}
    assert each["pro"] / each["free"] == pytest.approx(2.5)


@pytest.mark.parametrize("over_mean", [1.0, 1.65, 3.0, 4.0])
def test_a_days_curve_keeps_its_mean_and_reaches_the_peak(over_mean: float) -> None:
    exponent, mean = curve(np.array([over_mean]))
    load = shape() ** exponent[0] / mean[0]
    assert load.size == MINUTES
    assert load.mean() == pytest.approx(1, rel=0.01)
    assert load.max() == pytest.approx(over_mean, rel=0.01)
    assert load.min() > 0


def test_growth_paths_pass_the_blueprints_points() -> None:
    known = paths()
    assert known["stages"].at(1) == pytest.approx(10_000)
    assert known["stages"].at(6) == pytest.approx(100_000)
    assert known["quarters"].at(6) == pytest.approx(500_000)
    assert known["quarters"].at(4.5) == pytest.approx(375_000)
    # 316,228 is halfway from 100,000 to a million in logarithms
    reached = known["stages"].month_of(np.array([316_227.8, 2e6]), np.array([0.05, 0.05]))
    assert reached[0] == pytest.approx(9, rel=1e-4)
    assert reached[1] == pytest.approx(12 + np.log(2) / np.log(1.05))


def test_growth_points_must_rise(tmp_path: Path) -> None:
    file = tmp_path / "growth.toml"
    file.write_text("[p]\ntext='t'\nbetween='linear'\npoints=[[1,5],[2,4]]", encoding="utf-8")
    with pytest.raises(InputError, match="points must rise"):
        paths(file)


def _input(low: float = 1, mid: float = 1, high: float = 1) -> Input:
    return Input(low=low, mid=mid, high=high, unit="x", reason="made up")
