"""`hmb plan`, from a made-up model: tables, JSON, two plans side by side, and refusals."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.main import get_command

from capacity.plan.kept import kept_of
from cli.main import app
from tests.cli.conftest import Said
from tests.plan.made_up import FOLDER

Plan = Callable[..., Said]


@pytest.fixture
def plan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Plan:
    """Runs `hmb plan` with these words where a model named reference is stored; few draws do."""
    monkeypatch.setattr("capacity.plan.asking.DRAWS", 100)
    # seconds of work that one test looks at
    monkeypatch.setattr("cli.plan._write_pages", lambda *_: None)
    shutil.copytree(FOLDER, tmp_path / "runs" / "models" / "reference")
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> Said:
        code = get_command(app).main(["plan", *words], standalone_mode=False)
        told = capsys.readouterr()
        return Said(code or 0, told.out, told.err)

    return run


def test_a_plan_is_told_from_resources_to_what_it_rests_on(plan: Plan) -> None:
    said = plan("--users", "1000000")
    assert said.code == 0
    for part in (
        "1,000,000 registered users",
        "to rent (one pod and one replica may be lost)",
        "fills first: ",
        "runs out on the path stages: 20",
        "per 1,000 requests",
        "the blueprint's",
        "contribution margin",
        "moves cost most",
        "rests on a demand model of 2026-11-01 (assumed, 3 runs)",
        "warning: demands were measured with 50,000 users",
    ):
        assert part in said.out
    assert said.err == ""


def test_as_json_it_is_the_same_plan_with_evidence(plan: Plan) -> None:
    told = json.loads(plan("--users", "1000000", "--json", "--set", "pods=6", "--indices").out)
    assert told["afforded"] is None
    assert told["plan"]["resources"]["pods_most"] == 6
    assert told["plan"]["cost"]["usd"]["evidence"] == "priced"
    assert told["plan"]["inputs"]["demand.pods_ms"]["evidence"] == "modelled"
    assert told["plan"]["sensitivity"][0]["effects"][0]["total"] > 0
    assert told["plan"]["bought"]["users"] == 1_000_000
    assert {"BilledCost", "ServiceCategory", "x_layer"} <= set(told["plan"]["cost"]["invoice"][0])


def test_a_budget_is_answered_with_users_and_the_next_step(plan: Plan) -> None:
    told = json.loads(plan("--budget", "300", "--json").out)
    assert told["plan"]["users"] == told["afforded"]["middle"]
    assert told["plan"]["cost"]["mid_usd"] == told["afforded"]["middle_usd"] <= 300
    assert "users" in told["afforded"]["next_step"]
    said = plan("--budget", "130")
    assert said.out.startswith("$130 a month carries ")
    assert "next step: " in said.out


def test_two_plans_stand_side_by_side(plan: Plan) -> None:
    said = plan("--users", "1000000", "--set", "pods=6", "--compare", "pods=3")
    rows = said.out.splitlines()
    assert rows[:2] == ["A: pods=6", "B: as A, and pods=3"]
    pods = next(row for row in rows if row.startswith("pods at most"))
    assert pods.split()[-2:] == ["6", "3"]
    # what makes both doubtful is told as of one plan
    assert any(row.startswith("rests on a demand model") for row in rows)
    assert any(row.startswith("warning: ") for row in rows)


def test_tails_are_simulated_once_for_the_same_inputs(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("capacity.plan.tails._REQUESTS", 100)
    monkeypatch.setattr("capacity.plan.tails.DRAWS", 5)
    words = ("--users", "1000000", "--simulate")
    said = plan(*words)
    assert "simulated at the busiest seconds: 5 draws, 100 requests each" in said.out
    assert "simulating 2 pods" in said.err
    (file,) = (tmp_path / "runs" / "simulations").iterdir()
    again = plan(*words)
    assert (again.out, again.err) == (said.out, "")
    told = json.loads(plan(*words, "--json").out)["plan"]["simulation"]
    assert told["tails"][0]["p95_ms"]["evidence"] == "modelled"
    file.write_text("{}", encoding="utf-8")  # damaged: made anew
    assert "simulating" in plan(*words).err
    beside = plan(*words, "--compare", "pods=4")
    assert next(row for row in beside.out.splitlines() if row.startswith("simulated p95"))


def test_a_model_is_named_by_folder_or_file_too(plan: Plan) -> None:
    for named in (FOLDER, FOLDER / "model.json"):
        said = plan("--users", "10", "--model", str(named))
        assert "a population of 10 users" in said.err  # past the model


def test_the_boards_own_ledger_is_read(plan: Plan, tmp_path: Path) -> None:
    ledger = {"revenue": {"users": 10_000, "tiers": [{"tier": "pro", "paying": 120}]}}
    (tmp_path / "ledger.json").write_text(json.dumps(ledger), encoding="utf-8")
    told = json.loads(plan("--users", "10000", "--ledger", "ledger.json", "--json").out)
    assert told["plan"]["inputs"]["tiers.pro_share"]["evidence"] == "measured"


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        ([], 2, "give either --users N or --budget USD"),
        (["--users", "5000", "--budget", "5"], 2, "give either --users N or --budget USD"),
        (["--users", "0"], 2, "a population of 0 users"),
        (["--users", "many"], 2, "--users"),
        (["--budget", "0"], 2, "buys nothing"),
        (["--users", "5000", "--set", "cache.hit=1"], 2, 'did you mean "cache.hit_rate"'),
        (["--users", "5000", "--set", "peak.over_mean=4:3:2"], 2, "low <= mid <= high"),
        (["--users", "5000", "--set", "slo.p95=0.1"], 2, "no number of pods holds"),
        (["--users", "10000000", "--provider", "Upstash"], 2, "no provider carries the redis"),
        (["--users", "5000", "--model", "other"], 1, "hmb calibrate"),
        (["--users", "5000", "--model", "a/b"], 2, "no name for a model"),
        (["--users", "5000", "--ledger", "gone.json"], 2, "no ledger at gone.json"),
        (["--users", "5000", "--ledger", "list.json"], 2, "is no ledger"),
    ],
)
def test_what_cannot_be_planned_is_one_line(
    plan: Plan, tmp_path: Path, words: list[str], code: int, says: str
) -> None:
    (tmp_path / "list.json").write_text("[]", encoding="utf-8")
    said = plan(*words)
    assert (said.code, said.out) == (code, "")
    assert said.err.startswith("error: ")
    assert says in said.err
    assert len(said.err.strip().splitlines()) == 1


def test_without_a_model_no_figure_is_told(plan: Plan, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "runs")
    said = plan("--users", "1000000")
    assert (said.code, said.out) == (1, "")
    assert "no model at" in said.err
    assert "hmb calibrate" in said.err


def test_a_damaged_model_is_one_line(plan: Plan, tmp_path: Path) -> None:
    file = tmp_path / "runs" / "models" / "reference" / "model.json"
    file.write_text(file.read_text(encoding="utf-8").replace('"mix"', '"mixx"'), encoding="utf-8")
    said = plan("--users", "1000000")
    assert said.code == 1
    assert "hmb calibrate" in said.err
    assert len(said.err.strip().splitlines()) == 1


@pytest.mark.parametrize("words", [(), ("--html", "pages")])
def test_its_pages_are_written_and_nothing_else_is_told(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    bare = plan("--users", "300000").out
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("capacity.plan.asking.DRAWS", 100)
    monkeypatch.setattr("capacity.plan.tail_grid._REQUESTS", 60)
    monkeypatch.setattr("capacity.plan.tail_grid._PER_POD", 1)
    first = plan("--users", "300000", *words)
    simulated = [line for line in first.err.splitlines() if not line.startswith("report: ")]
    assert all(line.endswith(" pods for the sliders") for line in simulated)
    assert simulated
    said = plan("--users", "300000", *words)  # what was simulated is kept
    assert said.out == first.out == bare
    folder = tmp_path / (words[-1] if words else "runs/plan")
    names = ["founder.html", "capacity.html", "audit.html", "audit.md"]
    assert sorted(one.name for one in folder.iterdir()) == sorted([*names, "plan.json"])
    assert [line.split("/")[-1] for line in said.err.splitlines()] == names
    page = (folder / "founder.html").read_text(encoding="utf-8")
    assert "<h1>It carries 300,000\N{NO-BREAK SPACE}users" in page
    kept = kept_of(json.loads((folder / "plan.json").read_text(encoding="utf-8")))
    assert kept is not None
    assert kept.plan.users == 300_000


def test_pages_of_two_plans_are_refused_before_any_work(plan: Plan, tmp_path: Path) -> None:
    said = plan("--users", "300000", "--compare", "pods=3", "--html", "pages")
    assert said.code == 2
    assert "--html tells one plan, --compare two" in said.err
    assert not (tmp_path / "pages").exists()
