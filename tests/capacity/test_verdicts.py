"""Each outcome, its reason, and what it does to the exit code."""

import pandas as pd
import pytest

from capacity.run import Invalidity, Run
from capacity.slo import blueprint_targets
from capacity.validity import waiting
from capacity.verdicts import ExitCode, Outcome, Verdict, exit_code, judge
from tests.capacity.cases import EMPTY, ERRORS, run_of, target, verdict
from tests.reports.sample import sample_run, sample_timeline


def test_3000_clean_requests_meet_a_thousandth() -> None:
    found = verdict(run_of({10: 3000}), target(**ERRORS))
    assert found.outcome is Outcome.MET
    assert found.value == 0
    assert found.samples == 3000
    assert found.interval is not None
    assert found.interval.high == pytest.approx(0.0998, abs=0.0002)


def test_too_few_clean_requests_are_inconclusive_and_say_how_many_it_takes() -> None:
    found = verdict(run_of({10: 2000}), target(**ERRORS))
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "0 to 0.150 %" in found.reason
    assert "2,995 are needed" in found.reason


def test_many_errors_do_not_meet_it() -> None:
    found = verdict(run_of({10: 2950}, failures=50), target(**ERRORS))
    assert found.outcome is Outcome.NOT_MET
    assert found.reason.startswith("at least 1.24 %")


def test_refusals_are_neither_errors_nor_successes() -> None:
    with_refusals = verdict(run_of({10: 3000}, refusals=500), target(**ERRORS))
    assert with_refusals.samples == 3000
    refused = target(metric="refusal_rate", statistic="share", limit=1, unit="%")
    assert verdict(run_of({10: 3000}, refusals=500), refused).outcome is Outcome.NOT_MET


def test_a_run_that_only_failed_missed_its_latency_and_is_no_invalid_run() -> None:
    run = run_of(failures=100)
    found = verdict(run, target())
    assert found.outcome is Outcome.NOT_MET
    assert found.reason == "no request succeeded, 100 failed"
    assert exit_code(run, [found]) == ExitCode.SLO_FAILED
    atleast = verdict(run, target(op=">", limit=5))
    assert atleast.outcome is Outcome.NOT_MEASURED


@pytest.mark.parametrize(("failures", "refusals"), [(3, 0), (0, 100)])
def test_few_failures_or_mere_refusals_leave_no_latency_to_judge(
    failures: int, refusals: int
) -> None:
    found = verdict(run_of(failures=failures, refusals=refusals), target(statistic="p50"))
    assert found.outcome is Outcome.NOT_MEASURED
    assert "no latency to judge" in found.reason


def test_seconds_that_agree_prove_no_more_than_their_requests() -> None:
    run = sample_run()
    timeline = sample_timeline(run)
    for name in [one for one in timeline.columns if ".reads_" in one]:
        timeline[name] = 0.0
    timeline["pod.backend-1.reads_replica"] = 1.0
    found = blueprint(run, timeline)["reads"]
    assert (found.value, found.samples) == (100.0, 30)
    assert found.interval is not None
    # 30 of 30 leaves a share of 0.05 ** (1 / 30) open
    assert found.interval.low == pytest.approx(90.5, abs=0.05)
    timeline["pod.backend-1.reads_replica"] = 0.8
    assert blueprint(run, timeline)["reads"].outcome is Outcome.INCONCLUSIVE


@pytest.mark.parametrize(
    ("ms", "outcome"),
    [(199, Outcome.MET), (201, Outcome.NOT_MET)],
)
def test_a_sharp_latency_is_judged_at_the_limit(ms: float, outcome: Outcome) -> None:
    assert verdict(run_of({ms: 1000}), target()).outcome is outcome


def test_a_quantile_whose_interval_straddles_the_limit_is_inconclusive() -> None:
    # p95 of 100: ranks 90 to 99 enclose it; 93 fast and 7 slow leave it open
    found = verdict(run_of({100: 93, 300: 7}), target())
    assert found.outcome is Outcome.INCONCLUSIVE
    assert found.interval is not None
    assert found.interval.low == pytest.approx(100, rel=2e-3)
    assert found.interval.high == pytest.approx(300, rel=2e-3)
    assert "reaches across the limit" in found.reason


def test_too_few_requests_for_a_p99_say_how_many_it_takes() -> None:
    found = verdict(run_of({10: 100}), target(statistic="p99"))
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "100 samples, 368 are needed" in found.reason


def test_few_requests_can_still_miss_a_p99() -> None:
    found = verdict(run_of({10: 10, 900: 90}), target(statistic="p99", limit=500))
    assert found.outcome is Outcome.NOT_MET


def test_one_request_bounds_nothing() -> None:
    found = verdict(run_of({10: 1}), target(statistic="p50"))
    assert found.outcome is Outcome.INCONCLUSIVE
    assert found.reason == "too few to bound it: 1 request"


def test_minimum_samples_come_first() -> None:
    found = verdict(run_of({10: 99}), target(statistic="p50", minimum_samples=100))
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "99 requests are too few; 100 are asked for" in found.reason
    found = verdict(run_of({10: 1}), target(statistic="p50", minimum_samples=100))
    assert "1 request is too few; 100 are asked for" in found.reason


def test_latency_is_judged_from_the_intended_start() -> None:
    run = run_of({10: 1000})
    late = run_of({900: 1000}).endpoints[0].corrected
    stats = run.endpoints[0].model_copy(update={"corrected": late})
    found = verdict(run.model_copy(update={"endpoints": [stats]}), target())
    assert found.outcome is Outcome.NOT_MET


@pytest.mark.parametrize("method", ["SOCKET", "STORE"])
def test_what_happens_beside_the_requests_has_targets_of_its_own(method: str) -> None:
    run = run_of({20: 4_000})
    slow = run_of({900: 4_000}, failures=4_000).endpoints[0]
    beside = slow.model_copy(update={"method": method, "endpoint": "/{object}"})
    run = run.model_copy(update={"endpoints": [*run.endpoints, beside]})
    assert verdict(run, target()).outcome is Outcome.MET
    assert verdict(run, target(**ERRORS)).outcome is Outcome.MET
    assert verdict(run, target(endpoints=[f"{method} *"])).outcome is Outcome.NOT_MET
    assert waiting(run.endpoints) == {"measured": pytest.approx(80, rel=0.01)}


def test_the_warm_up_does_not_count() -> None:
    run = run_of({10: 1000})
    slow = run_of({5000: 1000}).endpoints[0].model_copy(update={"step": "warm-up"})
    found = verdict(run.model_copy(update={"endpoints": [*run.endpoints, slow]}), target())
    assert found.outcome is Outcome.MET


def test_an_endpoint_nobody_asked_for_is_not_measured_and_makes_a_gate_invalid() -> None:
    run = run_of({10: 1000})
    found = verdict(run, target(endpoints=["GET /job"]))
    assert found.outcome is Outcome.NOT_MEASURED
    assert "GET /job (nearest: GET /jobs)" in found.reason
    assert exit_code(run, [found]) == ExitCode.INVALID


def test_an_endpoint_is_found_by_glob_with_or_without_its_method() -> None:
    run = sample_run()
    for pattern in ("POST */auth/login", "/api/v1/auth/login", "*login"):
        found = verdict(run, target(endpoints=[pattern]))
        assert found.samples is not None
        assert 0 < found.samples < 100


# --- the tiers ---


def blueprint(run: Run, timeline: pd.DataFrame) -> dict[str, Verdict]:
    return {found.target.id: found for found in judge(run, timeline, blueprint_targets())}


def test_a_healthy_run_passes_and_every_claim_has_a_verdict_and_a_reason() -> None:
    run = sample_run()
    found = blueprint(run, sample_timeline(run))
    assert len(found) == len(blueprint_targets())
    assert all(one.reason and not one.reason.endswith(".") for one in found.values())
    assert exit_code(run, found.values()) == ExitCode.PASSED
    for claim in ("cache-hit", "replica-lag", "reads", "db-connections", "redis-connections"):
        assert found[claim].outcome is Outcome.MET, claim


def test_less_load_than_a_claim_speaks_of_never_counts_against_it() -> None:
    run = sample_run()
    found = blueprint(run, sample_timeline(run))
    for claim in ("throughput", "throughput-pod", "db-qps", "redis-ops", "lb-rps"):
        assert found[claim].outcome is Outcome.NOT_MEASURED, claim
        assert found[claim].value is not None, claim
    reason = found["throughput"].reason
    assert "offered 167 req/s" in reason
    assert "per vCPU of this machine reached a pod" in reason
    assert "per CPU second" in reason


def _offering(run: Run, rate: float, cores: int = 2) -> Run:
    steps = [
        step.model_copy(
            update={"arrivals": step.arrivals.model_copy(update={"offered": rate * step.seconds})}
        )
        for step in run.steps
    ]
    machine = run.where.machine.model_copy(update={"cores": cores})
    where = run.where.model_copy(update={"machine": machine})
    return run.model_copy(update={"steps": steps, "where": where})


def test_enough_load_on_another_machine_does_not_judge_ten_pods() -> None:
    run = _offering(sample_run(), 6000)
    found = blueprint(run, sample_timeline(run))["throughput"]
    assert found.outcome is Outcome.NOT_MEASURED
    assert "10 pods of a core each, this run had 3 on 2 cores" in found.reason


def test_enough_load_on_three_pods_judges_one_pod() -> None:
    run = _offering(sample_run(), 1600)
    found = blueprint(run, sample_timeline(run))["throughput-pod"]
    assert found.outcome is Outcome.NOT_MET


def test_a_rate_that_was_reached_is_met_whatever_was_offered() -> None:
    run = sample_run()
    timeline = sample_timeline(run)
    timeline.loc[:, [c for c in timeline if c.startswith("pod.") and c.endswith(".requests")]] = 600
    found = blueprint(run, timeline)
    assert found["throughput-pod"].outcome is Outcome.MET


def test_requests_nginx_answered_alone_are_no_throughput() -> None:
    run = sample_run()
    timeline = sample_timeline(run)
    pods = [c for c in timeline if c.startswith("pod.") and c.endswith(".requests")]
    timeline.loc[:, pods] = 10.0
    timeline["load.requests"] = 100.0
    per_pod = target(metric="throughput", statistic="total", op=">=", limit=1, unit="req/s")
    assert verdict(run, per_pod, timeline).value == pytest.approx(30)
    nginx = target(metric="answered_by", statistic="nginx", op="<", limit=80, unit="%")
    assert verdict(run, nginx, timeline).value == pytest.approx(70)


def test_failures_and_refusals_are_no_throughput() -> None:
    run = sample_run()
    timeline = sample_timeline(run)
    pods = [c for c in timeline if c.startswith("pod.") and c.endswith(".requests")]
    timeline.loc[:, pods] = 10.0
    timeline["load.failures"] = 2.0
    timeline["pod.backend-1.rate_limited"] = 3.0
    total = target(metric="throughput", statistic="total", op=">=", limit=1, unit="req/s")
    assert verdict(run, total, timeline).value == pytest.approx(25)


def test_one_late_second_of_one_replica_is_the_lag() -> None:
    run = sample_run()
    timeline = sample_timeline(run)
    timeline.loc[25, "postgres.replica-2.lag"] = 1.5
    found = blueprint(run, timeline)["replica-lag"]
    assert found.outcome is Outcome.NOT_MET
    assert found.value == 1.5
    assert found.reason == "the largest of 30 readings"


def test_lag_during_the_warm_up_does_not_count() -> None:
    run = sample_run()
    timeline = sample_timeline(run)
    timeline.loc[9, "postgres.replica-2.lag"] = 1.5
    timeline.loc[40, "postgres.replica-2.lag"] = 1.5
    assert blueprint(run, timeline)["replica-lag"].outcome is Outcome.MET


def test_a_series_with_gaps_does_not_stand_for_the_run() -> None:
    run = sample_run()
    timeline = sample_timeline(run)
    lags = ["postgres.replica-1.lag", "postgres.replica-2.lag"]
    timeline.loc[18:, lags] = float("nan")
    found = blueprint(run, timeline)["replica-lag"]
    assert found.outcome is Outcome.NOT_MEASURED
    assert found.reason == "replication lag read in only 8 of 30 seconds"


def test_memory_read_in_turns_stands_until_the_next_reading() -> None:
    run = sample_run()
    timeline = sample_timeline(run)
    pods = ["backend-1", "backend-2", "backend-3"]
    for pod in pods:
        timeline[f"service.{pod}.memory"] = float("nan")
    timeline.loc[4, "service.backend-1.memory"] = 300e6
    timeline.loc[20, "service.backend-2.memory"] = 320e6
    timeline.loc[39, "service.backend-3.memory"] = 310e6
    memory = target(metric="pod_memory", statistic="max", op="<", limit=600e6, unit="bytes")
    found = verdict(run, memory, timeline)
    assert (found.outcome, found.value, found.samples) == (Outcome.MET, 320e6, 30)


def test_a_series_never_read_is_named() -> None:
    run = sample_run()
    found = blueprint(run, EMPTY)
    assert found["cache-hit"].reason == "no reading of cache lookups in the measured time"
    assert found["latency-p95"].outcome is Outcome.MET


def test_the_tiers_of_a_foreign_system_are_not_visible() -> None:
    run = sample_run(own_system=False)
    found = blueprint(run, sample_timeline(run))
    assert found["cache-hit"].reason == "not visible: a system hmb does not run"
    assert found["latency-p95"].outcome is Outcome.MET


def test_uptime_is_not_measured_and_says_so() -> None:
    run = sample_run()
    found = blueprint(run, sample_timeline(run))["uptime"]
    assert found.outcome is Outcome.NOT_MEASURED
    assert "no short run can show" in found.reason


def test_arithmetic_against_a_claim_is_inconsistent_and_claimed_not_measured() -> None:
    found = blueprint(sample_run(), EMPTY)["slots"]
    assert found.outcome is Outcome.INCONSISTENT
    assert found.evidence == "claimed"
    assert found.run == ""


def test_the_stricter_reading_stands_beside_the_judged_one() -> None:
    run = sample_run()
    found = blueprint(run, sample_timeline(run))
    assert "read more strictly, by p95" in found["search-latency"].reason
    assert found["cache-hit"].reason.endswith("it does not hold")


# --- exit codes ---


@pytest.mark.parametrize(
    ("outcomes", "code"),
    [
        ([], 0),
        ([Outcome.MET], 0),
        ([Outcome.MET, Outcome.INCONCLUSIVE], 5),
        ([Outcome.INCONCLUSIVE, Outcome.NOT_MET], 3),
        ([Outcome.NOT_MET, Outcome.NOT_MEASURED], 6),
    ],
)
def test_the_larger_matter_outranks(outcomes: list[Outcome], code: int) -> None:
    verdicts = [Verdict(target(), outcome, "because") for outcome in outcomes]
    assert exit_code(sample_run(), verdicts) == code


def test_what_does_not_gate_decides_nothing() -> None:
    verdicts = [Verdict(target(gate=False), outcome, "because") for outcome in Outcome]
    assert exit_code(sample_run(), verdicts) == 0


def test_an_invalid_run_outranks_everything() -> None:
    run = sample_run(invalid=[Invalidity(reason="generator-saturated", detail="95 %")])
    verdicts = [Verdict(target(), Outcome.NOT_MET, "because")]
    assert exit_code(run, verdicts) == 6
