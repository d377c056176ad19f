"""An open load's stages in every form of a report."""

import json

import pytest

from capacity.histogram import Histogram
from capacity.load_model import OpenLoad, level
from capacity.run import Arrivals, Phase, Run, Step
from reports.render import as_json, html, markdown
from reports.steps import step_rows
from tests.reports.sample import as_typed, sample_run, sample_timeline


def staged() -> Run:
    """The sample, but as two stages of an open load, the second of which dropped some."""
    run = sample_run()
    measured = run.steps[-1]
    middle = measured.start_s + 10
    first = Step(
        name="1: 20/s",
        phase=Phase.MEASURED,
        start_s=measured.start_s,
        end_s=middle,
        users=9,
        arrivals=Arrivals(offered=200, achieved=200),
    )
    second = Step(
        name="2: 90/s",
        phase=Phase.MEASURED,
        start_s=middle,
        end_s=middle + 20,
        users=9,
        arrivals=Arrivals(offered=1800, achieved=1700, dropped=100),
    )
    load = OpenLoad(
        kind="stages",
        users=9,
        spacing="poisson",
        stages=(level("1: 20/s", 20, 10), level("2: 90/s", 90, 20)),
    )
    mine = [one for one in run.endpoints if one.step == measured.name]
    endpoints = [one.model_copy(update={"step": first.name}) for one in mine[:1]]
    endpoints += [one.model_copy(update={"step": second.name}) for one in mine[1:]]
    return run.model_copy(
        update={
            "what": run.what.model_copy(update={"load": load}),
            "steps": [run.steps[0], first, second],
            "endpoints": endpoints,
        }
    )


def test_a_step_is_told_by_itself() -> None:
    run = staged()
    first, second = step_rows(run)
    assert (first.name, first.seconds, first.offered, first.achieved) == ("1: 20/s", 10, 20, 20)
    assert (second.offered, second.achieved, second.dropped) == (90, 85, 100)
    mine = next(one for one in run.endpoints if one.step == "1: 20/s")
    latencies = Histogram.decode(mine.corrected)
    assert first.p95 == pytest.approx(latencies.percentile(95) / 1000)


def test_every_form_shows_the_steps_and_the_load() -> None:
    run = staged()
    timeline = sample_timeline(run)
    page, text = html(run, timeline, []), markdown(run, timeline, [])
    told = json.loads(as_json(run, timeline, []))
    for form in (page, text):
        assert "2: 90/s" in form
        assert "20 to 90 arrivals/s" in form
        assert "virtual users" not in form
    assert [step["name"] for step in told["steps"]] == ["1: 20/s", "2: 90/s"]
    assert (told["load"]["dropped"], told["run"]["load"]) == (100, "stages")
    assert told["resources"][0]["share"] > 0
    assert told["bottleneck"] in as_typed(page).replace("&#39;", "'")


def test_one_step_needs_no_table_of_steps() -> None:
    run = sample_run()
    timeline = sample_timeline(run)
    assert "Step by step" not in html(run, timeline, [])
    assert "| Step |" not in markdown(run, timeline, [])
