"""The HTML page: content and charts put into the templates."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from capacity import figures, load_words
from capacity.measured import Unavailable
from capacity.metrics import percentile_of
from capacity.run import Drilled
from capacity.verdicts import Outcome, Verdict
from reports import drill, soak
from reports.charts import curve, selection
from reports.charts.over_time import Drawn, TimeAxis, TimeChart, render
from reports.charts.slo_limits import with_limits
from reports.digest import Digest, Fact
from reports.drill import Failures, Moment
from reports.steps import step_rows
from reports.table import Row, row

if TYPE_CHECKING:
    from jinja2 import Environment

NOT_VISIBLE = "Not visible: a system hmb does not run."
_BAR_REACH = 1.5
"""The bar beside a verdict ends at this many times the limit."""
_PARTED = re.compile(
    r"(?<=\d) (?=(?:%|ms|s|min|h|bytes|kB|MB|GB|TB|req/s|m?cores|pods|users|USD)(?![\w/]))"
)
"""A space that stands between a number and its unit."""


@dataclass(frozen=True, slots=True)
class Bar:
    """Where a figure lies against its limit, in percent of a bar's width."""

    value: float
    low: float
    high: float
    limit: float
    words: str


@dataclass(frozen=True, slots=True)
class Assertion:
    """A verdict as a row of the page."""

    verdict: Verdict
    row: Row
    bar: Bar | None


@dataclass(frozen=True, slots=True)
class Group:
    """Assertions of a kind, with the heading over them."""

    title: str
    note: str
    rows: list[Assertion]


@dataclass(frozen=True, slots=True)
class Drill:
    """What the page tells of a drill."""

    text: str
    note: str
    moments: list[Moment]
    facts: list[Fact]
    failures: list[Failures]
    checks: dict[str, bool]
    lost: list[str]
    doubled: list[str]

    @classmethod
    def of(cls, digest: Digest, drilled: Drilled, happened: list[Moment]) -> "Drill":
        """Everything that is to be told of `drilled`."""
        ledger = drilled.ledger
        return cls(
            *drill.words(drilled),
            happened,
            drill.facts(digest, drilled),
            drill.failures(drilled),
            drilled.checks,
            ledger.lost if ledger else [],
            ledger.doubled if ledger else [],
        )


def html(digest: Digest) -> str:
    """The whole report as one HTML document that loads nothing."""
    drilled = digest.run.drill
    happened = drill.moments(drilled) if drilled else []
    marks = [(one.at_s, one.mark) for one in happened]
    axis = TimeAxis.of(digest.run, digest.seen.timeline, marks)
    own = digest.seen.own_system
    targets = [verdict.target for verdict in digest.verdicts]

    def charts(*wanted: TimeChart) -> list[Drawn]:
        limited = [with_limits(chart, targets) for chart in wanted]
        return [drawn for chart in limited if (drawn := render(chart, axis))]

    return (
        templates()
        .get_template("report.html.j2")
        .render(
            digest=digest,
            run=digest.run,
            groups=groups(digest.verdicts),
            drill=None if drilled is None else Drill.of(digest, drilled, happened),
            drill_charts=charts(*selection.drill_charts(digest.seen)) if drilled else [],
            steps=step_rows(digest.run),
            load_charts=charts(*selection.load_charts(digest.seen)),
            latency_charts=[
                *charts(selection.latency_chart(digest.seen)),
                *filter(None, [curve.render(digest.succeeded, digest.as_sent, _limits(digest))]),
            ],
            answer_charts=charts(*selection.answer_charts(digest.seen)) if own else [],
            answer_shares=_answer_shares(digest) if own else [],
            tier_charts=charts(*selection.tier_charts(digest.seen)) if own else [],
            generator_charts=charts(selection.generator_chart(digest.seen)),
            soak=soak.lines(digest.trends),
            fingerprint=fingerprint(digest),
            not_visible=NOT_VISIBLE,
            own=own,
        )
    )


@cache
def templates() -> "Environment":
    """Where the pages' templates are: everything put into one is escaped."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("reports"),
        autoescape=True,
        finalize=with_its_unit,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"figures": figures, "load_words": load_words}
    return environment


def with_its_unit(value: object) -> object:
    """Text in which no line ends between a number and its unit; all else as it is."""
    return _PARTED.sub("\N{NO-BREAK SPACE}", value) if type(value) is str else value


def groups(verdicts: Sequence[Verdict]) -> list[Group]:
    """The verdicts by what they decide and how they came about, in that order."""
    parts: dict[str, tuple[str, list[Verdict]]] = {
        "Gates": ("These decide the exit code.", []),
        "Also judged": ("These inform; they do not decide.", []),
        "By arithmetic": ("The claims' own numbers put together, whatever was measured.", []),
        "Not judged by this run": ("Why not, and what would.", []),
    }
    for verdict in verdicts:
        parts[_part(verdict)][1].append(verdict)
    return [
        Group(title, note, [Assertion(one, row(one), _bar(one)) for one in found])
        for title, (note, found) in parts.items()
        if found
    ]


def _part(verdict: Verdict) -> str:
    if verdict.target.gate:
        return "Gates"
    if verdict.outcome is Outcome.NOT_MEASURED:
        return "Not judged by this run"
    return "By arithmetic" if verdict.evidence == "claimed" else "Also judged"


def _bar(verdict: Verdict) -> Bar | None:
    bound = verdict.target.limit
    if verdict.value is None or not bound or bound <= 0 or verdict.outcome is Outcome.NOT_MEASURED:
        return None
    whole = bound * _BAR_REACH
    if verdict.target.unit == "%" and bound > 50:
        whole = 100.0  # a share ends there

    def place(value: float) -> float:
        return round(100 * min(max(value / whole, 0.0), 1.0), 1)

    bounds = verdict.interval
    low = verdict.value if bounds is None or bounds.low is None else bounds.low
    high = verdict.value if bounds is None else whole if bounds.high is None else bounds.high
    words = f"{figures.figure(verdict.value, verdict.unit)} against {row(verdict).limit}"
    return Bar(place(verdict.value), place(low), place(high), place(bound), words)


def _limits(digest: Digest) -> list[tuple[float, float]]:
    """Limits on the latency of all requests, for the curve."""
    return [
        (percent, one.target.limit)
        for one in digest.verdicts
        if (one.target.gate or one.target.warn)
        and one.target.metric == "latency"
        and not one.target.endpoints
        and one.target.limit
        and (percent := percentile_of(one.target.statistic or ""))
    ]


def _answer_shares(digest: Digest) -> list[Fact]:
    facts = []
    for words, found in digest.answer_rows():
        if isinstance(found, Unavailable):
            facts.append(Fact(words, figures.MISSING, found.reason))
        else:
            bounds = figures.interval(found.interval, found.unit)
            facts.append(Fact(words, figures.figure(found.value, found.unit), bounds))
    return facts


def fingerprint(digest: Digest) -> list[Fact]:
    """What ran, where, and from which source."""
    run, machine = digest.run, digest.run.where.machine
    commit = run.where.commit or "unknown"
    changed = " with uncommitted changes" if run.where.dirty else ""
    topology = run.where.topology
    ended = f" to {run.ended_at:%H:%M:%S}" if run.ended_at else ", did not end"
    targets = run.what.slo_file or ("the blueprint" if digest.verdicts else "none")
    return [
        Fact("run", run.id),
        Fact("time", f"{run.started_at:%Y-%m-%d %H:%M:%S %Z}{ended}"),
        Fact("scenario", run.what.scenario),
        Fact("journeys", run.what.journeys),
        *([Fact("imported", run.what.imported)] if run.what.imported else []),
        Fact("load", load_words.full(run.what.load)),
        Fact(
            "duration",
            f"{figures.seconds(run.what.duration_s)} measured "
            f"after {figures.seconds(run.what.warmup_s)} of warm-up",
        ),
        Fact("seed", str(run.what.seed)),
        Fact("system under test", run.what.host),
        Fact("targets", targets),
        Fact("commit", commit[:12] + changed),
        Fact(
            "machine",
            f"{machine.cpu_model}, {figures.plural(machine.cores, 'core')}, "
            f"{figures.figure(float(machine.memory_bytes), 'bytes')} memory"
            if machine.cores
            else machine.cpu_model,
        ),
        Fact("software", f"{machine.system}, Python {machine.python}"),
        Fact(
            "versions", ", ".join(f"{name} {value}" for name, value in run.where.versions.items())
        ),
        Fact(
            "topology",
            ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in topology.items())
            if topology
            else NOT_VISIBLE,
        ),
    ]
