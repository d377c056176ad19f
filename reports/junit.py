"""The verdicts as JUnit XML: what CI systems show as tests."""

import re
from collections.abc import Sequence
from xml.etree import ElementTree as Xml

from capacity.run import Run
from capacity.verdicts import Outcome, Verdict
from reports.table import Row, row

_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters XML 1.0 cannot hold, however escaped."""
_SKIPPED = (Outcome.INCONCLUSIVE, Outcome.NOT_MEASURED)


def junit(run: Run, verdicts: Sequence[Verdict]) -> str:
    """One test case per target, and one that says whether the run can be trusted.

    A gate not met is a failure, an undecided or unmeasured target is skipped,
    and what is not met without gating passes with its reason in the output.
    An invalid run, and a gate that could not be measured, are errors.
    """
    suite = Xml.Element(
        "testsuite",
        name=clean(f"hmb {run.what.scenario}"),
        timestamp=run.started_at.strftime("%Y-%m-%dT%H:%M:%S"),
        time=f"{run.what.warmup_s + run.what.duration_s:g}",
    )
    properties = Xml.SubElement(suite, "properties")
    Xml.SubElement(properties, "property", name="run", value=clean(run.id))
    Xml.SubElement(properties, "property", name="commit", value=clean(run.where.commit or ""))
    _validity(suite, run)
    for verdict in verdicts:
        _case(suite, verdict)
    return document(suite)


def document(suite: Xml.Element) -> str:
    """The whole document of one suite, its cases counted."""
    for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(attribute, str(len(suite.findall(f"testcase/{tag}"))))
    suite.set("tests", str(len(suite.findall("testcase"))))
    root = Xml.Element("testsuites")
    root.append(suite)
    Xml.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + Xml.tostring(root, "unicode") + "\n"


def clean(text: str) -> str:
    """`text` without what XML cannot hold."""
    return _FORBIDDEN.sub("�", text)


def _validity(suite: Xml.Element, run: Run) -> None:
    case = Xml.SubElement(suite, "testcase", classname="hmb.run", name="valid")
    for one in run.invalid:
        Xml.SubElement(case, "error", type=one.reason, message=clean(one.detail))


def _case(suite: Xml.Element, verdict: Verdict) -> None:
    told = row(verdict)
    case = Xml.SubElement(
        suite, "testcase", classname=f"hmb.{clean(verdict.target.section)}", name=told.id
    )
    message = clean(_message(told))
    if verdict.outcome is Outcome.NOT_MEASURED and verdict.target.gate:
        Xml.SubElement(case, "error", type=verdict.outcome.value, message=message)
    elif verdict.outcome in _SKIPPED:
        Xml.SubElement(case, "skipped", message=f"{verdict.outcome.words}: {message}")
    elif verdict.outcome is not Outcome.MET and verdict.target.gate:
        Xml.SubElement(case, "failure", type=verdict.outcome.value, message=message)
    else:
        Xml.SubElement(case, "system-out").text = f"{verdict.words}: {message}"


def _message(told: Row) -> str:
    measured = f"{told.measured} ({told.evidence}) against {told.limit}; " if told.evidence else ""
    return f"{told.claim}: {measured}{told.reason}"
