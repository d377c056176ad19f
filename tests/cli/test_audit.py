"""`hmb audit` as a person runs it."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from capacity.audit.blueprint import read_blueprint
from capacity.run import Invalidity, Run
from capacity.store import COLUMNS, write_run
from tests.cli.conftest import Said
from tests.plan.made_up import FOLDER
from tests.reports.sample import sample_run, sample_timeline

Hmb = Callable[..., Said]


def _recorded(folder: Path, run: Run) -> None:
    write_run(folder / "runs" / run.id, run)
    rows = sample_timeline(run).stack().reset_index()
    rows.columns = list(COLUMNS)
    rows.to_csv(folder / "runs" / run.id / "timeline.csv", index=False)


def _named(run: Run, name: str) -> Run:
    return run.model_copy(update={"id": name})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a slow run, an invalid one, a plan and a mistyped blueprint."""
    here = tmp_path_factory.mktemp("audit")
    _recorded(here, sample_run(slowness=9))
    broken = [Invalidity(reason="metric-missing", detail="no CPU was read")]
    _recorded(here, _named(sample_run(invalid=broken), "invalid"))
    span = {"low": 200, "mid": 300, "high": 400}
    (here / "plan.json").write_text(json.dumps({"users": 1e6, "monthly_bill": span}))
    (here / "wrong.json").write_text('{"users": 0}')
    claim = '[[claim]]\nid = "x"\ntext = "fast"\nvalue = "fast"\n'
    (here / "wrong.toml").write_text(claim + "valeu = 1\n")
    (here / "theirs.toml").write_text(claim + 'not_measured = "nobody looked"\n')
    return here


def test_every_claim_is_told_and_the_reports_are_where_it_says(hmb: Hmb, folder: Path) -> None:
    said = hmb(folder, "audit", "--plan", "plan.json")
    assert said.code == 0
    for claim in read_blueprint().claims:
        assert f" {claim.id} " in said.out
    assert "Before and after" in said.out
    assert "left out: 1 of 2 runs" in said.err
    paths = [line.removeprefix("report: ") for line in said.err.splitlines() if "report:" in line]
    # figures alone have no page of a plan
    assert [Path(path).name for path in paths] == ["audit.html", "audit.md"]
    assert all("$300" in Path(path).read_text(encoding="utf-8") for path in paths)


def test_the_last_plan_is_judged_by_and_told_on_its_own_pages(
    here: Hmb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("capacity.plan.asking.DRAWS", 100)
    shutil.copytree(FOLDER, tmp_path / "runs" / "models" / "reference")
    here(tmp_path, "plan", "--users", "1000000")
    said = here(tmp_path, "audit", "--json")
    assert json.loads(said.out)["rests_on"]["plan_users"] == 1_000_000
    audited, planned = tmp_path / "runs" / "audit", tmp_path / "runs" / "plan"
    pages = ["audit.html", "audit.md", "capacity.html", "founder.html"]
    assert sorted(path.name for path in audited.iterdir()) == pages
    for page in pages:
        assert (audited / page).read_bytes() == (planned / page).read_bytes()
    # the same by its folder; and what another hmb kept is one line
    assert here(tmp_path, "audit", "--plan", "runs/plan", "--json").out == said.out
    kept = planned / "plan.json"
    kept.write_text(kept.read_text("utf-8").replace('"next_step"', '"next"'), encoding="utf-8")
    refused = here(tmp_path, "audit")
    assert (refused.code, refused.out) == (2, "")
    assert "hmb plan makes it anew" in refused.err
    assert len(refused.err.splitlines()) == 1


def test_strict_exits_3_and_json_tells_why(here: Hmb, folder: Path) -> None:
    said = here(folder, "audit", "--strict", "--json")
    assert said.code == 3
    told = json.loads(said.out)
    assert told["exit_code"] == 3
    claims = {one["id"]: one for one in told["claims"]}
    assert claims["latency-p95"]["fair"]["outcome"] == "not_met"
    assert claims["latency-p95"]["fair"]["source"] == sample_run().id
    assert claims["latency-p95"]["literal"]["reading"].startswith("The projection")
    assert claims["uptime"]["fair"]["value"] is None
    assert sum(told["tally"].values()) == len(claims) == len(read_blueprint().claims)
    assert told["rests_on"] == {"runs": [sample_run().id], "plan_users": None, "files": True}
    assert told["before_after"][0]["what"] == "Users"


def test_another_blueprint_is_another_file(here: Hmb, folder: Path) -> None:
    said = here(folder, "audit", "--blueprint", "theirs.toml", "--strict")
    assert said.code == 0
    assert "nobody looked" in said.out
    assert "1 claim, read fairly: 1 not measured." in said.out


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["--blueprint", "wrong.toml"], 2, 'unknown key "valeu": did you mean "value"?'),
        (["--blueprint", "gone.toml"], 2, "no blueprint at gone.toml"),
        (["--plan", "gone.json"], 2, "no plan at gone.json"),
        (["--plan", "wrong.json"], 2, "wrong.json is not a plan: users:"),
        (["--plan", "wrong.toml"], 2, "is not a plan's JSON"),
        (["--run", "invalid"], 6, "run invalid cannot be judged by: it is invalid: no CPU"),
        (["--run", "gone"], 1, "no run record at"),
    ],
)
def test_bad_input_is_one_line(
    here: Hmb, folder: Path, words: list[str], code: int, message: str
) -> None:
    said = here(folder, "audit", *words)
    assert said.code == code
    assert said.out == ""
    assert len(said.err.splitlines()) == 1
    assert message in said.err
