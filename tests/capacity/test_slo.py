"""SLO files: what a mistyped one says, in one line, with exit code 2."""

from pathlib import Path

import pytest

from capacity.slo import SloError, blueprint_targets, read_slo

GOOD = """
[[slo]]
id = "checkout-p95"
metric = "latency"
statistic = "p95"
endpoint = "POST /checkout"
op = "<"
limit = 250
unit = "ms"

[[slo]]
id = "errors"
metric = "error_rate"
op = "<"
limit = 0.1
gate = false
"""


@pytest.fixture
def slo_file(tmp_path: Path) -> Path:
    return tmp_path / "slo.toml"


def test_a_good_file_gives_targets_in_its_order(slo_file: Path) -> None:
    slo_file.write_text(GOOD)
    checkout, errors = read_slo(slo_file)
    assert (checkout.id, checkout.metric, checkout.statistic) == ("checkout-p95", "latency", "p95")
    assert (checkout.op, checkout.limit, checkout.unit) == ("<", 250, "ms")
    assert checkout.endpoints == ("POST /checkout",)
    assert checkout.text == "Latency p95 of POST /checkout < 250 ms"
    assert checkout.gate
    assert (errors.statistic, errors.unit, errors.gate) == ("share", "%", False)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("limit = 250", "limt = 250", 'unknown key "limt": did you mean "limit"?'),
        ('"latency"', '"latancy"', 'unknown metric "latancy": did you mean "latency"?'),
        ('"error_rate"', '"xyzzy"', 'unknown metric "xyzzy": known: latency, error_rate'),
        ('"p95"', '"p100"', 'latency has no statistic "p100"'),
        ('"p95"', '"95"', 'latency has no statistic "95": did you mean "p95"?'),
        ('statistic = "p95"', "", "latency needs a statistic: p50"),
        ('unit = "ms"', 'unit = "s"', 'latency is in "ms", not "s"'),
        ('op = "<"\nlimit = 250', "limit = 250", 'key "op" is missing'),
        ('op = "<"\nlimit = 250', 'op = "less"\nlimit = 250', 'key "op"'),
        ("limit = 250", 'limit = "250"', 'key "limit"'),
        ("limit = 250", "limit = nan", 'key "limit": must be a finite number'),
        ("limit = 250", "limit = true", 'key "limit"'),
        ('id = "errors"', 'id = "checkout-p95"', 'two [[slo]] are named "checkout-p95"'),
        ('id = "errors"', 'id = "<b>"', 'key "id": use small letters'),
        ("[[slo]]", "[[slos]]", 'unknown key "slos": did you mean "slo"?'),
        (GOOD, "slo = 3", "holds no [[slo]]"),
        (GOOD, "", "holds no [[slo]]"),
        (GOOD, "[[slo]", "is not TOML"),
        (
            'metric = "error_rate"',
            'metric = "cache_hit_rate"\nstatistic = "l1"\nendpoint = "/"',
            "cannot be asked for single endpoints",
        ),
    ],
)
def test_a_mistake_is_one_line_with_file_and_key(
    slo_file: Path, old: str, new: str, message: str
) -> None:
    assert old in GOOD
    slo_file.write_text(GOOD.replace(old, new))
    with pytest.raises(SloError) as caught:
        read_slo(slo_file)
    assert message in str(caught.value)
    assert str(slo_file) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 2


def test_the_place_names_the_table(slo_file: Path) -> None:
    slo_file.write_text(GOOD.replace("gate = false", "gat = false"))
    with pytest.raises(SloError, match=r'\[\[slo\]\] 2 "errors": unknown key "gat"'):
        read_slo(slo_file)


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(SloError, match="no SLO file at"):
        read_slo(tmp_path / "nothing.toml")
    with pytest.raises(SloError, match="cannot read the SLO file"):
        read_slo(tmp_path)


def test_the_example_in_the_docs_of_the_module_is_valid(slo_file: Path) -> None:
    from capacity import slo

    example = (slo.__doc__ or "").split("[[slo]]", 1)[1].split("A mistyped")[0]
    slo_file.write_text("[[slo]]\n" + example)
    (target,) = read_slo(slo_file)
    assert target.limit == 250


def test_without_a_file_latency_and_errors_gate() -> None:
    gates = [target.id for target in blueprint_targets() if target.gate]
    assert gates == ["latency-p50", "latency-p95", "latency-p99", "error-rate"]
