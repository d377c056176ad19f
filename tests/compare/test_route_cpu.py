"""CPU per request of each route: as a system under load tells it, and as it is judged."""

import os
import subprocess
import sys
from math import isnan
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pandas as pd
import pytest

from capacity.compare import readings
from capacity.compare.findings import Design, Outcome
from capacity.compare.judge import Sample, compare
from capacity.compare.readings import ALL, ROUTE_CPU, Key, Reading
from capacity.compare.statistic import statistics
from capacity.observation import Observation
from cli.comparing import compared, sample
from stack.probes.endpoints import EndpointProbe
from stack.probes.pods import PodProbe
from stack.state import ServiceState
from tests.compare.sets import finding, judged, noise, run_set
from tests.reports.sample import DURATION_S, WARMUP_S, sample_run
from tests.scenarios.known import Server, drive

SERVICE = Path(__file__).with_name("telling_service.py")
JOURNEYS = """
from locust import FastHttpUser, constant, task

class Reader(FastHttpUser):
    wait_time = constant(0.005)

    @task
    def read(self):
        self.client.get("/jobs")
        self.client.get("/jobs?q=python", name="/jobs?q")
        self.client.get("/jobs/7", name="/jobs/{id}")
        self.client.get("/about")
"""
LIST, ONE = Key("GET /jobs", ROUTE_CPU), Key("GET /jobs/{id}", ROUTE_CPU)


def measured(home: Path, list_ms: float, one_ms: float, every: int) -> Path:
    """The folder of a run against a service that tells these milliseconds a request.

    Of the list one request in `every` reaches it.
    """
    told = home / "told"
    told.mkdir(parents=True)
    (home / "reading.py").write_text(JOURNEYS)
    command = [sys.executable, str(SERVICE), str(list_ms), str(one_ms), str(every)]
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(told)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as service:
        try:
            assert service.stdout is not None
            server = Server(int(service.stdout.readline()))
            alive = SimpleNamespace(alive=True)
            state = SimpleNamespace(name="a", process=alive, metrics_folder=told)
            pod = PodProbe(cast("ServiceState", state))
            run = drive(
                server,
                home / "reading.py",
                home / "runs",
                probes=[pod, EndpointProbe([pod])],
                users=4,
                warmup_s=2.0,
                duration_s=8.0,
            )
        finally:
            service.kill()
    return home / "runs" / run.id


def test_a_route_that_costs_more_is_told_from_one_that_does_not(tmp_path: Path) -> None:
    before = measured(tmp_path / "a", 10.0, 2.0, every=1)
    after = measured(tmp_path / "b", 10.0, 6.0, every=2)
    found = sample(before, single=True).readings
    assert found[LIST].value == pytest.approx(10.0, rel=0.05)
    assert found[ONE].value == pytest.approx(2.0, rel=0.05)
    # a query is no route, and what is not told is not known
    assert {key for key in found if key.statistic == ROUTE_CPU} == {LIST, ONE}
    judgement = compared([before], [after], None)
    assert finding(judgement, ROUTE_CPU, ONE.endpoint).outcome is Outcome.WORSE
    assert finding(judgement, ROUTE_CPU, ONE.endpoint).change == pytest.approx(2.0, abs=0.5)
    # half as many of the list reached the service, and cost what they cost
    assert finding(judgement, ROUTE_CPU, LIST.endpoint).outcome is Outcome.SAME
    assert finding(judgement, ROUTE_CPU, LIST.endpoint).change == pytest.approx(0.0, abs=0.05)
    assert not any("by endpoint" in note for note in judgement.notes)


LATE = "GET /api/v1/auth/me"
OFTEN = "GET /api/v1/jobs/{job_id}"
OFTEN_KEY = Key("GET /api/v1/jobs/{id}", ROUTE_CPU)
NOT_READ = float("nan")


def told(of: dict[str, list[float]]) -> Observation:
    """A run whose system told this by endpoint, second by second of the measured time."""
    seconds = pd.Index(range(WARMUP_S, WARMUP_S + DURATION_S), name="second")
    values = {f"endpoint.{series}": by_second for series, by_second in of.items()}
    return Observation(sample_run(), pd.DataFrame(values, index=seconds))


def often(reached: list[float]) -> Observation:
    """A run in whose every second that was read half a core went into these requests."""
    cores = [NOT_READ if isnan(one) else 0.5 for one in reached]
    return told({f"{OFTEN}.cpu": cores, f"{OFTEN}.requests": reached})


def test_cpu_is_that_of_a_request_which_reached_a_pod() -> None:
    seen = often([20.0] * DURATION_S)
    sent = sum(one.requests for one in seen.endpoints(["/api/v1/jobs/{id}"]))
    found = readings.read(seen, statistics())[OFTEN_KEY]
    assert found.value == pytest.approx(1000 * 0.5 / 20)
    assert (found.samples, found.too_few) == (20 * DURATION_S, "")
    assert sent > 1.5 * found.samples


def test_seconds_without_a_reading_had_as_much_as_the_others() -> None:
    gaps = often([20.0, NOT_READ, 20.0] * (DURATION_S // 3))
    assert readings.read(gaps, statistics())[OFTEN_KEY].value == pytest.approx(25.0)
    hardly = often([20.0] + [NOT_READ] * (DURATION_S - 1))
    assert OFTEN_KEY not in readings.read(hardly, statistics())


def test_a_route_is_judged_by_how_many_requests_reached_a_pod_not_by_how_many_were_sent() -> None:
    seen = often([6.0] * DURATION_S)
    assert sum(one.requests for one in seen.endpoints(["/api/v1/jobs/{id}"])) > 200
    found = readings.read(seen, statistics(), [])[OFTEN_KEY]
    assert found.value == pytest.approx(1000 * 0.5 / 6)
    assert found.too_few == "180 requests in a run that reached a pod are too few, 200 are needed"
    assert found.error is None


def test_a_route_first_asked_for_late_took_nothing_until_then() -> None:
    nothing_yet = [NOT_READ] * 10
    seen = told(
        {
            f"{OFTEN}.cpu": [0.5] * DURATION_S,
            f"{OFTEN}.requests": [20.0] * DURATION_S,
            f"{LATE}.cpu": nothing_yet + [0.3] * (DURATION_S - 10),
            f"{LATE}.requests": nothing_yet + [15.0] * (DURATION_S - 10),
        }
    )
    found = readings.read(seen, statistics())[Key(LATE, ROUTE_CPU)]
    assert found.value == pytest.approx(1000 * 0.3 / 15)
    assert (found.samples, found.too_few) == (15 * (DURATION_S - 10), "")


def test_a_record_that_does_not_tell_what_reached_the_pods_is_compared_without_it() -> None:
    old = readings.read(told({f"{OFTEN}.cpu": [0.5] * DURATION_S}), statistics(), [])
    new = readings.read(often([20.0] * DURATION_S), statistics(), [])
    assert OFTEN_KEY in new
    assert OFTEN_KEY not in old
    run = sample_run()
    found = compare([Sample(run, old)], [Sample(run, new)], statistics())
    assert any("as the runs of base do not tell it" in note for note in found.notes)
    assert finding(found, ROUTE_CPU, OFTEN_KEY.endpoint).outcome is Outcome.INCONCLUSIVE
    assert finding(found, "p50").outcome is Outcome.SAME


def test_one_dear_route_among_many_is_found_and_the_correction_counts_them_all() -> None:
    routes = [f"GET /{number}" for number in range(20)]
    rounds = 16
    base, head = (
        run_set(side, noise(rounds, 0.02, seed)) for side, seed in (("base", 1), ("head", 2))
    )
    chance = np.random.default_rng(3)
    for one in (*base, *head):
        slow = 1.3 if one in head else 1.0
        one.readings.update(  # type: ignore[attr-defined]  # a dict
            {
                Key(at, ROUTE_CPU): Reading(
                    3.0 * (slow if at == "GET /7" else 1.0) * chance.lognormal(0, 0.02), 1_000
                )
                for at in routes
            }
        )
    found = judged(base, head)
    assert found.design is Design.PAIRS
    (worse,) = found.of(Outcome.WORSE)
    assert (worse.endpoint, worse.statistic.id) == ("GET /7", ROUTE_CPU)
    asked = sum(one.chance is not None for one in found.findings)
    assert worse.chance == pytest.approx(asked * 0.5**rounds)
    assert asked > len(routes)


def test_runs_that_do_not_tell_it_say_so_and_the_whole_is_judged() -> None:
    base, head = run_set("base", noise(12, 0.02, 1)), run_set("head", [1.3] * 12)
    found = judged(base, head)
    (note,) = [note for note in found.notes if "by endpoint" in note]
    assert "the runs of base and head do not tell it: only that of all requests" in note
    assert finding(found, "cpu").outcome is Outcome.WORSE
    for one in head:
        one.readings[Key("GET /jobs", ROUTE_CPU)] = Reading(3.0, 1_000)  # type: ignore[index]  # a dict
    found = judged(base, head)
    assert any("as the runs of base do not tell it" in note for note in found.notes)
    assert finding(found, ROUTE_CPU, "GET /jobs").outcome is Outcome.INCONCLUSIVE
    for one in base:
        one.readings[Key("GET /jobs", ROUTE_CPU)] = Reading(3.0, 1_000)  # type: ignore[index]  # a dict
    assert not any("by endpoint" in note for note in judged(base, head).notes)
    imported = run_set("base", [1.0] * 12)
    for one in imported:
        del one.readings[Key(ALL, "cpu")]  # type: ignore[attr-defined]  # a dict
    assert any(
        note.endswith("none is judged") for note in compare(imported, head, statistics()).notes
    )
