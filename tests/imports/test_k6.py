"""k6's JSON lines, written here after its documentation, as a record."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from capacity import store
from capacity.histogram import Histogram
from capacity.imports import k6
from capacity.imports.foreign import ForeignError, Named
from capacity.run import Phase

NAMED = Named("20261123-120000-k6", "k6", "abc")


def point(metric: str, second: float, value: float, **tags: str) -> str:
    time = f"2026-11-23T12:00:{second:012.9f}+02:00"
    data = {"time": time, "value": value, "tags": tags or None}
    return json.dumps({"type": "Point", "data": data, "metric": metric}) + "\n"


def request(second: float, ms: float, status: int = 200, name: str = "", **tags: str) -> str:
    url = "https://shop.example/items/7?q=1"
    expected = "true" if 0 < status < 400 else "false"
    given = {"method": "GET", "status": str(status), "url": url, "name": name or url}
    return point("http_req_duration", second, ms, **given, expected_response=expected, **tags)


def lines() -> Iterator[str]:
    declared = {"type": "trend", "contains": "time", "thresholds": [], "submetrics": None}
    yield json.dumps({"type": "Metric", "data": declared, "metric": "http_req_duration"}) + "\n"
    yield point("vus", 1.0, 5)
    for number in range(40):
        yield request(number / 10 + 0.05, 10.0 + number, name="item")
        yield point("http_req_waiting", number / 10 + 0.05, 3.0)
    yield request(2.5, 90.0, status=500)
    yield request(2.6, 1.0, status=429)
    yield request(3.1, 0.0, status=0, error="dial: connection refused")
    yield point("dropped_iterations", 3.2, 4)


def test_every_request_is_there() -> None:
    found = k6.read(lines(), NAMED)
    run = found.run
    by_name = {one.endpoint: one for one in run.endpoints}
    assert set(by_name) == {"item", "/items/7"}
    item, raw = by_name["item"], Histogram.decode(by_name["item"].corrected)
    assert (item.method, item.requests, item.failures) == ("GET", 40, 0)
    assert raw.count == 40
    assert raw.maximum() == pytest.approx(49_000, rel=1e-3)
    bad = by_name["/items/7"]
    assert (bad.requests, bad.failures, bad.refusals) == (3, 2, 1)
    assert bad.errors == {"status 500": 1, "dial: connection refused": 1}
    (step,) = run.steps
    assert (step.seconds, step.arrivals.achieved, step.arrivals.dropped) == (4.0, 43, 4)
    assert run.what.load.users == 5
    assert run.what.host == "https://shop.example"
    assert run.started_at.isoformat() == "2026-11-23T10:00:00+00:00"
    assert found.timeline[2]["load.requests"] == 12
    assert found.timeline[1]["load.users"] == 5


def test_a_warm_up_is_left_out() -> None:
    run = k6.read(lines(), Named("x", "k6", None, warmup_s=3.0)).run
    assert [step.phase for step in run.steps] == [Phase.WARMUP, Phase.MEASURED]
    measured = sum(one.requests for one in run.endpoints if one.step == "measured")
    assert measured == run.measured_steps()[0].arrivals.achieved == 11


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (["nonsense\n"], "line 1 is no line of k6"),
        (['{"type": "Point", "metric": "http_req_duration", "data": {}}\n'], "no time or value"),
        ([point("vus", 1.0, 5)], "no http_req_duration"),
    ],
)
def test_what_is_no_output_of_k6_is_told(text: list[str], said: str) -> None:
    with pytest.raises(ForeignError, match=said):
        k6.read(text, NAMED)


def test_a_warm_up_as_long_as_the_run_is_told() -> None:
    with pytest.raises(ForeignError, match="nothing is left"):
        k6.read(lines(), Named("x", "k6", None, warmup_s=60.0))


def test_what_was_packed_is_read_and_written_as_a_run(tmp_path: Path) -> None:
    file = tmp_path / "results.gz"
    file.write_bytes(gzip.compress("".join(lines()).encode()))
    with store.opened_text(file) as text:
        found = k6.read(text, NAMED)
    store.write_import(tmp_path / "run", found)
    run = store.read_run(tmp_path / "run")
    assert run == found.run
    assert store.read_timeline(tmp_path / "run")["load.requests"].sum() == 43
    assert sum(cell.requests for cell in store.read_cells(tmp_path / "run")) == 43
    file.write_text("not packed")
    with pytest.raises(store.RecordError, match="cannot read"), store.opened_text(file) as text:
        k6.read(text, NAMED)
