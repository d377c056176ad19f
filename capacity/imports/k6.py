"""k6's JSON lines (`k6 run --out json=FILE`): every request of the run.

A line is a metric's declaration or a point of it, with `data.time`, `data.value` and
`data.tags` (grafana.com/docs/k6, "JSON"). Of a request the point of `http_req_duration`
(ms) is read, whose time is its end.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from capacity.histogram import Histogram
from capacity.imports.foreign import ForeignError, Imported, Load, Named, record
from capacity.run import EndpointStats, Phase
from capacity.spool import Cell, Fold

TOOL = "k6's JSON lines"
LIMITS = (
    "latencies are http_req_duration, so without the time to connect, and as sent: k6 does not "
    "write when an iteration was meant to start; sizes and the machine are not recorded"
)
_REFUSED = 429
_LEAST_ERROR = 400


@dataclass(slots=True)
class _Tally:
    """The requests of one endpoint that ended in one second; times in microseconds."""

    succeeded: list[int] = field(default_factory=list)
    failed: list[int] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    refusals: int = 0


@dataclass(slots=True)
class _Seen:
    tallies: dict[tuple[int, str, str], _Tally] = field(default_factory=lambda: defaultdict(_Tally))
    users: dict[int, float] = field(default_factory=dict)
    dropped: int = 0
    hosts: set[str] = field(default_factory=set)


def read(lines: Iterable[str], named: Named) -> Imported:
    """The run in k6's `lines`.

    Raises `ForeignError` for a line that is no JSON, and for lines without a request.
    """
    seen = _Seen()
    for metric, point in _points(lines):
        _take(seen, metric, point)
    if not seen.tallies:
        raise ForeignError("no http_req_duration in it: this is no output of k6 run --out json")
    began = min(second for second, _, _ in seen.tallies)
    lasted = max(second for second, _, _ in seen.tallies) + 1 - began
    if named.warmup_s >= lasted:
        raise ForeignError(f"the run lasted {lasted} s: nothing is left after the warm-up")
    cells = [
        _cell(second - began, method, endpoint, tally, named.warmup_s)
        for (second, method, endpoint), tally in sorted(seen.tallies.items())
    ]
    users = {second - began: value for second, value in seen.users.items()}
    most = round(max(users.values(), default=1))
    host = seen.hosts.pop() if len(seen.hosts) == 1 else "several hosts"
    load = Load(float(began), float(lasted), most, seen.dropped, host)
    run = record(named, TOOL, LIMITS, load, _endpoints(cells))
    return Imported(run, _timeline(cells, users, lasted), cells)


def _points(lines: Iterable[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            document = json.loads(line)
            if document["type"] == "Point":
                yield document["metric"], document["data"]
        except (ValueError, KeyError, TypeError) as error:
            raise ForeignError(
                f"line {number} is no line of k6's JSON output: {line.strip()[:60]!r}"
            ) from error


def _take(seen: _Seen, metric: str, point: dict[str, Any]) -> None:
    if metric not in ("http_req_duration", "vus", "dropped_iterations"):
        return
    try:
        second = int(datetime.fromisoformat(point["time"]).timestamp())
        value = float(point["value"])
    except (KeyError, ValueError, TypeError) as error:
        raise ForeignError(f"a point of {metric} has no time or value: {point!r:.80}") from error
    if metric == "vus":
        seen.users[second] = value
    elif metric == "dropped_iterations":
        seen.dropped += round(value)
    else:
        _request(seen, second, value, point.get("tags") or {})


def _request(seen: _Seen, second: int, duration_ms: float, tags: dict[str, str]) -> None:
    address = urlsplit(tags.get("url", ""))
    if address.netloc:
        seen.hosts.add(f"{address.scheme}://{address.netloc}")
    tally = seen.tallies[second, tags.get("method", ""), _endpoint(tags)]
    status = int(tags.get("status") or 0)
    taken_us = round(duration_ms * 1000)
    expected = tags.get("expected_response")
    good = expected == "true" if expected else 0 < status < _LEAST_ERROR
    if status == _REFUSED:
        tally.refusals += 1
    elif good:
        tally.succeeded.append(taken_us)
    else:
        tally.errors[f"status {status}" if status else tags.get("error") or "no answer"] += 1
        tally.failed.append(taken_us)


def _endpoint(tags: dict[str, str]) -> str:
    """The name a person gave the request, or the path of its address."""
    name = tags.get("name") or tags.get("url") or "request"
    return urlsplit(name).path or "/" if "://" in name else name


def _cell(second: int, method: str, endpoint: str, tally: _Tally, warmup_s: float) -> Cell:
    latencies = _encoded(tally.succeeded)
    failures = sum(tally.errors.values())
    return Cell(
        generator="k6",
        second=second,
        step=(Phase.MEASURED if second >= warmup_s else Phase.WARMUP).value,
        method=method,
        endpoint=endpoint,
        requests=len(tally.succeeded) + failures + tally.refusals,
        failures=failures,
        refusals=tally.refusals,
        errors=dict(tally.errors),
        raw=latencies,
        corrected=latencies,
        failed=_encoded(tally.failed),
    )


def _encoded(times_us: list[int]) -> str:
    if not times_us:
        return ""
    histogram = Histogram()
    histogram.record_all(times_us)
    return histogram.encode()


def _endpoints(cells: Iterable[Cell]) -> list[EndpointStats]:
    whole = Fold()
    for cell in cells:
        whole.add(cell)
    return whole.endpoints()


def _timeline(
    cells: Iterable[Cell], users: dict[int, float], seconds: int
) -> dict[int, dict[str, float]]:
    rows: dict[int, dict[str, float]] = {
        second: {"load.requests": 0.0, "load.failures": 0.0, "load.refusals": 0.0}
        for second in range(seconds)
    }
    latencies: dict[int, Histogram] = defaultdict(Histogram)
    for cell in cells:
        row = rows[cell.second]
        row["load.requests"] += cell.requests
        row["load.failures"] += cell.failures
        row["load.refusals"] += cell.refusals
        if cell.raw:
            latencies[cell.second].merge(Histogram.decode(cell.raw))
    for second, found in latencies.items():
        for percent in (50, 95, 99):
            rows[second][f"load.p{percent}"] = found.percentile(percent) / 1000
    for second, value in users.items():
        if second in rows:
            rows[second]["load.users"] = value
    return rows
