"""A soak in every form of the report; a short run has none."""

import json

import pandas as pd

from capacity.run import Run
from reports import soak
from reports.digest import Digest
from reports.document import as_json
from reports.markdown import markdown
from reports.page import html
from tests.reports.sample import sample_run, sample_timeline

LEAKING, STILL = "service.backend-1.memory", "redis.clients"


def soaked() -> tuple[Run, pd.DataFrame]:
    """Half an hour in which a pod grows by 120 MiB an hour and Redis' clients do not."""
    run = sample_run()
    step = run.measured_steps()[0].model_copy(update={"start_s": 0.0, "end_s": 1800.0})
    index = pd.Index(range(0, 1800, 5), name="second")
    memory = [400 * 2.0**20 + second * 120 * 2.0**20 / 3600 for second in index]
    timeline = pd.DataFrame({LEAKING: memory, STILL: [40.0] * len(index)}, index=index)
    return run.model_copy(update={"steps": [step]}), timeline


def test_every_form_tells_what_rises_first() -> None:
    run, timeline = soaked()
    page = html(Digest(run, timeline, []))
    assert page.index("backend-1 memory") < page.index("redis clients")
    text = markdown(run, timeline, [])
    assert "| ✗ rising | backend-1 memory |" in text
    told = {one["series"]: one for one in json.loads(as_json(run, timeline, []))["soak"]}
    assert {name: one["course"] for name, one in told.items()} == {LEAKING: "rising", STILL: "flat"}
    assert abs(told[LEAKING]["per_hour"] / 2**20 - 120) < 1
    said = soak.sentence(Digest(run, timeline, []).trends)
    assert said.startswith("Soak: of 2 gauges 1 flat, 1 rising; rising: backend-1 memory by 1")


def test_a_short_run_has_none() -> None:
    run = sample_run()
    timeline = sample_timeline(run)
    assert 'id="soak"' not in html(Digest(run, timeline, []))
    assert "## Soak" not in markdown(run, timeline, [])
    assert json.loads(as_json(run, timeline, []))["soak"] == []
    assert soak.sentence(Digest(run, timeline, []).trends) == ""
