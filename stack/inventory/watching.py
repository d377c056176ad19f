"""Facts of what watches: alerts and their levels, dashboards, workflows."""

import re
from pathlib import Path

import yaml

from capacity.audit.facts import Fact, Value
from stack.inventory.files import text

_ALERTS = "deploy/prometheus/rules/alerts.yml"
_DASHBOARDS = "deploy/grafana/dashboards"
_WORKFLOWS = ".github/workflows"
_LEVELS = {
    "latency_s": "LatencyHigh",
    "errors_share": "ErrorsHigh",
    "cpu_share": "PodCpuHigh",
    "memory_share": "PodMemoryHigh",
}
_ABOVE = re.compile(r">\s*(\d+(?:\.\d+)?)\s*$")


def facts(home: Path) -> dict[str, Fact]:
    """The level of each alert that the blueprint names, and what else watches."""
    document = yaml.safe_load(text(home, _ALERTS)) or {}
    rules = {
        rule["alert"]: str(rule["expr"])
        for group in document.get("groups", [])
        for rule in group["rules"]
        if "alert" in rule
    }
    found: dict[str, Fact] = {"alerts.names": Fact(tuple(rules), _ALERTS)}
    for name, alert in _LEVELS.items():
        level = _ABOVE.search(rules.get(alert, ""))
        found[f"alerts.{name}"] = Fact(float(level[1]) if level else None, _ALERTS)
    dashboards = len(list((home / _DASHBOARDS).glob("*.json")))
    workflows: Value = tuple(sorted(one.stem for one in (home / _WORKFLOWS).glob("*.yml")))
    found["dashboards"] = Fact(dashboards, _DASHBOARDS)
    found["workflows"] = Fact(workflows, _WORKFLOWS)
    return found
