"""Locust's CSV (`locust --csv PREFIX`): totals of a whole run, and a line a second beside them.

`PREFIX_stats.csv` has a row per endpoint and one named Aggregated, with counts and the
percentiles of `locust.stats.PERCENTILES_TO_REPORT`; `PREFIX_stats_history.csv` a row of
totals about every second (docs.locust.io, "Retrieve test statistics in CSV format").
"""

import csv
from collections.abc import Iterable, Iterator

from capacity.histogram import Histogram
from capacity.imports.foreign import ForeignError, Imported, Load, Named, record
from capacity.run import EndpointStats, Phase

TOOL = "Locust's CSV"
LIMITS = (
    "percentiles are rounded to two digits (to 1 ms below 100 ms) and of all requests, failed "
    "ones too; between those it lists none is known, the one above is shown; the ramp is in "
    "them; sizes are averages, errors are not told apart, the machine is not recorded"
)
TOTAL = "Aggregated"
_NEEDED = ("Type", "Name", "Request Count", "Failure Count", "Requests/s")


def read(stats: Iterable[str], history: Iterable[str], named: Named, began: float) -> Imported:
    """The run in the lines of the two files; `history` may be empty.

    `began` (Unix time) is when the run began, as far as its files tell; the history knows
    better. Raises `ForeignError` for lines that are not Locust's.
    """
    if named.warmup_s:
        raise ForeignError("its totals cannot be parted: no warm-up can be left out of them")
    rows = list(_rows(stats, _NEEDED))
    total = next((row for row in rows if row["Name"] == TOTAL), None)
    if total is None:
        raise ForeignError("it has no row Aggregated: the run was cut off, or it is another file")
    endpoints = [_stats(row) for row in rows if row["Name"] != TOTAL]
    seconds = list(_rows(history, ("Timestamp", "User Count", "Name", "Requests/s", "Failures/s")))
    totals = [row for row in seconds if row["Name"] == TOTAL]
    start = _whole(totals[0], "Timestamp") if totals else round(began)
    users = max((_whole(row, "User Count") for row in totals), default=1)
    lasted = _number(total, "Request Count") / (_number(total, "Requests/s") or 1.0)
    if not lasted > 0:
        raise ForeignError("no request ended in it")
    load = Load(float(start), lasted, users)
    timeline = {
        _whole(row, "Timestamp") - start: {
            "load.users": _number(row, "User Count"),
            "load.requests": _number(row, "Requests/s"),
            "load.failures": _number(row, "Failures/s"),
        }
        for row in totals
    }
    return Imported(record(named, TOOL, LIMITS, load, endpoints), timeline, [])


def _rows(lines: Iterable[str], needed: Iterable[str]) -> Iterator[dict[str, str]]:
    found = csv.DictReader(lines)
    missing = [name for name in needed if name not in (found.fieldnames or ())]
    if missing and found.fieldnames is not None:
        raise ForeignError(f"its first line lacks {', '.join(missing)}: it is not Locust's CSV")
    yield from found


def _number(row: dict[str, str], column: str) -> float:
    try:
        return float(row[column])
    except (ValueError, TypeError) as error:
        raise ForeignError(f"{column} of {row['Name']} is no number: {row[column]!r}") from error


def _whole(row: dict[str, str], column: str) -> int:
    return round(_number(row, column))


def _stats(row: dict[str, str]) -> EndpointStats:
    requests, failures = _whole(row, "Request Count"), _whole(row, "Failure Count")
    latencies = _latencies(row, requests - failures).encode()
    return EndpointStats(
        step=Phase.MEASURED.value,
        method=row["Type"],
        endpoint=row["Name"],
        requests=requests,
        failures=failures,
        refusals=0,
        errors={"not told apart": failures} if failures else {},
        bytes_received=round(requests * float(row.get("Average Content Size") or 0)),
        raw=latencies,
        corrected=latencies,
        failed=Histogram().encode(),
    )


def _latencies(row: dict[str, str], count: int) -> Histogram:
    """A histogram with exactly the percentiles of the row: each request at the next one known."""
    known = sorted(
        (float(column.removesuffix("%")), float(value) * 1000)
        for column, value in row.items()
        if column and column.endswith("%") and value not in ("N/A", "", None)
    )
    latencies = Histogram()
    placed = 0
    for percent, value in known:
        upto = int(percent * count / 100 + 0.5)
        if upto > placed:
            latencies.record(round(value), upto - placed)
            placed = upto
    return latencies
