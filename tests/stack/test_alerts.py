"""Prometheus' rules: right by their own unit tests, and each alert with a page to act by."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

CHECKOUT = Path(__file__).resolve().parents[2]
FOLDER = CHECKOUT / "deploy" / "prometheus"
TESTS = sorted(FOLDER.glob("rules-tests/*.yml"))
_LEVELS = {
    "LatencyHigh": "> 0.5",
    "ErrorsHigh": "> 0.01",
    "PodCpuHigh": "> 0.8",
    "PodMemoryHigh": "> 0.85",
    "ReplicaLagging": "> 1",
    "PoolNearlyFull": "> 0.9",
}


def _rules(name: str) -> list[dict[str, Any]]:
    document = yaml.safe_load((FOLDER / "rules" / name).read_text("utf-8"))
    return [rule for group in document["groups"] for rule in group["rules"]]


ALERTS = _rules("alerts.yml")


@pytest.mark.parametrize(
    "words",
    [
        ["check", "rules", *map(str, sorted(FOLDER.glob("rules/*.yml")))],
        ["test", "rules", *map(str, TESTS)],
    ],
    ids=["they are rules", "they say what they should"],
)
def test_promtool_finds_nothing(words: list[str]) -> None:
    done = subprocess.run(["promtool", *words], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_levels_are_the_blueprints() -> None:
    levels = {alert["alert"]: alert["expr"] for alert in ALERTS}
    for name, level in _LEVELS.items():
        assert levels[name].endswith(level), name


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: str(alert["alert"]))
def test_every_alert_has_a_page_and_a_test(alert: dict[str, Any]) -> None:
    page = CHECKOUT / alert["annotations"]["runbook"]
    assert alert["alert"] in page.read_text("utf-8").splitlines()[0]
    tested = "".join(file.read_text("utf-8") for file in TESTS)
    firing = re.compile(rf"alertname: {alert['alert']}\n\s+eval_time: \S+\n\s+exp_alerts:\n")
    assert firing.search(tested), "no test sees it fire"


def test_no_rule_looks_further_back_than_prometheus_keeps() -> None:
    rules = ALERTS + _rules("targets.yml")
    windows = [int(days) for rule in rules for days in re.findall(r"\[(\d+)d\]", rule["expr"])]
    compose = (CHECKOUT / "docker-compose.production.yml").read_text("utf-8")
    (kept,) = re.findall(r"PROMETHEUS_RETENTION:-(\d+)d", compose)
    assert 0 < max(windows) <= int(kept)


def test_alerts_read_what_is_recorded() -> None:
    recorded = {rule["record"] for rule in _rules("targets.yml")}
    asked = {name for alert in ALERTS for name in re.findall(r"hmb:[a-z0-9_:]+", alert["expr"])}
    assert asked <= recorded
