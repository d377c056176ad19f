"""What Prometheus gets to see: metrics from the app's sources, rules and alerts from files."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from docs.reference_pages.files import CHECKOUT
from docs.reference_pages.tables import code, plain, table

_KINDS = {"Counter": "counter", "Gauge": "gauge", "Histogram": "histogram"}
_EXPOSED = re.compile(r"# HELP (\S+) (.+)\n# TYPE \1 (\w+)")
UPTIME = "stack/uptime/server.py"


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric as it is declared."""

    name: str
    kind: str
    labels: tuple[str, ...]
    about: str
    file: str


def metrics() -> str:
    """Every metric of the app and of the uptime probe."""
    return table(
        ("metric", "kind", "labels", "is", "declared in"),
        (
            (
                code(one.name),
                one.kind,
                ", ".join(code(label) for label in one.labels),
                plain(one.about),
                code(one.file),
            )
            for one in declared()
        ),
    )


def declared() -> list[Metric]:
    """All metrics, by name."""
    files = sorted((CHECKOUT / "reference_app").rglob("*.py"))
    found = [one for file in files for one in _of_module(file)]
    text = (CHECKOUT / UPTIME).read_text(encoding="utf-8")
    found += [Metric(name, kind, (), about, UPTIME) for name, about, kind in _EXPOSED.findall(text)]
    return sorted(found, key=lambda one: one.name)


def rules() -> str:
    """The recording rules."""
    told = [(code(one["record"]), code(one["expr"])) for one in _rules() if "record" in one]
    return table(("series", "is"), told)


def alerts() -> str:
    """The alerts, each with its runbook."""
    return table(
        ("alert", "severity", "when", "for", "runbook"),
        (
            (
                code(one["alert"]),
                one["labels"]["severity"],
                code(one["expr"]),
                str(one.get("for", "at once")),
                _linked(one["annotations"]["runbook"]),
            )
            for one in _rules()
            if "alert" in one
        ),
    )


def _linked(runbook: str) -> str:
    return f"[{Path(runbook).stem}](../{runbook.removeprefix('docs/')})"


def _rules() -> Iterator[dict[str, Any]]:
    for file in sorted((CHECKOUT / "deploy/prometheus/rules").glob("*.yml")):
        for group in yaml.safe_load(file.read_text(encoding="utf-8"))["groups"]:
            yield from group["rules"]


def _of_module(file: Path) -> Iterator[Metric]:
    """The metrics a module declares with the classes of `prometheus_client`."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    known = {
        name.asname or name.name: _KINDS[name.name]
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "prometheus_client"
        for name in node.names
        if name.name in _KINDS
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in known:
            name, about, *labels = (ast.literal_eval(one) for one in node.args)
            yield Metric(
                name,
                known[node.func.id],
                tuple(labels[0]) if labels else (),
                about,
                str(file.relative_to(CHECKOUT)),
            )
