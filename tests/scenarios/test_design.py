"""What a calibration runs: independent mixes, levels, and runs that stay out of the fit."""

import pytest

from scenarios import catalogue
from scenarios.design import BASE, for_growth, plan
from scenarios.errors import ScenarioError


@pytest.mark.parametrize("quick", [True, False])
def test_levels_mixes_and_what_is_held_out(quick: bool) -> None:
    runs = plan(quick=quick)
    fitted = [one for one in runs if not one.held_out]
    levels = {one.users for one in fitted if one.scenario.name == BASE}
    assert len(levels) >= 3
    assert len({one.scenario.name for one in fitted}) >= 6
    assert len({one.pods for one in runs}) == 2
    apart = [one for one in runs if one.held_out]
    assert {one.scenario.name for one in apart} == {BASE, "mixed-held-out"}
    assert all(
        one.users not in levels
        for one in apart
        if one.pods == fitted[0].pods and one.scenario.name == BASE
    )
    assert [one.about_pods for one in apart] == [False, False, True]


def test_smaller_data_gets_all_mixes_and_one_level_held_out() -> None:
    runs = plan(quick=False)
    again = for_growth(runs)
    assert [one for one in again if not one.held_out] == [one for one in runs if not one.held_out]
    (apart,) = [one for one in again if one.held_out]
    assert (apart.scenario.name, apart.about_pods) == (BASE, False)
    assert len({one.pods for one in again}) == 1


def test_runs_on_one_number_of_pods_come_together() -> None:
    pods = [one.pods for one in plan(quick=True)]
    assert pods == sorted(pods, reverse=True)


def test_quick_is_quick() -> None:
    runs = plan(quick=True)
    loading = sum(one.scenario.warmup_s + one.scenario.duration_s for one in runs)
    assert loading < 6 * 60
    assert loading < sum(
        one.scenario.warmup_s + one.scenario.duration_s for one in plan(quick=False)
    )


def test_users_scale_every_level() -> None:
    for one, twice in zip(plan(quick=True, users=200), plan(quick=True, users=400), strict=True):
        assert twice.users == 2 * one.users


def test_people_stay_within_the_rate_limit() -> None:
    # 100 requests a minute and person: the think time leaves room
    assert all(60 / one.scenario.think.mean_s < 50 for one in plan(quick=False))


def test_a_mix_keeps_what_it_does_not_say() -> None:
    base = catalogue.load(BASE)
    (search,) = [one.scenario for one in plan(quick=True) if one.scenario.name == "mixed-search"]
    assert search.population["visitor"] == 1.0
    assert search.journeys["visitor"]["search"] > base.journeys["visitor"]["search"]
    assert search.journeys["seeker"] == base.journeys["seeker"]
    assert search.popularity == base.popularity


def test_a_mix_that_is_none_says_so() -> None:
    with pytest.raises(ScenarioError, match="add up to 1"):
        catalogue.varied(catalogue.load(BASE), {"name": "odd", "population": {"visitor": 0.9}})
