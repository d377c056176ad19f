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
POOL = "postgres.replica-1.connections"


def soaked() -> tuple[Run, pd.DataFrame]:
    """Half an hour in which a pod grows by 120 MiB an hour, Redis' clients do not, a pool fills."""
    run = sample_run()
    topology = {"pods": 3, "pgbouncer_servers.replica-1": 60}
    run = run.model_copy(update={"where": run.where.model_copy(update={"topology": topology})})
    step = run.measured_steps()[0].model_copy(update={"start_s": 0.0, "end_s": 1800.0})
    index = pd.Index(range(0, 1800, 5), name="second")
    memory = [400 * 2.0**20 + second * 120 * 2.0**20 / 3600 for second in index]
    pool = [20.0 + second // 100 for second in index]
    columns = {LEAKING: memory, STILL: [40.0] * len(index), POOL: pool}
    timeline = pd.DataFrame(columns, index=index)
    return run.model_copy(update={"steps": [step]}), timeline


def test_every_form_tells_what_rises_first() -> None:
    run, timeline = soaked()
    page = html(Digest(run, timeline, []))
    assert page.index("backend-1 memory") < page.index("replica-1 connections, at most 60")
    assert page.index("replica-1 connections, at most 60") < page.index("redis clients")
    text = markdown(run, timeline, [])
    assert "| ✗ rising | backend-1 memory |" in text
    told = {one["series"]: one for one in json.loads(as_json(run, timeline, []))["soak"]}
    courses = {name: one["course"] for name, one in told.items()}
    assert courses == {LEAKING: "rising", POOL: "filling", STILL: "flat"}
    assert told[POOL]["bound"] == 60
    assert abs(told[LEAKING]["per_hour"] / 2**20 - 120) < 1
    said = soak.sentence(Digest(run, timeline, []).trends)
    assert said.startswith("Soak: of 3 gauges 1 flat, 1 filling, 1 rising; rising: backend-1")


def test_a_short_run_has_none() -> None:
    run = sample_run()
    timeline = sample_timeline(run)
    assert 'id="soak"' not in html(Digest(run, timeline, []))
    assert "## Soak" not in markdown(run, timeline, [])
    assert json.loads(as_json(run, timeline, []))["soak"] == []
    assert soak.sentence(Digest(run, timeline, []).trends) == ""


def test_no_two_gauges_have_one_name() -> None:
    run, timeline = soaked()
    for series in ("service.redis.memory", "redis.memory"):
        timeline[series] = timeline[LEAKING]
    names = [soak.name(trend) for trend in Digest(run, timeline, []).trends]
    assert len(set(names)) == len(names) == 5
