"""A comparison as JSON, Markdown, GitHub's annotations and JUnit XML."""

import json
from typing import Any
from xml.etree import ElementTree as Xml

from capacity.compare.findings import Comparison, Finding, Outcome
from reports.annotations import command
from reports.comparison import words
from reports.junit import clean, document
from reports.markdown import plain, table

DOCUMENT_VERSION = 1


def as_json(found: Comparison) -> str:
    """The comparison as a JSON document.

    `version` (of this shape), `state`, `exit_code`, `headline`, `scenario`, `design`, `rounds`,
    `base` and `head` {name, runs, commit}, `notes`, `invalid`,
    `findings` [{endpoint, statistic, unit, outcome, base, head, change, low, high, chance,
    minimum_effect, scale, decides, reason}].

    `change`, `low` and `high` are shares of the base where `scale` is ratio (0.1 is 10 %), else
    in `unit`. What is not known is null.
    """
    told = {
        "version": DOCUMENT_VERSION,
        "state": words.state(found),
        "exit_code": found.exit_code,
        "headline": words.headline(found),
        "scenario": found.scenario,
        "design": found.design.value,
        "rounds": found.rounds,
        **{
            side: {"name": one.name, "runs": list(one.runs), "commit": one.commit}
            for side, one in (("base", found.base), ("head", found.head))
        },
        "notes": found.notes,
        "invalid": found.invalid,
        "findings": [_finding(one) for one in found.findings],
    }
    return json.dumps(told, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _finding(one: Finding) -> dict[str, Any]:
    return {
        "endpoint": one.endpoint,
        "statistic": one.statistic.id,
        "unit": one.statistic.unit,
        "outcome": one.outcome.value,
        "base": one.base,
        "head": one.head,
        "change": one.change,
        "low": one.low,
        "high": one.high,
        "chance": one.chance,
        "minimum_effect": one.statistic.minimum_effect,
        "scale": one.statistic.scale,
        "decides": one.decides,
        "reason": one.reason,
    }


def markdown(found: Comparison) -> str:
    """Headline, notes and every finding as GitHub's Markdown: a step summary, a comment."""
    warnings = [f"> **Invalid**: {plain(one)}" for one in found.invalid]
    warnings += [f"> {plain(one)}" for one in found.notes]
    body = [
        [
            f"{row.symbol} {row.outcome.value}",
            *(
                plain(text)
                for text in (row.figure, row.base, row.head, row.change, row.interval, row.reason)
            ),
        ]
        for row in words.rows(found)
    ]
    head = ("Outcome", "Figure", "Base", "Head", "Change", "95 % interval", "Why")
    parts = [
        f"# {plain(words.headline(found))}",
        plain(f"{words.made_of(found)}; {words.counts(found)}"),
        *warnings,
        table(head, body, 0) if body else "No figure was measured.",
        plain(words.rule(found.findings)),
    ]
    return "\n\n".join(parts) + "\n"


def annotations(found: Comparison) -> str:
    """GitHub's workflow commands: an error for each figure that is worse, a line for the rest.

    A workflow that prints them shows them on the pull request.
    """
    lines = [command("error", "run invalid", one) for one in found.invalid]
    for one in found.of(Outcome.WORSE):
        row = words.row(one)
        text = f"{row.base} to {row.head}, {row.change} ({row.interval})"
        lines.append(command("error", f"worse: {row.figure}", text))
    level = "notice" if found.exit_code == 0 else "warning"
    title = f"performance gate: {words.state(found)}"
    lines.append(command(level, title, f"{words.headline(found)} {words.made_of(found)}"))
    return "".join(f"{line}\n" for line in lines)


def junit(found: Comparison) -> str:
    """One test case per finding: worse fails, open is skipped; an invalid run is an error."""
    suite = Xml.Element("testsuite", name=clean(f"hmb compare {found.scenario}"))
    case = Xml.SubElement(suite, "testcase", classname="hmb.compare", name="valid")
    for reason in found.invalid:
        Xml.SubElement(case, "error", type="invalid", message=clean(reason))
    for one in found.told:
        row = words.row(one)
        case = Xml.SubElement(suite, "testcase", classname="hmb.compare", name=clean(row.figure))
        message = clean(f"{row.base} to {row.head}, {row.change} ({row.interval}): {row.reason}")
        if one.outcome is Outcome.WORSE:
            Xml.SubElement(case, "failure", type="worse", message=message)
        elif one.outcome is Outcome.INCONCLUSIVE:
            Xml.SubElement(case, "skipped", message=message)
        else:
            Xml.SubElement(case, "system-out").text = f"{one.outcome.value}: {message}"
    return document(suite)
