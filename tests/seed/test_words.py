"""The word lists fit the app's catalogue and each other."""

from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import pytest
from pwdlib.hashers.bcrypt import BcryptHasher

from reference_app.catalogue import CATEGORIES, EMPLOYMENT_TYPES, ISLANDS
from reference_app.seed import words
from reference_app.seed.errors import RefusedError


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _strings(each)
    elif isinstance(value, list):
        for each in value:
            yield from _strings(each)


def _tables() -> list[str]:
    data = files("reference_app.seed").joinpath("data")
    names = [each.name for each in data.iterdir()]
    inner = [f"trades/{each.name}" for each in data.joinpath("trades").iterdir()]
    return [name.removesuffix(".toml") for name in names + inner if name.endswith(".toml")]


def test_no_word_needs_escaping_in_a_copy_stream() -> None:
    tables = _tables()
    assert len(tables) > len(CATEGORIES)
    for name in tables:
        for text in _strings(words.table(name)):
            assert not set(text) & set("\t\n\r\\"), (name, text)


def test_islands_trades_and_kinds_are_those_of_the_catalogue() -> None:
    assert set(words.table("islands")) == set(ISLANDS)
    assert {name for name in _tables() if name.startswith("trades/")} == {
        f"trades/{slug}" for slug in CATEGORIES
    }
    assert set(words.table("jobs")["employment_types"]) == set(EMPLOYMENT_TYPES)


def test_most_people_live_on_new_providence() -> None:
    shares = dict(zip(ISLANDS, (place.share for place in words.places()), strict=True))
    assert 0.65 < shares["new-providence"] / sum(shares.values()) < 0.75
    assert max(shares, key=lambda slug: (slug != "new-providence") * shares[slug]) == "grand-bahama"


def test_every_stored_hash_is_of_the_documented_password_at_ten_rounds() -> None:
    people = words.table("people")
    assert len(set(people["password_hashes"])) == len(people["password_hashes"])
    for stored in people["password_hashes"]:
        assert stored.startswith("$2b$10$")
        assert BcryptHasher().verify(people["password"], stored)


@pytest.mark.parametrize("slug", CATEGORIES)
def test_a_trade_pays_more_than_the_minimum_wage(slug: str) -> None:
    trade = dict(zip(CATEGORIES, words.trades(), strict=True))[slug]
    least, most = trade.salary
    assert 260 * 52 <= least < most


def test_an_unknown_scale_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(RefusedError, match=r"'huge'.*small, medium, large"):
        words.scale("huge")


def test_medium_is_a_twentieth_of_large() -> None:
    medium, large = words.scale("medium"), words.scale("large")
    assert (large.users, large.companies, large.jobs, large.applications) == (
        1_000_000,
        20_000,
        250_000,
        5_000_000,
    )
    for name in ("users", "companies", "jobs", "applications", "saved_jobs"):
        assert getattr(medium, name) * 20 == getattr(large, name)
