"""Catalogues that cannot be priced from are refused in one line."""

from datetime import date
from pathlib import Path

import pytest

from capacity.cost.catalogue import Catalogue, CatalogueError, read_catalogue, read_catalogues

GOOD = """
provider = "Somebody"
source = "their page"
read = 2026-09-01
confidence = "high"
[[plan]]
name = "Basic"
layer = "redis"
charge = [{ what = "commands", quantity = "redis_commands", price = 1 }]
"""


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("read = 2026-09-01\n", "", 'key "read" is missing'),
        ("read = 2026-09-01", 'read = "soon"', 'key "read"'),
        ('source = "their page"\n', "", 'key "source" is missing'),
        ('confidence = "high"', 'confidence = "sure"', 'key "confidence"'),
        ("price = 1", "prise = 1", "plan.0.charge.0"),
        ('name = "Basic"', 'name = "Basic"\ncolour = "red"', 'unknown key "plan.0.colour"'),
        ('"redis_commands"', '"redis_comands"', 'did you mean "redis_commands"'),
        ('layer = "redis"', 'layer = "cache"', "plan.0.layer"),
        ('layer = "redis"', 'layer = "redis"\nlimits = { comands = 1 }', 'no quantity "comands"'),
        ("price = 1", "price = -1", "greater than or equal to 0"),
        ("[[plan]]", "[[plan", "not TOML"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, old: str, new: str, says: str) -> None:
    assert old in GOOD
    file = tmp_path / "somebody.toml"
    file.write_text(GOOD.replace(old, new), encoding="utf-8")
    with pytest.raises(CatalogueError if "TOML" not in says else Exception) as error:
        read_catalogue(file)
    assert says in str(error.value)
    assert "\n" not in str(error.value)


def test_prices_older_than_90_days_are_warned_of(tmp_path: Path) -> None:
    file = tmp_path / "somebody.toml"
    file.write_text(GOOD, encoding="utf-8")
    catalogue = read_catalogue(file)
    assert catalogue.stale(date(2026, 11, 30)) is None
    warning = catalogue.stale(date(2026, 12, 1))
    assert warning == (
        "Somebody: prices of 2026-09-01 are 91 days old; look them up again (their page)"
    )


def test_a_provider_stands_in_one_file(tmp_path: Path) -> None:
    for name in ("a.toml", "b.toml"):
        (tmp_path / name).write_text(GOOD, encoding="utf-8")
    with pytest.raises(CatalogueError, match="more than one catalogue of Somebody"):
        read_catalogues(tmp_path)


def test_a_folder_without_catalogues_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="no catalogue in"):
        read_catalogues(tmp_path)


def test_the_shape_holds_a_plan_of_sizes_for_machines_only() -> None:
    size = {"name": "S", "cores": 1, "gb": 1, "price": 1}
    plan = {"name": "P", "layer": "edge", "size": [size]}
    with pytest.raises(ValueError, match="sizes make sense for"):
        Catalogue.model_validate(
            {"provider": "X", "source": "x", "read": "2026-01-01", "confidence": "low"}
            | {"plan": [plan]}
        )
