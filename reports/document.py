"""The report as JSON: for programs. Its shape is the docstring of `as_json`."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from capacity.bottleneck import uses
from capacity.intervals import Interval
from capacity.load_metrics import offered_rate
from capacity.measured import Measured, Unavailable
from capacity.run import Run
from capacity.verdicts import Verdict
from reports.digest import Digest, percentile_ms
from reports.steps import step_rows

if TYPE_CHECKING:
    import pandas as pd

DOCUMENT_VERSION = 1
_PERCENTILES = (50, 75, 90, 95, 99, 99.9)


def as_json(run: Run, timeline: "pd.DataFrame", verdicts: Sequence[Verdict]) -> str:
    """The run's verdicts and figures as a JSON document.

    `version` (of this shape), `state`, `exit_code`, `headline`,
    `run` {id, status, scenario, started_at, users, load, seed, warmup_s, duration_s, host, commit,
    population {shares, evidence, why} or null},
    `invalid` [{reason, detail}],
    `verdicts` [{id, text, section, gate, level, outcome, value, unit, evidence, run, samples, of,
    interval {low, high, confidence, method}, limit {op, value, unit}, reason}],
    `load` {offered_per_s, achieved, dropped, seconds, throughput {per statistic}},
    `latency_ms` {from_intended_start, as_sent: {p50 .. p99.9, max, mean}},
    `answered_by` {nginx, app, l1, l2, db: share in %},
    `endpoints` [{name, requests, rate, failures, refusals, p50 .. in ms}],
    `errors` [{kind, endpoint, count, share}],
    `soak` [{series, unit, level, per_hour, interval, allowed, bound, course}], none of a short run,
    `stopped` null, or {at_s, target, reason} of a run an SLO ended early,
    `drill` null, or what `capacity.run.Drilled` says,
    `steps` [{name, seconds, offered, achieved, dropped, failures, p50, p95, p99}],
    `bottleneck` in words, `resources` [{resource, share}] busiest first, as fractions.

    What is not known is null; an open end of an interval is null.
    """
    digest = Digest(run, timeline, verdicts)
    steps = run.measured_steps()
    document = {
        "version": DOCUMENT_VERSION,
        "state": digest.state,
        "exit_code": digest.code,
        "headline": digest.headline(),
        "run": _run(run),
        "invalid": [one.model_dump() for one in run.invalid],
        "verdicts": [_verdict(verdict) for verdict in digest.verdicts],
        "load": {
            "offered_per_s": offered_rate(digest.seen),
            "achieved": sum(step.arrivals.achieved for step in steps),
            "dropped": sum(step.arrivals.dropped for step in steps),
            "seconds": digest.seen.seconds,
            "throughput": {
                statistic: _figure(digest.figure("throughput", statistic))
                for statistic in ("total", "per_pod", "per_vcpu", "per_pod_cpu_second")
            },
        },
        "latency_ms": {
            name: {f"p{percent:g}": percentile_ms(found, percent) for percent in _PERCENTILES}
            | {
                "max": found.maximum() / 1000 if found.count else None,
                "mean": found.mean() / 1000 if found.count else None,
            }
            for name, found in (
                ("from_intended_start", digest.succeeded),
                ("as_sent", digest.as_sent),
            )
        },
        "answered_by": {
            layer: _figure(digest.figure("answered_by", layer))
            for layer in ("nginx", "app", "l1", "l2", "db")
        },
        "endpoints": [asdict(row) for row in digest.endpoint_rows()],
        "errors": [asdict(row) for row in digest.error_rows()],
        "soak": [asdict(one) | {"course": one.course.value} for one in digest.trends],
        "steps": [asdict(row) for row in step_rows(run)],
        "bottleneck": digest.bottleneck,
        "resources": [use.model_dump() for use in uses(digest.seen)],
        "stopped": run.stopped.model_dump() if run.stopped else None,
        "drill": run.drill.model_dump(mode="json") if run.drill else None,
    }
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _run(run: Run) -> dict[str, Any]:
    return {
        "id": run.id,
        "status": run.status.value,
        "scenario": run.what.scenario,
        "started_at": run.started_at.isoformat(),
        "users": run.what.load.users,
        "load": run.what.load.kind,
        "seed": run.what.seed,
        "warmup_s": run.what.warmup_s,
        "duration_s": run.what.duration_s,
        "host": run.what.host,
        "commit": run.where.commit,
        "population": run.what.population and run.what.population.model_dump(mode="json"),
    }


def _figure(found: Measured | Unavailable) -> float | None:
    return found.value if isinstance(found, Measured) else None


def _interval(bounds: Interval | None) -> dict[str, Any] | None:
    return None if bounds is None else asdict(bounds)


def _verdict(verdict: Verdict) -> dict[str, Any]:
    target = verdict.target
    limit = None
    if target.limit is not None:
        limit = {"op": target.op, "value": target.limit, "unit": target.unit}
    return {
        "id": target.id,
        "text": target.text,
        "section": target.section,
        "gate": target.gate,
        "level": target.level,
        "outcome": verdict.outcome.value,
        "value": verdict.value,
        "unit": verdict.unit,
        "evidence": verdict.evidence if verdict.value is not None else None,
        "run": verdict.run or None,
        "samples": verdict.samples,
        "of": verdict.of,
        "interval": _interval(verdict.interval),
        "limit": limit,
        "reason": verdict.reason,
    }
