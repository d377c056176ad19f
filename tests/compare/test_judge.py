"""Base against head on sets of runs whose true ratio is known."""

from datetime import timedelta

import pytest

from capacity.compare.findings import Design, Outcome
from capacity.compare.likeness import UnlikeError
from capacity.compare.readings import Key
from capacity.load_model import ClosedLoad
from tests.compare.sets import ALL, finding, judged, noise, run_set
from tests.reports.sample import sample_run

SPREAD = 0.02


def test_slower_code_is_worse_in_every_figure() -> None:
    found = judged(
        run_set("base", noise(12, SPREAD, 1)),
        run_set("head", [1.15 * one for one in noise(12, SPREAD, 2)]),
    )
    assert found.design is Design.PAIRS
    assert (found.outcome, found.exit_code) == (Outcome.WORSE, 4)
    p50 = finding(found, "p50")
    assert p50.outcome is Outcome.WORSE
    assert p50.low is not None
    assert p50.high is not None
    assert 0.10 < p50.low < 0.15 < p50.high < 0.20
    # throughput falls: its change is told as it moved
    throughput = finding(found, "throughput")
    assert throughput.outcome is Outcome.WORSE
    assert throughput.change == pytest.approx(-0.13, abs=0.03)


def test_faster_code_is_better_and_passes() -> None:
    found = judged(
        run_set("base", noise(12, SPREAD, 1)),
        run_set("head", [0.8 * one for one in noise(12, SPREAD, 2)]),
    )
    assert (found.outcome, found.exit_code) == (Outcome.BETTER, 0)
    assert finding(found, "throughput").outcome is Outcome.BETTER


def test_the_same_code_is_the_same() -> None:
    found = judged(run_set("base", noise(12, SPREAD, 1)), run_set("head", noise(12, SPREAD, 2)))
    assert (found.outcome, found.exit_code) == (Outcome.SAME, 0)
    assert {one.outcome for one in found.findings} == {Outcome.SAME}


def test_a_drift_of_the_machine_is_no_change_of_the_code() -> None:
    drift = [1 + 0.1 * number for number in range(12)]
    found = judged(
        run_set("base", drift),
        run_set("head", [a * b for a, b in zip(drift, noise(12, 0.01, 3), strict=True)]),
    )
    assert found.outcome is Outcome.SAME


def test_noise_leaves_it_open() -> None:
    found = judged(run_set("base", noise(12, 0.3, 1)), run_set("head", noise(12, 0.3, 2)))
    assert (found.outcome, found.exit_code) == (Outcome.INCONCLUSIVE, 5)
    assert "reaches across 5 %" in finding(found, "p50").reason


def test_one_slow_endpoint_among_many_is_found() -> None:
    endpoints = [ALL, *(f"GET /{number}" for number in range(20))]
    found = judged(
        run_set("base", noise(14, SPREAD, 1), endpoints=endpoints),
        run_set(
            "head",
            [1.3 * one for one in noise(14, SPREAD, 2)],
            endpoints=endpoints,
            only="GET /7",
        ),
    )
    assert {one.endpoint for one in found.of(Outcome.WORSE)} == {"GET /7"}
    assert found.exit_code == 4
    # what a person looks for first stands first
    assert found.findings[0].endpoint == "GET /7"


def test_few_pairs_cannot_show_anything_among_many_questions() -> None:
    endpoints = [ALL, *(f"GET /{number}" for number in range(20))]
    found = judged(
        run_set("base", [1.0] * 7, endpoints=endpoints),
        run_set("head", [1.5] * 7, endpoints=endpoints),
    )
    # 84 questions x 2 ** -7 is more than 5 %, however clear each is
    assert not found.of(Outcome.WORSE)
    assert "chance alone gives" in finding(found, "p50").reason
    assert any("cannot show a change" in note for note in found.notes)


def test_too_few_pairs_leave_everything_open() -> None:
    found = judged(run_set("base", [1.0] * 5), run_set("head", [2.0] * 5))
    assert {one.outcome for one in found.findings} == {Outcome.INCONCLUSIVE}
    assert found.exit_code == 5


def test_fast_failures_do_not_look_quick() -> None:
    base, head = run_set("base", noise(12, SPREAD, 1)), run_set("head", noise(12, SPREAD, 2))
    for sample in head:
        for key, reading in sample.readings.items():
            if key.statistic == "failures":
                sample.readings[key] = type(reading)(4.0, 1_000)  # type: ignore[index]  # a dict
    found = judged(base, head)
    assert finding(found, "failures").outcome is Outcome.WORSE
    assert finding(found, "failures").change == 4.0
    assert found.exit_code == 4


def test_an_invalid_run_takes_its_pair_along() -> None:
    found = judged(
        run_set("base", [1.0] * 12, invalid=(3,)), run_set("head", [1.0] * 12, invalid=(5,))
    )
    assert found.rounds == 10
    assert sum("left out" in note for note in found.notes) == 2
    assert found.exit_code == 0
    too_many = judged(run_set("base", [1.0] * 12, invalid=range(8)), run_set("head", [1.0] * 12))
    assert too_many.exit_code == 6


def test_a_figure_that_few_runs_lack_is_compared_all_the_same() -> None:
    base, head = run_set("base", [1.0] * 12), run_set("head", [1.3] * 12)
    for sample in head[:3]:
        del sample.readings[Key(ALL, "cpu")]  # type: ignore[attr-defined]  # a dict
    assert finding(judged(base, head), "cpu").outcome is Outcome.WORSE
    del base[7].readings[Key(ALL, "cpu")]  # type: ignore[attr-defined]  # a dict
    cpu = finding(judged(base, head), "cpu")
    assert (cpu.outcome, cpu.reason) == (Outcome.INCONCLUSIVE, "missing in 4 of 24 runs")


def test_sets_that_did_not_run_by_turns_say_so() -> None:
    found = judged(
        run_set("base", noise(8, SPREAD, 1)),
        run_set("head", [1.2 * one for one in noise(8, SPREAD, 2)], apart=timedelta(hours=1)),
    )
    assert found.design is Design.SETS
    assert found.exit_code == 4
    assert any("did not run by turns" in note for note in found.notes)


@pytest.mark.parametrize(("others", "told"), [(0.9, True), (0.1, False), (None, False)])
def test_a_disturbed_machine_is_told(others: float | None, told: bool) -> None:
    samples = [
        [type(one)(one.run, one.readings, others) for one in run_set(side, [1.0] * 6)]
        for side in ("base", "head")
    ]
    notes = judged(samples[0], samples[1]).notes
    assert any("used 0.900 of 2 cores" in note for note in notes) is told


def test_different_loads_are_refused_in_one_line() -> None:
    base, head = run_set("base", [1.0] * 6), run_set("head", [1.0] * 6)
    other = head[2].run
    what = other.what.model_copy(update={"load": ClosedLoad(kind="closed", users=7)})
    head[2] = type(head[2])(other.model_copy(update={"what": what}), head[2].readings)
    with pytest.raises(UnlikeError, match=r"different loads.*7 virtual users") as refused:
        judged(base, head)
    assert "\n" not in str(refused.value)


def test_another_machine_is_told() -> None:
    base, head = run_set("base", [1.0] * 6), run_set("head", [1.0] * 6)
    where = sample_run().where
    machine = where.machine.model_copy(update={"cores": 64})
    head = [
        type(one)(
            one.run.model_copy(update={"where": where.model_copy(update={"machine": machine})}),
            one.readings,
        )
        for one in head
    ]
    assert any("different machines" in note for note in judged(base, head).notes)


@pytest.mark.parametrize(("slower", "gates", "least", "most"), [(1.0, 20, 0, 1), (1.15, 10, 9, 10)])
def test_gates_of_noisy_runs_are_seldom_wrong(
    slower: float, gates: int, least: int, most: int
) -> None:
    endpoints = [ALL, *(f"GET /{number}" for number in range(5))]
    regressed = 0
    for seed in range(gates):
        base, head = noise(12, 0.05, 2 * seed), noise(12, 0.05, 2 * seed + 1)
        found = judged(
            run_set("base", base, endpoints=endpoints),
            run_set("head", [slower * one for one in head], endpoints=endpoints),
        )
        regressed += found.exit_code == 4
    assert least <= regressed <= most
