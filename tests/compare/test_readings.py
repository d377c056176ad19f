"""What one run says of each endpoint, and how sure it is of it when it stands alone."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

from capacity.compare import readings
from capacity.compare.findings import Design, Outcome
from capacity.compare.judge import Sample, compare
from capacity.compare.readings import ALL, Key
from capacity.compare.statistic import statistics
from capacity.histogram import Histogram
from capacity.observation import Observation
from capacity.run import Run
from capacity.spool import Cell, Fold
from tests.reports.sample import DURATION_S, WARMUP_S, sample_run

SECONDS = range(WARMUP_S, WARMUP_S + DURATION_S)
PER_SECOND = 100


def cells(levels: Sequence[float], seed: int, *, failing: bool = False) -> list[Cell]:
    """Seconds of one endpoint, each around a level of its own, in ms."""
    chance = np.random.default_rng(seed)
    found = []
    for second, level in zip(SECONDS, levels, strict=True):
        latencies = Histogram()
        latencies.record_all(
            int(value) for value in 1000 * chance.lognormal(np.log(level), 0.3, PER_SECOND)
        )
        blob = latencies.encode()
        failures = PER_SECOND if failing else 0
        found.append(
            Cell(
                generator="g",
                second=second,
                step="measured",
                method="GET",
                endpoint="/jobs",
                requests=PER_SECOND + failures,
                failures=failures,
                errors={"status 500": failures} if failures else {},
                raw=blob,
                corrected=blob,
            )
        )
    return found


def run_of(seconds: Sequence[Cell]) -> Run:
    whole = Fold()
    for cell in seconds:
        whole.add(cell)
    return sample_run().model_copy(update={"endpoints": whole.endpoints()})


def timeline(cpu: float) -> pd.DataFrame:
    """Two services that use `cpu` cores together, and the load's requests."""
    values = {
        "service.app.cpu": [cpu * 0.75] * len(SECONDS),
        "service.db.cpu": [cpu * 0.25] * len(SECONDS),
        "load.requests": [float(PER_SECOND)] * len(SECONDS),
    }
    return pd.DataFrame(values, index=pd.Index(SECONDS, name="second"))


def sample(seconds: Sequence[Cell], cpu: float = 0.5) -> Sample:
    run = run_of(seconds)
    seen = Observation(run, timeline(cpu))
    return Sample(run, readings.read(seen, statistics(), seconds))


STEADY = [20.0] * DURATION_S


def test_figures_are_those_of_the_record() -> None:
    seconds = cells(STEADY, 1)
    run = run_of(seconds)
    seen = Observation(run, timeline(0.5))
    found = readings.read(seen, statistics())
    assert found[Key(ALL, "p95")].value == seen.latencies().percentile(95) / 1000
    assert found[Key("GET /jobs", "throughput")].value == PER_SECOND
    assert found[Key(ALL, "failures")].value == 0
    # half a core over 100 requests a second
    assert found[Key(ALL, "cpu")].value == pytest.approx(5.0)
    assert Key("GET /jobs", "cpu") not in found
    assert all(one.error is None for one in found.values())


def test_without_a_look_at_the_services_there_is_no_cpu() -> None:
    seen = Observation(run_of(cells(STEADY, 1)), timeline(0.5)[["load.requests"]])
    assert Key(ALL, "cpu") not in readings.read(seen, statistics())


def test_too_few_requests_beyond_a_percentile_are_told() -> None:
    seen = Observation(run_of(cells(STEADY, 1)[:4]), timeline(0.5))
    found = readings.read(seen, statistics())
    assert found[Key(ALL, "p95")].too_few == ""
    assert "400 successful requests in a run are too few, 500" in found[Key(ALL, "p99")].too_few


def test_the_error_of_steady_seconds_is_about_that_of_their_requests() -> None:
    found = sample(cells(STEADY, 2)).readings[Key(ALL, "p50")]
    # of a median: 1 / (2 f(m) sqrt(n)), f the density of the log at its median
    expected = 1 / (2 * (1 / (0.3 * np.sqrt(2 * np.pi))) * np.sqrt(PER_SECOND * DURATION_S))
    assert found.error == pytest.approx(expected, rel=0.6)


def test_seconds_that_differ_make_it_less_sure() -> None:
    wild = [20.0 * (1 + number % 5) for number in range(DURATION_S)]
    steady = sample(cells(STEADY, 3)).readings[Key(ALL, "p50")]
    found = sample(cells(wild, 3)).readings[Key(ALL, "p50")]
    assert steady.error is not None
    assert found.error is not None
    assert found.error > 5 * steady.error


@pytest.mark.parametrize(
    ("slower", "outcome", "code"), [(1.0, Outcome.SAME, 0), (1.5, Outcome.WORSE, 4)]
)
def test_one_run_of_each(slower: float, outcome: Outcome, code: int) -> None:
    base = sample(cells(STEADY, 4))
    head = sample(cells([slower * one for one in STEADY], 5), 0.5 * slower)
    head = Sample(head.run.model_copy(update={"id": "other"}), head.readings)
    found = compare([base], [head], statistics())
    assert found.design is Design.SINGLE
    by_id = {one.statistic.id: one.outcome for one in found.findings if one.endpoint == ALL}
    assert (by_id["p50"], by_id["cpu"]) == (outcome, outcome)
    assert by_id["throughput"] is Outcome.SAME
    assert found.exit_code == code
    assert any("not how much two runs of the same code differ" in note for note in found.notes)
