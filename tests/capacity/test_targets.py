"""The blueprint as data: every claim there, each judgeable or with a reason."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from capacity import arithmetic
from capacity.arithmetic import load
from capacity.audit.blueprint import BlueprintError, read_blueprint
from capacity.slo import blueprint_targets
from capacity.targets import Target

SERVICE = {
    "latency-p50", "latency-p95", "latency-p99", "throughput", "throughput-pod", "error-rate",
    "uptime", "static-latency", "health-latency", "login-latency", "feed-latency",
    "post-latency", "search-latency", "upload-latency", "ws-latency", "cache-hit",
    "replica-lag", "loadtest-steps",
}  # fmt: skip
CAPACITY = {
    "slots", "threads", "db-connections", "redis-connections", "websockets", "db-qps",
    "redis-ops", "lb-rps", "autoscale", "reads", "max-requests", "scale", "before-after",
}  # fmt: skip


def test_every_service_and_capacity_claim_is_there() -> None:
    targets = blueprint_targets()
    assert {target.id for target in targets if target.section == "service"} == SERVICE
    assert {target.id for target in targets if target.section == "capacity"} == CAPACITY


@pytest.mark.parametrize(
    ("claim", "op", "limit", "unit"),
    [
        ("latency-p50", "<", 100, "ms"),
        ("latency-p95", "<", 200, "ms"),
        ("latency-p99", "<", 500, "ms"),
        ("error-rate", "<", 0.1, "%"),
        ("throughput", ">=", 5000, "req/s"),
        ("throughput-pod", ">=", 500, "req/s"),
        ("static-latency", "<=", 50, "ms"),
        ("health-latency", "<=", 10, "ms"),
        ("login-latency", "<=", 100, "ms"),
        ("search-latency", "<=", 300, "ms"),
        ("cache-hit", ">", 80, "%"),
        ("replica-lag", "<", 1, "s"),
        ("reads", ">=", 90, "%"),
        ("db-qps", ">=", 10_000, "queries/s"),
        ("redis-ops", ">=", 100_000, "commands/s"),
        ("lb-rps", ">=", 10_000, "req/s"),
        ("db-connections", "<=", 60, "connections"),
        ("redis-connections", "<=", 50, "connections"),
    ],
)
def test_limits_are_those_that_were_promised(claim: str, op: str, limit: float, unit: str) -> None:
    (target,) = [target for target in blueprint_targets() if target.id == claim]
    assert (target.op, target.limit, target.unit) == (op, limit, unit)


def test_a_blueprint_with_an_id_twice_is_refused(tmp_path: Path) -> None:
    claim = '[[claim]]\nid = "x"\ntext = "y"\nvalue = "1"\nnot_measured = "z"\n'
    path = tmp_path / "blueprint.toml"
    path.write_text(claim * 2)
    with pytest.raises(BlueprintError, match="more than one claim named x"):
        read_blueprint(path)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "needs a metric, a check, or not_measured"),
        ({"not_measured": "no", "gate": True}, "cannot gate"),
        ({"metric": "latency", "statistic": "p95"}, "needs op and limit"),
        ({"check": {"name": "worker-lief", "numbers": {}}}, 'did you mean "worker-life"'),
        ({"check": {"name": "worker-life", "numbers": {"rate": 1}}}, "wants the numbers"),
        ({"not_measured": "no", "colour": "red"}, "Extra inputs"),
    ],
)
def test_a_claim_that_cannot_be_judged_is_refused(fields: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Target.model_validate({"id": "x", "text": "y", **fields})


def _finding(claim: str) -> arithmetic.Finding:
    (target,) = [target for target in blueprint_targets() if target.id == claim]
    assert target.check is not None
    return arithmetic.check(target.check.name, target.check.numbers)


def test_160_slots_do_not_carry_5000_requests() -> None:
    found = _finding("slots")
    assert not found.consistent
    # 160 slots at p50 65 ms, p95 165 ms: mean 76.3 ms, 2,097 req/s, 382 busy slots for 5,000
    for figure in ("2,097", "76.3 ms", "32.0 ms", "382"):
        assert figure in found.sentence


def test_enough_slots_would_carry_them() -> None:
    enough = load.slots_for_rate(400, 5000, 50, 150, 65, 165)
    assert enough.consistent


def test_a_worker_recycled_after_1000_requests_lives_seconds() -> None:
    found = _finding("max-requests")
    assert not found.consistent
    assert found.value == pytest.approx(8.8)
    assert load.worker_life(1000, 100, 0.01, 24).consistent


def test_a_million_registered_ask_for_271_a_second_at_the_peak() -> None:
    found = _finding("scale")
    assert found.consistent
    assert found.value == pytest.approx(270.8, abs=0.05)


def test_a_million_at_once_would_ask_every_200_seconds() -> None:
    found = load.users_for_rate(5000, 1_000_000, 0.15, 1.3, 40, 3, 12)
    assert not found.consistent
    assert found.value == 200
    assert "271 req/s" in found.sentence
    assert load.users_for_rate(5000, 50_000, 0.15, 1.3, 40, 3, 12).consistent


def test_a_mean_over_a_p95_is_no_speedup() -> None:
    found = _finding("before-after")
    assert not found.consistent
    assert found.value == pytest.approx(500 / 76.3, rel=1e-3)
    assert load.like_with_like(500, 200, 6.5, 65, 165).consistent
