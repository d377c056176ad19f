"""A drill's report: what was broken when, what failed, and what became of the writes."""

import json

import pandas as pd
import pytest

from capacity import drill as plans
from capacity.run import Drilled, Event, Ledger, Run, Trouble
from capacity.verdicts import judge
from reports.digest import Digest
from reports.drill import moments, summary
from reports.render import as_json, html, junit, markdown
from tests.reports.sample import sample_run, sample_timeline

DRILLED = Drilled(
    name="primary-restart",
    events=[
        Event(at_s=20.3, kind="break", text="primary told to end"),
        Event(at_s=26.1, kind="repair", text="primary is ready again"),
    ],
    trouble=[
        Trouble(second=21, sort="write", kind="http 503", count=4),
        Trouble(second=28, sort="write", kind="<b>broken</b>", count=1),
    ],
    ledger=Ledger(
        acknowledged=1234, refused=4, unanswered=1, kept=1, lost=["4f2a"], doubled=["77aa"]
    ),
    checks={"the copy is whole": False},
)


@pytest.fixture
def drilled() -> tuple[Run, pd.DataFrame]:
    """The sample, with its primary restarted."""
    run = sample_run().model_copy(update={"drill": DRILLED})
    timeline = sample_timeline(run)
    for sort, rate in (("get", 150.0), ("write", 17.0)):
        timeline[f"load.{sort}s"] = rate
        timeline[f"load.{sort}_failures"] = 0.0
    return run, timeline


def test_moments_stand_in_the_page_and_on_every_time_axis(
    drilled: tuple[Run, pd.DataFrame],
) -> None:
    run, timeline = drilled
    page = html(run, timeline, judge(run, timeline, plans.promises(plans.drill("primary-restart"))))
    assert "primary told to end" in page
    assert "what is promised of this drill" in page
    charts = [part for part in page.split("<figure ")[1:] if "time since start" in part]
    assert len(charts) > 6
    for chart in charts:
        assert all(f">{mark}<" in chart for mark in ("broken", "mended", "healed"))
    assert 'id="chart-writes-time"' in page
    # lost and doubled writes are named, what failed is only shown
    assert "4f2a" in page
    assert "77aa" in page
    assert "&lt;b&gt;broken&lt;/b&gt;" in page
    assert "✗ the copy is whole" in page


def test_an_ordinary_run_knows_no_drill() -> None:
    run = sample_run()
    timeline = sample_timeline(run)
    assert 'id="drill"' not in html(run, timeline, [])
    assert "## Drill" not in markdown(run, timeline, [])
    assert json.loads(as_json(run, timeline, []))["drill"] is None


def test_every_form_tells_what_was_lost(drilled: tuple[Run, pd.DataFrame]) -> None:
    run, timeline = drilled
    verdicts = judge(run, timeline, plans.promises(plans.drill("primary-restart")))
    told = markdown(run, timeline, verdicts)
    assert "20.3 s: broken: primary told to end" in told
    assert "lost: 1 (acknowledged, and not there)" in told
    assert "| 21 | write | http 503 | 4 |" in told
    document = json.loads(as_json(run, timeline, verdicts))
    assert document["drill"]["ledger"]["lost"] == ["4f2a"]
    assert document["exit_code"] == 3
    assert 'name="nothing-lost"' in junit(run, verdicts)


def test_a_drill_in_a_line(drilled: tuple[Run, pd.DataFrame]) -> None:
    run, timeline = drilled
    verdicts = judge(run, timeline, plans.promises(plans.drill("primary-restart")))
    digest = Digest(run, timeline, verdicts)
    broken = "Every write the app acknowledged is there afterwards"
    assert digest.headline() == f"Not met: {broken} (1 write), and 1 more."
    line = summary(digest)
    assert (line.name, line.state, line.lost, line.doubled) == ("primary-restart", "failed", 1, 1)
    assert line.outage_s == pytest.approx(29 - 20.3)
    assert line.healing_s == pytest.approx(29 - 26.1)


def test_moments_are_in_order_and_end_with_the_healing() -> None:
    assert [one.mark for one in moments(DRILLED)] == ["broken", "mended", "healed"]
    unhurt = DRILLED.model_copy(update={"trouble": []})
    assert [one.mark for one in moments(unhurt)] == ["broken", "mended"]
