"""Whose accounts a load has: by a profile, and by the blueprint's figures without one."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capacity import load_words
from capacity.errors import UsageError
from capacity.evidence import Evidence
from scenarios import catalogue
from scenarios.errors import ScenarioError
from scenarios.load_data import read_load_data, signed_in
from scenarios.population import Profile, accounts, read_profile, seen
from scenarios.request import RunRequest
from scenarios.runner import _what
from tests.scenarios.board_data import document
from tests.scenarios.one_run import HERE

PAYING = Profile(anonymous=0.2, free=0.4, pro=0.2, business=0.15, enterprise=0.05)


def _written(folder: Path, text: str) -> Path:
    path = folder / "people.toml"
    path.write_text(text)
    return path


def test_seekers_have_the_blueprints_tiers_and_employers_their_own() -> None:
    found = accounts(None, 50_000, 300)
    assert found["employer"] == {"any": 300}
    # of 1,000,520 people 20,000 have Pro, 500 Business and 20 Enterprise
    assert found["seeker"] == {"free": 48_975, "pro": 999, "business": 25, "enterprise": 1}


def test_a_profiles_employers_have_business_then_pro() -> None:
    found = accounts(PAYING, 60, 20)
    assert found["employer"] == {"business": 15, "pro": 5}
    assert found["seeker"] == {"free": 40, "pro": 15, "enterprise": 5}


def test_employers_that_could_not_publish_are_refused() -> None:
    with pytest.raises(UsageError, match=r"2 Business and Pro accounts for 20 employers"):
        accounts(Profile(anonymous=0.5, free=0.49, pro=0.01), 80, 20)


@given(seekers=st.integers(0, 3_000), employers=st.integers(0, 500))
def test_everyone_has_one_account(seekers: int, employers: int) -> None:
    try:
        found = accounts(PAYING, seekers, employers)
    except UsageError:
        assert employers > 0.4 * (seekers + employers)
        found = accounts(None, seekers, employers)
    assert sum(found["seeker"].values()) == seekers
    assert sum(found["employer"].values()) == employers
    assert all(count > 0 for counts in found.values() for count in counts.values())


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("free = 0.5\nbuisness = 0.5", "no tier is called 'buisness'; did you mean \"business\""),
        ("free = 0.5\npro = 0.4", "must add up to 1, and they come to 0.9"),
        ("free = 1.5\npro = -0.5", "free: Input should be less than or equal to 1"),
        ("free = ", "is not TOML"),
    ],
)
def test_a_profile_that_cannot_be_is_one_line(text: str, problem: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as raised:
        read_profile(_written(tmp_path, text))
    assert problem in str(raised.value)
    assert "\n" not in str(raised.value)
    with pytest.raises(UsageError, match="cannot read"):
        read_profile(tmp_path / "absent.toml")


def test_a_scenario_is_played_by_other_people() -> None:
    mixed = catalogue.load("mixed")
    other = catalogue.peopled(mixed, PAYING)
    assert other.population["visitor"] == 0.2
    before = mixed.population["employer"] / mixed.population["seeker"]
    assert other.population["employer"] / other.population["seeker"] == pytest.approx(before)
    assert other.journeys == mixed.journeys
    assert sum(other.accounts(1_000)["employer"].values()) == 120
    with pytest.raises(UsageError, match="nobody signs in"):
        catalogue.peopled(catalogue.load("browse"), PAYING)


def test_a_scenario_and_its_profile_must_agree() -> None:
    with pytest.raises(ScenarioError, match=r"0.2 are anonymous, but population says 0.5"):
        catalogue.varied(catalogue.load("mixed"), {"profile": PAYING.model_dump()})


@pytest.mark.parametrize("name", catalogue.names())
def test_every_scenarios_people_are_known(name: str) -> None:
    found = catalogue.load(name)
    shares = found.people
    assert sum(shares.values()) == pytest.approx(1)
    assert load_words.people(shares)
    wanted = found.accounts(found.users)
    people = [part for part, _ in found.cast(found.users) if part != "visitor"]
    assert sum(sum(counts.values()) for counts in wanted.values()) == len(people)


def test_the_record_tells_the_tiers_of_the_accounts_that_were_picked(tmp_path: Path) -> None:
    content = document(seekers=20, employers=4)
    for number, each in enumerate(content["seekers"]):
        each["tier"] = "pro" if number < 3 else "free"
    for each in content["employers"]:
        each["tier"] = "business"
    file = tmp_path / "load.json"
    file.write_text(json.dumps(content))
    mixed = catalogue.load("mixed")
    what = _what(RunRequest(mixed, "http://127.0.0.1:1", HERE, users=40, data_file=file))
    assert what.population is not None
    assert what.population.shares == {
        "anonymous": 0.5,
        "free": 0.35,
        "pro": 0.075,
        "business": 0.075,
        "enterprise": 0.0,
    }
    assert what.population.evidence is Evidence.CLAIMED
    assert load_words.people(what.population.shares) == (
        "50.0 % anonymous, 35.0 % Free, 7.50 % Pro, 7.50 % Business"
    )
    data = read_load_data(file)
    with pytest.raises(ScenarioError, match="60 users need"):
        signed_in(data, mixed, 60)


def test_shares_of_a_profile_are_marked_by_its_own_word() -> None:
    found = seen(PAYING.model_copy(update={"evidence": Evidence.MEASURED}), 4, ["free", "pro"])
    assert found.evidence is Evidence.MEASURED
    assert found.shares["anonymous"] == 0.5
