"""Metrics of the load itself: what the generator saw, of any system."""

from collections.abc import Sequence
from difflib import get_close_matches

from capacity import figures
from capacity.histogram import Histogram
from capacity.intervals import Interval, clopper_pearson, quantile_ranks, ratio
from capacity.measured import Measured, Unavailable
from capacity.observation import Observation

_US_PER_MS = 1000.0


def latency(
    seen: Observation, statistic: str, patterns: Sequence[str] = ()
) -> Measured | Unavailable:
    """A percentile (`p95`) or the `max` of the latency in ms, from the intended start."""
    if not seen.endpoints(patterns):
        return _nothing_matches(seen, patterns)
    latencies = seen.latencies(patterns)
    if latencies.count == 0:
        return _none_succeeded(sum(one.failures for one in seen.endpoints(patterns)), statistic)
    return latency_of(latencies, statistic)


def _none_succeeded(failures: int, statistic: str) -> Unavailable:
    """No latency at all; with enough failures, each later than any limit, that is an answer."""
    if statistic == "max":
        enough = failures > 0
    elif failures:
        enough = quantile_ranks(failures, float(statistic.removeprefix("p")) / 100)[0] is not None
    else:
        enough = False
    if enough:
        return Unavailable(f"no request succeeded, {figures.count(failures)} failed", refuted=True)
    return Unavailable("no request succeeded, so there is no latency to judge")


def latency_of(latencies: Histogram, statistic: str) -> Measured:
    """The same of a histogram that is not empty."""
    samples = latencies.count
    if statistic == "max":
        return Measured(latencies.maximum() / _US_PER_MS, "ms", samples, "requests", None)
    percent = float(statistic.removeprefix("p"))
    low, high = quantile_ranks(samples, percent / 100)
    bounds = Interval(
        None if low is None else _at_rank(latencies, low),
        None if high is None else _at_rank(latencies, high),
        "order statistics",
    )
    value = latencies.percentile(percent) / _US_PER_MS
    return Measured(value, "ms", samples, "requests", bounds)


def _at_rank(latencies: Histogram, rank: int) -> float:
    return latencies.percentile(100 * rank / latencies.count) / _US_PER_MS


def error_rate(
    seen: Observation, statistic: str, patterns: Sequence[str] = ()
) -> Measured | Unavailable:
    """Failed requests in percent of those that were not refused by a rate limit."""
    stats = seen.endpoints(patterns)
    if not stats:
        return _nothing_matches(seen, patterns)
    failures = sum(one.failures for one in stats)
    judged = sum(one.requests - one.refusals for one in stats)
    return _share(failures, judged)


def refusal_rate(
    seen: Observation, statistic: str, patterns: Sequence[str] = ()
) -> Measured | Unavailable:
    """Requests refused by a rate limit (429), in percent of all."""
    stats = seen.endpoints(patterns)
    if not stats:
        return _nothing_matches(seen, patterns)
    return _share(sum(one.refusals for one in stats), sum(one.requests for one in stats))


def _share(events: int, trials: int) -> Measured | Unavailable:
    if trials == 0:
        return Unavailable("no request ended, so there is no share to judge")
    bounds = clopper_pearson(events, trials).scaled(100)
    return Measured(100 * events / trials, "%", trials, "requests", bounds)


def dropped_share(
    seen: Observation, statistic: str, patterns: Sequence[str] = ()
) -> Measured | Unavailable:
    """Arrivals that found nobody free to send them, in percent of those that were due."""
    offered = offered_rate(seen)
    if offered is None:
        return Unavailable("the journeys do not say what they offered")
    dropped = sum(step.arrivals.dropped for step in seen.run.measured_steps())
    due = max(round(offered * seen.seconds), dropped)
    if due == 0:
        return Unavailable("no arrival was due, so there is no share to judge")
    bounds = clopper_pearson(dropped, due).scaled(100)
    return Measured(100 * dropped / due, "%", due, "arrivals", bounds)


def request_rate(
    seen: Observation, statistic: str, patterns: Sequence[str] = ()
) -> Measured | Unavailable:
    """Successful requests per second of measured time."""
    stats = seen.endpoints(patterns)
    if not stats:
        return _nothing_matches(seen, patterns)
    succeeded = sum(one.requests - one.failures - one.refusals for one in stats)
    if seen.seconds <= 0:
        return Unavailable("the measured time is empty")
    value = succeeded / seen.seconds
    return Measured(value, "req/s", succeeded, "requests", _rate_interval(seen, value))


def _rate_interval(seen: Observation, value: float) -> Interval:
    """The interval of all requests' rate over time, scaled to the rate in question."""
    per_second = seen.summed("load.requests")
    if per_second is None or not per_second.sum() > 0:
        return Interval(None, None, "no timeline")
    rates = per_second.tolist()
    mean, bounds = ratio(rates, [1.0] * len(rates))
    return bounds.scaled(value / mean)


def offered_rate(seen: Observation) -> float | None:
    """Requests per second the load model called for while measuring; None if it does not say."""
    offered = [step.arrivals.offered for step in seen.run.measured_steps()]
    known = [value for value in offered if value is not None]
    if not known or len(known) < len(offered) or seen.seconds <= 0:
        return None
    return sum(known) / seen.seconds


def _nothing_matches(seen: Observation, patterns: Sequence[str]) -> Unavailable:
    if not patterns:
        return Unavailable("no request ended in the measured time")
    wanted = " or ".join(patterns)
    close = get_close_matches(patterns[0], seen.endpoint_names(), n=1, cutoff=0.6)
    hint = f" (nearest: {close[0]})" if close else ""
    return Unavailable(f"this load sends no such request: {wanted}{hint}")
