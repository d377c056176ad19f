"""Runs made of given latencies and failures, and targets to hold them against."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from capacity.histogram import Histogram
from capacity.run import EndpointStats, Run
from capacity.targets import Target
from capacity.verdicts import Verdict, judge
from tests.reports.sample import sample_run

EMPTY = pd.DataFrame(index=pd.Index([], name="second", dtype="int64"))


def target(**fields: Any) -> Target:
    """A gating p95 below 200 ms, but for `fields`."""
    given = {"metric": "latency", "statistic": "p95", "op": "<", "limit": 200, "unit": "ms"}
    return Target.model_validate({"id": "t", "text": "t", "gate": True, **given, **fields})


def run_of(
    latencies_ms: Mapping[float, int] | None = None, *, failures: int = 0, refusals: int = 0
) -> Run:
    """A run of one endpoint with just these successful latencies."""
    latencies = Histogram()
    for ms, count in (latencies_ms or {}).items():
        latencies.record(round(ms * 1000), count)
    blob = latencies.encode()
    stats = EndpointStats(
        step="measured",
        method="GET",
        endpoint="/jobs",
        requests=latencies.count + failures + refusals,
        failures=failures,
        refusals=refusals,
        errors={"status 500": failures} if failures else {},
        bytes_received=0,
        raw=blob,
        corrected=blob,
        failed=Histogram().encode(),
    )
    return sample_run().model_copy(update={"endpoints": [stats]})


def verdict(run: Run, one: Target, timeline: pd.DataFrame = EMPTY) -> Verdict:
    (only,) = judge(run, timeline, [one])
    return only


ERRORS = {"metric": "error_rate", "statistic": "share", "limit": 0.1, "unit": "%"}
