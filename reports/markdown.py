"""The report as Markdown: for a terminal, a pull request or a CI summary."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from capacity import figures, load_words
from capacity.run import Run
from capacity.verdicts import Verdict
from reports import drill, soak
from reports.digest import Digest, Fact
from reports.steps import step_rows
from reports.table import rows

if TYPE_CHECKING:
    import pandas as pd

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~])")


def markdown(run: Run, timeline: "pd.DataFrame", verdicts: Sequence[Verdict]) -> str:
    """Headline, verdicts, load, endpoints and errors of a run, as GitHub's Markdown."""
    digest = Digest(run, timeline, verdicts)
    parts = [
        f"# {plain(digest.headline())}",
        plain(
            f"{digest.state}: {run.what.scenario}, {load_words.brief(run.what.load)}, "
            f"{figures.seconds(run.what.duration_s)} after "
            f"{figures.seconds(run.what.warmup_s)} of warm-up; run {run.id}"
        ),
        *_warnings(digest),
        "## Assertions",
        _verdicts(digest.verdicts),
        *_drill(digest),
        "## Load",
        _facts([*digest.load_facts(), *digest.key_facts()]),
        plain(digest.people),
        plain(digest.bottleneck),
        _steps(run),
        *_soak(digest),
        "## Endpoints",
        _endpoints(digest),
        "## Errors",
        _errors(digest),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def plain(text: str) -> str:
    """Text that Markdown shows as it is."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def _warnings(digest: Digest) -> list[str]:
    lines = [f"> **Invalid**: {plain(one.detail)}" for one in digest.run.invalid]
    if digest.run.what.imported:
        lines.append(f"> **Imported**: {plain(digest.run.what.imported)}")
    if digest.incomplete:
        lines.append(f"> **Incomplete**: {plain(digest.incomplete)}")
    if digest.stopped:
        lines.append(f"> **Stopped early**: {plain(digest.stopped)}")
    if digest.disturbed:
        lines.append(f"> **Disturbed**: {plain(digest.disturbed)}")
    return lines


def table(head: Sequence[str], body: Sequence[Sequence[str]], numbers: int) -> str:
    """A table whose last `numbers` columns are right-aligned."""
    words = len(head) - numbers
    lines = [head, ["---"] * words + ["---:"] * numbers, *body]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _verdicts(verdicts: Sequence[Verdict]) -> str:
    if not verdicts:
        return "No target was set."
    body = [
        [
            f"{row.symbol} {row.words}",
            f"{'**' if row.gate else ''}{plain(row.id)}{'**' if row.gate else ''}",
            plain(row.claim),
            plain(f"{row.measured} ({row.evidence})" if row.evidence else row.measured),
            plain(row.limit),
            plain(row.interval),
            plain(row.samples),
            plain(row.reason),
        ]
        for row in rows(verdicts)
    ]
    head = ("Outcome", "Target", "Claim", "Measured", "Limit", "95 % interval", "Samples", "Why")
    return table(head, body, 0) + "\n\nTargets in bold decide the exit code."


def _soak(digest: Digest) -> list[str]:
    """Slopes of memory and connections; nothing for a run too short to tell."""
    lines = soak.lines(digest.trends)
    if not lines:
        return []
    body = [
        [
            f"{line.symbol} {line.course}",
            *map(plain, (line.what, line.level, line.growth, line.interval, line.allowed)),
        ]
        for line in lines
    ]
    head = ("Verdict", "Gauge", "Level", "Growth", "95 % interval, an hour", "Allowed")
    return ["## Soak", table(head, body, 4)]


def _drill(digest: Digest) -> list[str]:
    """What was broken when, and what came of it; nothing for an ordinary run."""
    drilled = digest.run.drill
    if drilled is None:
        return []
    lines = [f"- {one.at_s:.1f} s: {one.mark}: {plain(one.text)}" for one in drill.moments(drilled)]
    lines += [
        f"- {'holds' if holds else 'does not hold'}: {plain(words)}"
        for words, holds in drilled.checks.items()
    ]
    body = [
        [str(one.second), one.sort, plain(one.kind), figures.count(one.count)]
        for one in drill.failures(drilled)
    ]
    told = ["## Drill", plain(" ".join(drill.words(drilled))), "\n".join(lines)]
    told.append(_facts(drill.facts(digest, drilled)))
    return (
        [*told, table(("Second", "Request", "What went wrong", "Times"), body, 1)] if body else told
    )


def _facts(facts: Sequence[Fact]) -> str:
    return "\n".join(
        f"- {plain(fact.label)}: {plain(fact.text)}"
        + (f" ({plain(fact.note)})" if fact.note else "")
        for fact in facts
    )


def _steps(run: Run) -> str:
    """The measured steps side by side; nothing when there is only one."""
    found = step_rows(run)
    if len(found) < 2:
        return ""
    body = [
        [
            plain(row.name),
            figures.figure(row.offered, "req/s"),
            figures.figure(row.achieved, "req/s"),
            figures.count(row.dropped),
            figures.count(row.failures),
            *(figures.figure(value, "ms") for value in (row.p50, row.p95, row.p99)),
        ]
        for row in found
    ]
    head = ("Step", "Offered", "Achieved", "Dropped", "Failed", "p50", "p95", "p99")
    return table(head, body, 7)


def _endpoints(digest: Digest) -> str:
    found = digest.endpoint_rows()
    if not found:
        return "No request ended in the measured time."
    body = [
        [
            plain(row.name),
            figures.count(row.requests),
            figures.count(row.failures),
            figures.count(row.refusals),
            *(figures.figure(value, "ms") for value in (row.p50, row.p95, row.p99, row.longest)),
        ]
        for row in found
    ]
    head = ("Endpoint", "Requests", "Failed", "Refused", "p50", "p95", "p99", "Longest")
    return table(head, body, 7)


def _errors(digest: Digest) -> str:
    found = digest.error_rows()
    if not found:
        return "No request failed in the measured time."
    body = [[plain(row.kind), plain(row.endpoint), figures.count(row.count)] for row in found]
    return table(("What went wrong", "Endpoint", "Times"), body, 1)
