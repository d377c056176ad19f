"""What a run comes to, in figures and words: the content every form of report shares."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from capacity import bottleneck, figures, load_words
from capacity.histogram import Histogram
from capacity.load_metrics import offered_rate
from capacity.load_model import ClosedLoad
from capacity.measured import Measured, Unavailable
from capacity.metrics import measure
from capacity.observation import OTHERS_SHARE, Observation, name
from capacity.run import EndpointStats, Run, Status
from capacity.soak import Trend, trends
from capacity.verdicts import ExitCode, Outcome, Verdict, exit_code

if TYPE_CHECKING:
    import pandas as pd

LAYERS = (
    ("nginx", "nginx alone"),
    ("app", "a pod, without data"),
    ("l1", "a worker's memory (L1)"),
    ("l2", "Redis (L2)"),
    ("db", "the database"),
)
SYMBOLS = {
    Outcome.MET: "✓",
    Outcome.NOT_MET: "✗",
    Outcome.INCONCLUSIVE: "?",
    Outcome.INCONSISTENT: "≠",
    Outcome.NOT_MEASURED: "·",
}
WARNING = "!"
"""Stands in place of the symbol of a missed target that warns."""
_STATES = {
    ExitCode.PASSED: "passed",
    ExitCode.SLO_FAILED: "failed",
    ExitCode.INCONCLUSIVE: "inconclusive",
    ExitCode.INVALID: "invalid",
}
_INVALID_WORDS = {
    "generator-saturated": "the load generator was saturated",
    "load-not-reached": "the offered load was not reached",
    "arrivals-dropped": "arrivals were dropped",
    "clock-jumped": "the clock jumped",
    "machine-robbed": "the machine's host gave its time to others",
    "metric-missing": "a measurement is missing",
    "drill-unfinished": "the load ended before all was mended",
    "generator-lost": "a process of the load generator was lost",
}


@dataclass(frozen=True, slots=True)
class EndpointRow:
    """One endpoint over all measured steps; latencies in ms, None when nothing succeeded.

    `p50` to `longest` count from the intended start, `p95_sent` from when it was sent.
    """

    name: str
    requests: int
    rate: float
    failures: int
    refusals: int
    p50: float | None
    p95: float | None
    p99: float | None
    longest: float | None
    p95_sent: float | None
    mean_bytes: float | None


@dataclass(frozen=True, slots=True)
class ErrorRow:
    """One kind of failure of one endpoint; `share` is of the endpoint's requests."""

    kind: str
    endpoint: str
    count: int
    share: float


@dataclass(frozen=True, slots=True)
class Fact:
    """One figure with its name; `note` says what it is made of or why it is missing."""

    label: str
    text: str
    note: str = ""


class Digest:
    """A run, its timeline and its verdicts, summed up on demand."""

    def __init__(self, run: Run, timeline: "pd.DataFrame", verdicts: Sequence[Verdict]) -> None:
        self.run = run
        self.verdicts = list(verdicts)
        self.seen = Observation(run, timeline)

    @cached_property
    def code(self) -> int:
        """The exit code these verdicts give."""
        return exit_code(self.run, self.verdicts)

    @property
    def state(self) -> str:
        """`passed`, `failed`, `inconclusive`, `invalid`, `incomplete` or `not judged`."""
        if self.code == ExitCode.INVALID or not self.incomplete:
            return _STATES[self.code] if self.gates or self.run.invalid else "not judged"
        return "incomplete"

    @property
    def incomplete(self) -> str:
        """What is missing of a run that did not end by itself; else empty."""
        if self.run.status is Status.RUNNING:
            return "The run was killed or is still going: this is what was written until now."
        if self.run.status is Status.INTERRUPTED:
            return "The run was interrupted: this is what was measured until then."
        return ""

    @property
    def stopped(self) -> str:
        """Why the run was ended before its time; else empty."""
        early = self.run.stopped
        if early is None:
            return ""
        return (
            f"The run was stopped at {figures.seconds(early.at_s)} by {early.target}: "
            f"{early.reason}. What is told was measured until then."
        )

    @cached_property
    def disturbed(self) -> str:
        """That other programs took a good part of the machine; empty when they did not."""
        others, cores = self.seen.others_cpu(), self.run.where.machine.cores
        if others is None or others < OTHERS_SHARE * cores:
            return ""
        return (
            f"Programs outside this test used {figures.number(others)} of "
            f"{figures.plural(cores, 'core')} on average: the latencies contain that disturbance."
        )

    @property
    def people(self) -> str:
        """Whose accounts the load was sent with; empty where the journeys do not say."""
        found = self.run.what.population
        if found is None:
            return ""
        return (
            f"Its people were {load_words.people(found.shares)}, counted on the accounts they had "
            f"({found.evidence.value}: {found.why})."
        )

    @cached_property
    def trends(self) -> list[Trend]:
        """What became of memory and connections; none of a run too short to tell."""
        return trends(self.seen)

    @cached_property
    def bottleneck(self) -> str:
        """Which resource bounded the load, and what the generator took of the machine."""
        return bottleneck.sentence(self.seen)

    @cached_property
    def succeeded(self) -> Histogram:
        """Latencies of successful requests from their intended start."""
        return self.seen.latencies()

    @cached_property
    def as_sent(self) -> Histogram:
        """Latencies of successful requests from when they were sent."""
        return self.seen.latencies(corrected=False)

    @property
    def gates(self) -> list[Verdict]:
        """The verdicts that decide the exit code."""
        return [verdict for verdict in self.verdicts if verdict.target.gate]

    def headline(self) -> str:
        """The verdict as one sentence."""
        sentence = self._verdict()
        if not self.incomplete:
            return sentence
        return f"Incomplete. {sentence}"

    def _verdict(self) -> str:
        gates = self.gates
        if self.run.invalid:
            reasons = dict.fromkeys(_INVALID_WORDS[one.reason] for one in self.run.invalid)
            return f"Not to be trusted: {' and '.join(reasons)}."
        for outcome, opening in (
            (Outcome.NOT_MEASURED, "Not to be judged"),
            (Outcome.NOT_MET, "Not met"),
            (Outcome.INCONCLUSIVE, "Undecided"),
        ):
            found = [verdict for verdict in gates if verdict.outcome is outcome]
            if found:
                more = f", and {len(found) - 1} more" if len(found) > 1 else ""
                return f"{opening}: {_in_short(found[0])}{more}."
        service = self._service()
        return f"{self._passed()}: {service}." if gates else f"{service[0].upper()}{service[1:]}."

    def _passed(self) -> str:
        amount = len(self.gates)
        return "The one gating target is met" if amount == 1 else f"All {amount} gating targets met"

    def _service(self) -> str:
        """What the system did, in one clause."""
        if self.succeeded.count == 0:
            return "no request succeeded"
        p50, p95 = (self.succeeded.percentile(percent) / 1000 for percent in (50, 95))
        failures = sum(stats.failures for stats in self.seen.endpoints())
        failed = f"{figures.count(failures)} failed" if failures else "none failed"
        return (
            f"half of {figures.count(self.total_requests)} requests answered within "
            f"{figures.figure(p50, 'ms')}, 95 % within {figures.figure(p95, 'ms')}, {failed}"
        )

    @cached_property
    def total_requests(self) -> int:
        """Requests of the measured steps."""
        return sum(stats.requests for stats in self.seen.endpoints())

    def figure(self, metric: str, statistic: str) -> Measured | Unavailable:
        """A metric of the whole run."""
        return measure(self.seen, metric, statistic)

    def key_facts(self) -> list[Fact]:
        """The handful of figures a person looks for first."""
        facts = [
            self.fact(f"{percentile} latency", "latency", percentile)
            for percentile in ("p50", "p95", "p99")
        ]
        facts.append(self.fact("failed", "error_rate", "share"))
        rate = self.fact("reached a pod", "throughput", "total")
        if not self.seen.own_system:
            rate = self.fact("answered well", "request_rate", "mean")
        return [*facts, rate, self._size()]

    def _size(self) -> Fact:
        """How large the load was meant to be."""
        load = self.run.what.load
        if isinstance(load, ClosedLoad):
            return Fact("virtual users", figures.count(load.users))
        return Fact("load", load_words.brief(load))

    def fact(self, label: str, metric: str, statistic: str) -> Fact:
        """A metric as a fact: with its interval, or the reason why it is missing."""
        found = self.figure(metric, statistic)
        if isinstance(found, Unavailable):
            return Fact(label, figures.MISSING, found.reason)
        note = "" if found.interval is None else figures.interval(found.interval, found.unit)
        return Fact(label, figures.figure(found.value, found.unit), note)

    def load_facts(self) -> list[Fact]:
        """Offered, achieved and dropped; and what the pods made of it."""
        steps = self.run.measured_steps()
        achieved = sum(step.arrivals.achieved for step in steps)
        dropped = sum(step.arrivals.dropped for step in steps)
        rate = offered_rate(self.seen)
        offered = Fact("offered", figures.MISSING, "the journeys do not say")
        if rate is not None:
            amount = figures.count(rate * self.seen.seconds)
            offered = Fact("offered", figures.figure(rate, "req/s"), f"{amount} requests")
        per_second = achieved / self.seen.seconds if self.seen.seconds else 0.0
        return [
            offered,
            Fact(
                "achieved",
                figures.figure(per_second, "req/s"),
                f"{figures.count(achieved)} requests",
            ),
            Fact("dropped", figures.count(dropped), "arrivals nobody was free to send"),
            self.fact("refused by a rate limit", "refusal_rate", "share"),
        ]

    def throughput_facts(self) -> list[Fact]:
        """What reached the pods, per unit of what carried it."""
        return [
            self.fact("reached a pod", "throughput", "total"),
            self.fact("per pod", "throughput", "per_pod"),
            self.fact("per vCPU of the machine", "throughput", "per_vcpu"),
            self.fact("per CPU second of the pods", "throughput", "per_pod_cpu_second"),
            self.fact("pod CPU per request", "pod_cpu_per_request", "mean"),
        ]

    def endpoint_rows(self) -> list[EndpointRow]:
        """Every endpoint of the measured steps, the most requested first."""
        together: dict[str, list[EndpointStats]] = {}
        for stats in self.seen.everything():
            together.setdefault(name(stats), []).append(stats)
        rows = [self._endpoint_row(label, parts) for label, parts in together.items()]
        return sorted(rows, key=lambda row: -row.requests)

    def _endpoint_row(self, label: str, parts: Sequence[EndpointStats]) -> EndpointRow:
        requests = sum(part.requests for part in parts)
        well = Histogram.merged(Histogram.decode(part.corrected) for part in parts)
        sent = Histogram.merged(Histogram.decode(part.raw) for part in parts)
        received = sum(part.bytes_received for part in parts)
        return EndpointRow(
            label,
            requests,
            requests / self.seen.seconds if self.seen.seconds else 0.0,
            sum(part.failures for part in parts),
            sum(part.refusals for part in parts),
            percentile_ms(well, 50),
            percentile_ms(well, 95),
            percentile_ms(well, 99),
            well.maximum() / 1000 if well.count else None,
            percentile_ms(sent, 95),
            received / requests if requests else None,
        )

    def error_rows(self) -> list[ErrorRow]:
        """Failures by kind and endpoint, the most frequent first."""
        counts: dict[tuple[str, str], int] = {}
        requests: dict[str, int] = {}
        for stats in self.seen.everything():
            requests[name(stats)] = requests.get(name(stats), 0) + stats.requests
            for kind, amount in stats.errors.items():
                key = (kind, name(stats))
                counts[key] = counts.get(key, 0) + amount
        rows = [
            ErrorRow(kind, endpoint, amount, amount / requests[endpoint])
            for (kind, endpoint), amount in counts.items()
        ]
        return sorted(rows, key=lambda row: (-row.count, row.kind, row.endpoint))

    def answer_rows(self) -> list[tuple[str, Measured | Unavailable]]:
        """The share of requests whose deepest layer was each of nginx, pods, caches, database."""
        return [(words, self.figure("answered_by", layer)) for layer, words in LAYERS]


def percentile_ms(latencies: Histogram, percent: float) -> float | None:
    """A percentile in milliseconds; None of an empty histogram."""
    return latencies.percentile(percent) / 1000 if latencies.count else None


def _in_short(verdict: Verdict) -> str:
    """A gate that is not met, as a clause: what was measured where what is asked for."""
    target = verdict.target
    where = f" of {' and '.join(target.endpoints)}" if target.endpoints else ""
    what = (target.metric or target.id).replace("_", " ")
    if target.statistic not in (None, "share", "mean"):
        what = f"{target.statistic.replace('_', ' ')} {what}"
    value, bound = verdict.value, target.limit
    if target.section == "drill":
        broken = verdict.outcome is Outcome.NOT_MET and value is not None
        seen = figures.figure(value, verdict.unit) if broken else verdict.reason
        return f"{target.text} ({seen})"
    if verdict.outcome is not Outcome.NOT_MET or value is None or bound is None or not target.op:
        return f"{what}{where}: {verdict.reason}"
    promised = figures.promise(target.op, bound, target.unit or "")
    return f"{what}{where} is {figures.figure(value, verdict.unit)} where {promised} is asked for"
