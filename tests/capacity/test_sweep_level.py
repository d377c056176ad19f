"""A level of a sweep, from its run and verdicts; what bounded a run."""

import numpy as np
import pandas as pd
import pytest

from capacity.bottleneck import generator_share, others, sentence, uses
from capacity.observation import Observation
from capacity.run import Invalidity, Run, Sender
from capacity.slo import Slo, _as_target
from capacity.sweep import State
from capacity.sweep_level import UNKNOWN_CACHES_S, confirm_seconds, level_of, level_seconds
from capacity.targets import Target
from capacity.verdicts import judge
from tests.reports.sample import sample_run, sample_timeline

Readings = np.ndarray[tuple[int], np.dtype[np.float64]]


def target(limit: float, statistic: str = "p95", minimum: int = 1) -> Target:
    return _as_target(
        Slo(
            id="fast",
            metric="latency",
            statistic=statistic,
            op="<",
            limit=limit,
            minimum_samples=minimum,
        ),
        {},
    )


def longer(run: Run, timeline: pd.DataFrame, p50: Readings) -> Observation:
    """The sample, measured for as long as there are values of `p50`."""
    step = run.steps[-1]
    end = step.start_s + len(p50)
    run = run.model_copy(
        update={"steps": [*run.steps[:-1], step.model_copy(update={"end_s": end})]}
    )
    stretched = timeline.reindex(range(int(end)), method="ffill")
    stretched.loc[int(step.start_s) :, "load.p50"] = p50
    return Observation(run, stretched)


RUN = sample_run()
TIMELINE = sample_timeline(RUN)
LEVEL_P50 = np.full(60, 20.0)


def state(
    *targets: Target, p50: Readings = LEVEL_P50, invalid: tuple[Invalidity, ...] = ()
) -> tuple[State, str]:
    seen = longer(RUN.model_copy(update={"invalid": list(invalid)}), TIMELINE, p50)
    found = level_of(seen, judge(seen.run, seen.timeline, list(targets)), 167)
    return found.state, found.why


def test_a_level_is_within_when_all_gates_are_met() -> None:
    assert state(target(10_000)) == (State.WITHIN, "all targets are met")
    broken, why = state(target(10_000), target(1))
    assert broken is State.BROKEN
    assert why.startswith("fast not met: ")
    assert why.endswith("(< 1 ms asked for)")
    undecided, why = state(target(10_000, minimum=10**9))
    assert undecided is State.UNDECIDED
    assert why.startswith("fast inconclusive: ")
    assert state()[1] == "no target was set"


def test_a_level_that_has_not_settled_is_undecided_unless_it_broke() -> None:
    growing = np.linspace(20, 900, 60)
    assert state(target(10_000), p50=growing)[0] is State.UNDECIDED
    assert "settled" in state(target(10_000), p50=growing)[1]
    assert state(target(1), p50=growing)[0] is State.BROKEN
    short = state(target(10_000), p50=np.full(20, 20.0))
    assert short == (
        State.UNDECIDED,
        "it was too short to show whether its latency had settled",
    )


def test_a_generator_that_gave_out_says_nothing_of_the_system() -> None:
    dropped = Invalidity(reason="arrivals-dropped", detail="nobody was free")
    saturated = Invalidity(reason="generator-saturated", detail="busy")
    assert state(target(10_000), invalid=(dropped,)) == (State.BROKEN, "nobody was free")
    assert state(target(1), invalid=(dropped, saturated)) == (State.INVALID, "busy")


@pytest.mark.parametrize(("rate", "seconds"), [(10, 300), (40, 75), (50, 60), (1_000, 60)])
def test_a_level_is_long_enough_to_judge_errors(rate: float, seconds: float) -> None:
    assert level_seconds(rate) == seconds


def test_the_busiest_resource_comes_first() -> None:
    found = uses(Observation(RUN, TIMELINE))
    assert [use.share for use in found] == sorted((use.share for use in found), reverse=True)
    by_name = {use.resource: use.share for use in found}
    window = Observation(RUN, TIMELINE).window
    assert by_name["the machine's CPU"] == pytest.approx(window["machine.cpu"].mean() / 2)
    assert by_name["redis's one core"] == pytest.approx(window["service.redis.cpu"].mean())
    in_use = window[[f"pod.backend-{pod}.pool_in_use" for pod in (1, 2, 3)]].sum(axis=1).mean()
    limit = window[[f"pod.backend-{pod}.pool_limit" for pod in (1, 2, 3)]].sum(axis=1).max()
    assert by_name["the pods' database pools"] == pytest.approx(in_use / limit)


def test_cpu_of_other_programs_is_no_use_of_this_tests() -> None:
    alone = Observation(RUN, TIMELINE)
    known = TIMELINE.filter(regex=r"^service\..*\.cpu$").sum(axis=1)
    known += TIMELINE["generator.cpu_total"]

    def beside(cores: float) -> Observation:
        return Observation(RUN, TIMELINE.assign(**{"machine.cpu": known + cores}))

    own = float(known[10:].mean()) / 2
    by_name = {use.resource: use.share for use in uses(beside(0.9))}
    assert by_name["the machine's CPU"] == pytest.approx(own)
    assert others(beside(0.9)) == pytest.approx(0.9)
    assert "Other programs, left out of this, used 0.900 of 2 cores." in sentence(beside(0.9))
    # a little is what the kernel does for the test, and hmb itself
    by_name = {use.resource: use.share for use in uses(beside(0.1))}
    assert by_name["the machine's CPU"] == pytest.approx(own + 0.05)
    assert others(beside(0.1)) is None
    assert "Other programs" not in sentence(beside(0.1))
    level = level_of(beside(0.9), [], 100)
    assert level.others_cores == pytest.approx(0.9)
    assert level_of(alone, [], 100).others_cores == others(alone)


def test_an_answer_is_confirmed_for_longer_than_caches_keep_it() -> None:
    assert confirm_seconds([60, 300, 600]) == 660
    assert confirm_seconds([]) == UNKNOWN_CACHES_S


def test_the_sentence_names_the_bottleneck_and_the_generators_share() -> None:
    calm = sentence(Observation(RUN, TIMELINE))
    assert calm.startswith("No resource was used up; the busiest was ")
    share = generator_share(Observation(RUN, TIMELINE))
    assert share == pytest.approx(TIMELINE["generator.cpu_total"][10:].mean() / 2)
    assert "The load generator took" in calm
    lateness = [0.5] * (len(TIMELINE) - 1) + [35.0]
    late = sentence(Observation(RUN, TIMELINE.assign(**{"generator.lateness": lateness})))
    assert late == f"{calm[:-1]}, and was late by at most 35.0 ms (0.500 ms in the median second)."
    more = 1.96 - TIMELINE["machine.cpu"]
    busy = TIMELINE.assign(
        **{"machine.cpu": 1.96, "service.primary.cpu": TIMELINE["service.primary.cpu"] + more}
    )
    assert sentence(Observation(RUN, busy)).startswith(
        "The bottleneck was the machine's CPU: 98.0 % of it was in use."
    )
    assert "not known" in sentence(Observation(RUN, TIMELINE[[]]))
    cpu = {"master": (0, 0.99), "worker-1": (50, 0.2), "worker-2": (50, 0.4)}
    senders = [
        Sender(name=name, users=users, cpu=cores, memory_bytes=1)
        for name, (users, cores) in cpu.items()
    ]
    several = sentence(Observation(RUN.model_copy(update={"senders": senders}), TIMELINE))
    # what a master does is in no latency
    assert several == f"{calm} Of its 2 processes worker-2 was the busiest, with 40.0 % of a core."
