"""A comparison in every form it is told in."""

import json
from xml.etree import ElementTree as Xml

import pytest

from capacity.compare.findings import Comparison
from reports.comparison import forms, page, words
from tests.compare.sets import judged, noise, run_set


@pytest.fixture(scope="module")
def regressed() -> Comparison:
    endpoints = ["all requests", "GET /<b>|x"]
    return judged(
        run_set("base", noise(12, 0.02, 1), endpoints=endpoints),
        run_set("head", [1.3 * one for one in noise(12, 0.02, 2)], endpoints=endpoints),
    )


@pytest.fixture(scope="module")
def same() -> Comparison:
    return judged(run_set("base", [1.0] * 12), run_set("head", [1.0] * 12))


def test_json(regressed: Comparison) -> None:
    told = json.loads(forms.as_json(regressed))
    assert (told["state"], told["exit_code"], told["rounds"]) == ("regressed", 4, 12)
    first = told["findings"][0]
    assert (first["endpoint"], first["outcome"]) == ("all requests", "worse")
    assert first["low"] < first["change"] < first["high"]
    assert told["base"]["runs"][0] == "base-0"


def test_markdown_holds_no_markup_of_a_name(regressed: Comparison) -> None:
    told = forms.markdown(regressed)
    assert told.startswith("# Regressed: median latency of all requests +")
    assert r"GET /\<b\>\|x: p50" in told
    assert "12 interleaved pairs of runs" in told


def test_annotations_are_one_line_each(regressed: Comparison, same: Comparison) -> None:
    lines = forms.annotations(regressed).splitlines()
    worse = [line for line in lines if line.startswith("::error title=worse%3A ")]
    assert len(worse) == sum(one.outcome == "worse" for one in regressed.findings)
    assert lines[-1].startswith("::warning title=performance gate%3A regressed::Regressed")
    # a per cent sign would be taken for an escape
    assert "% " not in "".join(lines)
    (only,) = forms.annotations(same).splitlines()
    assert only.startswith("::notice title=performance gate%3A passed::No regression")


def test_junit(regressed: Comparison, same: Comparison) -> None:
    suite = Xml.fromstring(forms.junit(regressed)).find("testsuite")  # noqa: S314 - our own text
    assert suite is not None
    assert int(suite.get("failures", "0")) == len(suite.findall("testcase/failure")) > 0
    passed = Xml.fromstring(forms.junit(same)).find("testsuite")  # noqa: S314 - our own text
    assert passed is not None
    assert passed.get("failures") == "0"


def test_the_page_escapes_names_and_draws_every_change(regressed: Comparison) -> None:
    told = page.html(regressed)
    assert "GET /&lt;b&gt;|x" in told
    assert "<b>|x" not in told
    assert told.count('class="bar"') == len(regressed.told)
    assert "http" not in told.split("<style>")[0]


def test_what_could_not_be_asked_is_counted_not_listed() -> None:
    base, head = run_set("base", [1.0] * 12), run_set("head", [1.0] * 12)
    for sample in head[:4]:
        gone = [key for key in sample.readings if key.endpoint == "GET /jobs"]
        for key in gone:
            del sample.readings[key]  # type: ignore[attr-defined]  # a dict
    found = judged(base, head)
    assert not [row for row in words.rows(found) if row.figure.startswith("GET /jobs")]
    assert "4 figures with too few requests to compare" in words.counts(found)
    assert "missing in 4 of 24 runs" in forms.as_json(found)
    assert found.exit_code == 0
