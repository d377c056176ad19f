"""Locust's CSV, with the columns its stats module writes, as a record."""

import pytest

from capacity.histogram import Histogram
from capacity.imports import locust_csv
from capacity.imports.foreign import ForeignError, Named

NAMED = Named("20261123-120000-locust", "locust", None)
PERCENTILES = [f"{one}%" for one in (50, 66, 75, 80, 90, 95, 98, 99, 99.9, 99.99, 100)]
STATS = ",".join(
    [
        *("Type", "Name", "Request Count", "Failure Count", "Median Response Time"),
        *("Average Response Time", "Min Response Time", "Max Response Time"),
        *("Average Content Size", "Requests/s", "Failures/s", *PERCENTILES),
    ]
)
HISTORY = ",".join(
    [
        *("Timestamp", "User Count", "Type", "Name", "Requests/s", "Failures/s", *PERCENTILES),
        *("Total Request Count", "Total Failure Count", "Total Median Response Time"),
        *("Total Average Response Time", "Total Min Response Time", "Total Max Response Time"),
        "Total Average Content Size",
    ]
)
# 50, 66, 75, 80, 90, 95, 98, 99, 99.9, 99.99, 100 %
KNOWN = "20,25,30,33,50,80,120,200,410,420,420"
ROWS = [
    STATS,
    f"GET,/items,1000,10,20,24.1,3,420,512,50.0,0.5,{KNOWN}",
    "POST,/never,0,0,0,0,0,0,0,0.0,0.0," + ",".join(["N/A"] * 11),
    f",Aggregated,1000,10,20,24.1,3,420,512,50.0,0.5,{KNOWN}",
]
SECONDS = [
    HISTORY,
    f"1795700000,5,,Aggregated,10.000000,0.000000,{KNOWN},10,0,20,24,3,420,512",
    f"1795700001,20,,Aggregated,52.000000,1.000000,{KNOWN},62,1,20,24,3,420,512",
]


def lines(rows: list[str]) -> list[str]:
    return [f"{row}\n" for row in rows]


def test_counts_and_percentiles_are_locusts_own() -> None:
    found = locust_csv.read(lines(ROWS), lines(SECONDS), NAMED, 0.0)
    items, never = found.run.endpoints
    assert (items.method, items.requests, items.failures) == ("GET", 1000, 10)
    latencies = Histogram.decode(items.corrected)
    assert latencies.count == 990
    for percent, ms in ((50, 20), (66, 25), (90, 50), (95, 80), (99, 200), (99.9, 410)):
        assert latencies.percentile(percent) / 1000 == pytest.approx(ms, rel=1e-3)
    # between two it lists the upper one is told
    assert latencies.percentile(85) / 1000 == pytest.approx(50, rel=1e-3)
    assert Histogram.decode(never.corrected).count == 0
    (step,) = found.run.measured_steps()
    assert step.seconds == 20.0
    assert found.run.what.load.users == 20
    assert found.timeline == {
        0: {"load.users": 5.0, "load.requests": 10.0, "load.failures": 0.0},
        1: {"load.users": 20.0, "load.requests": 52.0, "load.failures": 1.0},
    }
    assert "rounded" in (found.run.what.imported or "")


def test_without_a_history_there_is_no_timeline() -> None:
    found = locust_csv.read(lines(ROWS), [], NAMED, 1_795_700_000.0)
    assert found.timeline == {}
    assert found.run.started_at.timestamp() == 1_795_700_000


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (["a,b", "1,2"], "lacks Type, Name"),
        (ROWS[:2], "no row Aggregated"),
        ([STATS, ROWS[3].replace("1000", "many")], "Request Count of Aggregated is no number"),
    ],
)
def test_what_is_not_locusts_is_told(rows: list[str], said: str) -> None:
    with pytest.raises(ForeignError, match=said):
        locust_csv.read(lines(rows), [], NAMED, 0.0)


def test_no_warm_up_can_be_left_out_of_totals() -> None:
    with pytest.raises(ForeignError, match="cannot be parted"):
        locust_csv.read(lines(ROWS), [], Named("x", "locust", None, 5.0), 0.0)
