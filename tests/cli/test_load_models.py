"""Open loads and sweeps from the command line, against a service that is not ours."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer

from capacity.errors import UsageError
from cli.load_model import asked_for
from cli.options import Spacing, arrival_rate
from cli.sweep import CACHE_SETTING, cache_lives
from scenarios.arrivals.constant import Constant
from scenarios.arrivals.model import OpenModel
from scenarios.arrivals.ramp import Ramp
from scenarios.arrivals.replay import Replay
from scenarios.arrivals.stages import Level, Stages
from tests.cli.conftest import Going, Said, processes_of
from tests.scenarios.conftest import server
from tests.scenarios.known import Server

Hmb = Callable[..., Said]
__all__ = ["server"]

JOURNEYS = """
from locust import FastHttpUser, task

class Caller(FastHttpUser):
    @task
    def page(self):
        self.client.get("/page")
"""
SLO = """
[[slo]]
id = "page-p50"
metric = "latency"
statistic = "p50"
op = "<"
limit = 5000
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mine.py").write_text(JOURNEYS)
    (tmp_path / "slo.toml").write_text(SLO)
    return tmp_path


def test_a_rate_is_told_recorded_and_judged(hmb: Hmb, server: Server, folder: Path) -> None:
    said = hmb(
        folder,
        *("loadtest", "mine.py", "--host", server.host, "--slo", "slo.toml"),
        *("--rate", "40", "--spacing", "even", "--warmup", "0s", "--duration", "3s"),
    )
    assert (said.code, "page-p50" in said.out) == (0, True), said.err
    assert "40 arrivals/s, 120 requests in 3.00 s, 40.0 req/s of 40.0 offered" in said.out
    (record,) = folder.glob("runs/*/run.json")
    document = json.loads(record.read_text())
    assert document["what"]["load"]["kind"] == "constant"
    assert document["steps"][0]["arrivals"] == {"offered": 120.0, "achieved": 120, "dropped": 0}
    page = record.with_name("report.html").read_text()
    assert "open (constant), 40 arrivals/s, evenly spaced, of 400 people" in page
    assert "The load generator took" in page or "the load generator" in page


def test_a_sweep_goes_up_to_its_limit(hmb: Hmb, server: Server, folder: Path) -> None:
    said = hmb(
        folder,
        *("sweep", "mine.py", "--host", server.host, "--slo", "slo.toml", "--from", "20"),
        *("--to", "30", "--duration", "2s", "--warmup", "0s", "--confirm", "0s", "--json"),
    )
    document = json.loads(said.out)
    levels = document["sweep"]["levels"]
    assert [level["rate"] for level in levels] == [20, 30]
    # two seconds show no steady state, and so no capacity
    assert {level["state"] for level in levels} == {"undecided"}
    assert (said.code, document["exit_code"]) == (5, 5)
    assert document["findings"][0].startswith("No load within all targets was found")
    (page,) = folder.glob("runs/sweep-*/report.html")
    assert levels[0]["run"] in page.read_text()
    assert len(list(folder.glob("runs/*/run.json"))) == 2
    assert "level: 20 arrivals/s for 2 s" in said.err
    # a sweep is no run: whoever names it for one is told the runs
    low, high = (level["run"] for level in levels)
    for words in (["compare", page.parent.name, low], ["report", str(page.parent)]):
        refused = hmb(folder, *words)
        assert refused.code == 2
        (line,) = refused.err.strip().splitlines()
        assert f"{low} (20 arrivals/s), {high} (30 arrivals/s)" in line


def test_a_sweep_cut_short_tells_what_it_knows(
    begin: Callable[..., Going], server: Server, folder: Path
) -> None:
    going = begin(
        folder,
        *("sweep", "mine.py", "--host", server.host, "--slo", "slo.toml", "--from", "20"),
        *("--duration", "2s", "--warmup", "0s"),
    )
    going.wait_for("level: 32 arrivals/s for 2 s")
    said = going.interrupt()
    assert said.code == 130, said.err
    assert "Traceback" not in said.err
    (record,) = folder.glob("runs/sweep-*/sweep.json")
    assert [level["rate"] for level in json.loads(record.read_text())["levels"]] == [20]
    assert processes_of(folder) == []


def asked(**options: Any) -> OpenModel | None:
    nothing = dict.fromkeys(("users", "rate", "ramp", "stages", "replay", "spacing"))
    return asked_for(**{**nothing, **options})


def test_options_name_a_load_model(tmp_path: Path) -> None:
    assert asked() is None
    assert asked(users=5) is None
    assert asked(rate=5.0) == Constant(rate=5, spacing="poisson")
    assert asked(rate=5.0, ramp=9.0, spacing=Spacing.EVEN) == Ramp(rate=5, to=9, spacing="even")
    levels = (Level(rate=5, seconds=1), Level(rate=2.5, seconds=90))
    assert asked(stages="5@1s,2.5@1m30s") == Stages(levels=levels)
    file = tmp_path / "a.csv"
    file.write_text("second,arrivals\n0,3\n")
    assert asked(replay=file) == Replay(arrivals=(3.0,), file=str(file))


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"rate": 5.0, "users": 5}, "--users and --rate exclude each other"),
        ({"rate": 5.0, "stages": "1@1s"}, "--rate and --stages exclude each other"),
        ({"ramp": 5.0}, "--ramp needs --rate"),
        ({"spacing": Spacing.EVEN}, "--spacing is of arrivals"),
        ({"users": 5, "spacing": Spacing.EVEN}, "--spacing is of arrivals"),
        ({"stages": "5@1s,x@2s"}, "'x@2s' is no level"),
        ({"stages": "5"}, "'5' is no level"),
        ({"stages": "5@0s"}, "'5@0s' is no level"),
        ({"replay": Path("absent.csv")}, "cannot read the arrivals in absent.csv"),
    ],
)
def test_options_that_cannot_be(options: dict[str, Any], problem: str) -> None:
    with pytest.raises(UsageError, match=re.escape(problem)) as caught:
        asked(**options)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["0", "-1", "many", "nan", "inf", "1e9"])
def test_a_rate_is_a_number_above_none(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="no arrival rate"):
        arrival_rate(text)


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ("loadtest --rate 5 --users 5", "--users and --rate exclude each other"),
        ("loadtest --stages 5@1s --duration 9s", "says how long it lasts: no duration"),
        ("sweep --from 50 --to 20", "--from 50 is above --to 20"),
        ("sweep mixed --host http://127.0.0.1:1", "loads only hmb's own stack"),
    ],
)
def test_what_cannot_be_is_one_line(here: Hmb, tmp_path: Path, words: str, problem: str) -> None:
    said = here(tmp_path, *words.split())
    assert said.code == 2
    assert problem in said.err
    assert len(said.err.splitlines()) == 1
    assert not (tmp_path / "runs").exists()


def test_a_sweep_knows_how_long_the_boards_cached_answers_live() -> None:
    environment = {"CACHE_TTL_USER": "600", "CACHE_TTL_JOBS": "60", "CACHE_L1_BYTES": "9"}
    assert cache_lives(environment) == {"user": 600.0, "jobs": 60.0}
    # as production sets them
    compose = Path(__file__).parents[2] / "docker-compose.production.yml"
    assert f"{CACHE_SETTING}USER: " in compose.read_text(encoding="utf-8")
