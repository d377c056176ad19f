"""The built-in scenarios, and what is said about names and files that are wrong."""

import tomllib
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capacity.drill import drills
from capacity.load_model import OpenLoad
from scenarios import catalogue
from scenarios.errors import ScenarioError
from scenarios.load_data import read_load_data
from scenarios.request import RunRequest, own_load, sized
from scenarios.sources import can_bind, source_address
from tests.scenarios.board_data import document, load_file
from tests.scenarios.casting import person
from tests.scenarios.one_run import HERE

DRILLS = {one.scenario for one in drills()}


def test_mixed_offers_enough_to_judge_an_error_rate() -> None:
    mixed = catalogue.load("mixed")
    offered = mixed.users / mixed.think.mean_s * mixed.duration_s
    assert offered == pytest.approx(5_000)
    assert mixed.think.mean_s == 12


def test_smoke_is_mixed_for_a_moment() -> None:
    smoke, mixed = catalogue.load("smoke"), catalogue.load("mixed")
    assert smoke.journeys == mixed.journeys
    assert smoke.limits == mixed.limits
    assert smoke.users < 50
    assert smoke.warmup_s + smoke.duration_s < 10


@pytest.mark.parametrize("name", catalogue.names())
def test_every_scenario_does_only_what_its_journeys_can(name: str) -> None:
    found = catalogue.load(name)
    sized(RunRequest(found, "", HERE))
    for journey, share in found.population.items():
        if share:
            can = set(person(journey, scenario=found).actions())
            assert set(found.journeys[journey]) <= can
    # every one of them is worth more than its error rate's own chance, or is a drill's
    offered = own_load(found).offered_rate
    assert offered is not None
    enough = offered * found.duration_s >= 1_000 or name in ("smoke", *DRILLS)
    assert enough, offered * found.duration_s


def test_a_journey_given_anew_is_no_more_than_that() -> None:
    search, mixed = catalogue.load("search"), catalogue.load("mixed")
    assert set(search.journeys["visitor"]) == {"search", "filter", "next_page", "detail"}
    assert search.journeys["employer"] == mixed.journeys["employer"]


def test_the_blueprints_steps_are_mixed_of_so_many() -> None:
    mixed = catalogue.load("mixed")
    for users in (100, 1_000, 10_000):
        step = catalogue.load(f"step-{users}")
        assert (step.users, step.journeys, step.think) == (users, mixed.journeys, mixed.think)
    # ten thousand thinking users offer what the blueprint's page says
    assert own_load(step).offered_rate == pytest.approx(833, abs=1)


def test_a_days_evening_is_three_times_its_mean() -> None:
    load = own_load(catalogue.load("day"))
    assert isinstance(load, OpenLoad)
    assert load.peak_rate / load.offered_rate == pytest.approx(3, rel=0.01)


def test_a_load_table_that_is_wrong_says_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mixed.toml").write_text((catalogue._DATA / "mixed.toml").read_text())
    (tmp_path / "mine.toml").write_text('like = "mixed"\n[load]\nmodel = "spike"\nrate = 3\n')
    monkeypatch.setattr(catalogue, "_DATA", tmp_path)
    with pytest.raises(ScenarioError, match=r"mine: load\.spike\.peak: Field required"):
        catalogue.load("mine")


def test_an_unknown_name_brings_the_nearest() -> None:
    with pytest.raises(ScenarioError, match="'mixt'; did you mean mixed"):
        catalogue.load("mixt")
    with pytest.raises(ScenarioError, match=r"there are .*mixed, paying, search, smoke") as caught:
        catalogue.load("zzz")
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("users = 0", "users"),
        ("[population]\nvisitor = 0.9", "add up to 1"),
        ("[think]\nmean_s = 12\ncap_s = 13", "2.5 times"),
        ("[journeys.visitor]", "no request has a weight"),
        ("typo = 1", "typo"),
    ],
)
def test_a_wrong_file_says_where(
    text: str, problem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mixed = (catalogue._DATA / "mixed.toml").read_text()
    (tmp_path / "mixed.toml").write_text(mixed)
    if "journeys" in text:
        text += "".join(f"\n{name} = 0" for name in tomllib.loads(mixed)["journeys"]["visitor"])
    (tmp_path / "mine.toml").write_text(f'like = "mixed"\n{text}\n')
    monkeypatch.setattr(catalogue, "_DATA", tmp_path)
    with pytest.raises(ScenarioError, match=problem):
        catalogue.load("mine")


@given(users=st.integers(1, 3_000))
def test_every_crowd_is_mixed_as_stated(users: int) -> None:
    mixed = catalogue.load("mixed")
    parts = mixed.cast(users)
    counts = Counter(name for name, _ in parts)
    for name, share in mixed.population.items():
        assert counts[name] == pytest.approx(share * users, abs=1.5)
        assert [index for part, index in parts if part == name] == list(range(counts[name]))


def test_load_data_that_is_wrong_says_so(tmp_path: Path) -> None:
    assert read_load_data(load_file(tmp_path)).jobs == document()["jobs"]
    with pytest.raises(ScenarioError, match="cannot read"):
        read_load_data(tmp_path / "absent.json")
    (tmp_path / "no.json").write_text("{")
    with pytest.raises(ScenarioError, match="not JSON"):
        read_load_data(tmp_path / "no.json")
    (tmp_path / "no.json").write_text('{"password": "x", "jobs": []}')
    with pytest.raises(ScenarioError, match="wrong at jobs"):
        read_load_data(tmp_path / "no.json")


@given(st.lists(st.integers(0, 16_000_000), unique=True, min_size=2, max_size=50))
def test_source_addresses_are_distinct_loopback_addresses(users: list[int]) -> None:
    addresses = [source_address(user) for user in users]
    assert len(set(addresses)) == len(users)
    for address in addresses:
        first, *parts = map(int, address.split("."))
        assert first == 127
        assert all(1 <= part <= 254 for part in parts)
        assert address != "127.0.0.1"


def test_only_loopback_hosts_see_addresses_of_our_choice() -> None:
    assert can_bind("127.0.0.1")
    assert can_bind("localhost")
    assert not can_bind("192.0.2.1")
    assert not can_bind("no.such.host.invalid")
    with pytest.raises(ValueError, match="no loopback address"):
        source_address(254**3)
