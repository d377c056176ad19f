"""`hmb calibrate --from`: a table or JSON, a model kept, and clear refusals."""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from capacity.demands import Tier
from capacity.errors import UsageError
from capacity.store import model_folder, read_model
from cli.calibrate import calibrate
from cli.stacking import Scale
from scenarios.catalogue import Scenario
from scenarios.request import RunRequest
from tests.capacity import synthetic
from tests.capacity.synthetic import Kind
from tests.cli.conftest import Said

Hmb = Callable[..., Said]
MIXES = ("mixed-search", "mixed-detail", "mixed-apply", "mixed-login")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("calibrated")
    for users in (60, 120, 180):
        synthetic.write(found / "runs", Kind("mixed", users, seconds=30))
    for mix in MIXES:
        synthetic.write(found / "runs", Kind(mix, 100, seconds=30))
    synthetic.write(found / "runs", Kind("mixed", 150, seconds=30), seed=9)
    return found


def _words(folder: Path) -> list[str]:
    words = ["calibrate"]
    for run in sorted((folder / "runs").glob("2026*")):
        words += ["--held-out" if run.name.endswith("-9") else "--from", run.name]
    return words


def test_a_table_with_demands_and_errors(here: Hmb, folder: Path) -> None:
    said = here(folder, *_words(folder))
    assert said.code == 0, said.err
    for part in (
        *synthetic.ENDPOINTS,
        "condition number",
        "throughput",
        "p95",
        "machine",
        "Scalability by pods",
    ):
        assert part in said.out
    model = read_model(model_folder(folder / "runs", "reference"))
    assert len(model.runs) == 7
    assert {row.run for row in model.held_out} == {"20261101-000000-mixed-150-3-9"}
    assert "model.json" in said.err


def test_json_is_the_model_and_the_same_every_time(hmb: Hmb, folder: Path) -> None:
    said = hmb(folder, *_words(folder), "--name", "again", "--json")
    assert said.code == 0, said.err
    told = json.loads(said.out)
    kept = read_model(model_folder(folder / "runs", "again"))
    assert told == json.loads(kept.model_dump_json())
    first = read_model(model_folder(folder / "runs", "reference"))
    assert first.model_copy(update={"made_at": kept.made_at}) == kept


def test_runs_on_two_sizes_of_data_show_growth(here: Hmb, folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder / "runs", tmp_path / "runs", ignore=shutil.ignore_patterns("models"))
    for mix, users in [("mixed", 60), ("mixed", 120), ("mixed", 180), *((m, 100) for m in MIXES)]:
        synthetic.write(tmp_path / "runs", Kind(mix, users, seconds=30, seeded=40_000))
    said = here(tmp_path, *_words(tmp_path))
    assert said.code == 0, said.err
    power = said.out.index("grows as users to the power of")
    assert said.out.index("\n2,000 ") < said.out.index("\n40,000 ") < power
    model = read_model(model_folder(tmp_path / "runs", "reference"))
    grows = model.growth[Tier.REPLICAS].mid
    assert grows == pytest.approx(synthetic.GROWTH["replica-1"], abs=0.03)
    (row,) = [line for line in said.out.splitlines() if line.startswith("a mean request")]
    assert f"{grows:+.2f} (" in row
    assert len(model.runs) == 14


def test_each_size_is_loaded_in_turn_and_the_largest_stays(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The stack is none here: what is asked of it is what is looked at."""
    done: list[tuple[str, str, int]] = []
    data: list[tuple[Scale, bool]] = []
    seeds: dict[str, list[int]] = {}

    @contextmanager
    def stack(pods: int, scale: Scale, *, exactly: bool = False) -> Iterator[int]:
        data.append((scale, exactly))
        yield pods

    def load(request: RunRequest, pods: int) -> Path:
        assert isinstance(request.journeys, Scenario)
        done.append((data[-1][0].value, request.journeys.name, pods))
        seeds.setdefault(done[-1][0], []).append(request.seed)
        return tmp_path / f"run-{len(done)}"

    monkeypatch.setattr("cli.calibrate.own_stack", stack)
    monkeypatch.setattr("cli.calibrate.load_stack", load)
    monkeypatch.setattr("stack.engine.load_running", lambda _home: None)
    monkeypatch.setattr("capacity.store.read_run", lambda _folder: SimpleNamespace(invalid=[]))
    monkeypatch.setattr("cli.calibrate._material", lambda folder: folder.name)
    asked: list[list[str]] = []

    def fit(fitted: list[str], kept: list[str], **_: object) -> None:
        asked.extend([fitted, kept])
        raise UsageError("nothing to fit")

    monkeypatch.setattr("capacity.model.calibration.calibrate", fit)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="nothing to fit"):
        calibrate(quick=True, sizes="large, small", seed=5)
    assert data == [(Scale.SMALL, True), (Scale.LARGE, True), (Scale.LARGE, True)]
    small = [mix for scale, mix, _ in done if scale == "small"]
    large = [mix for scale, mix, _ in done if scale == "large"]
    assert large[: len(small)] == small
    assert large[len(small) :] == ["mixed-held-out", "mixed"]
    assert len(asked[0]) == 2 * (len(small) - 1)
    assert len(asked[1]) == 4  # a level on each size, a mix, a number of pods
    # nobody asks again for what the run before asked for, and sizes are asked for alike
    assert seeds["small"] == list(range(5, 5 + len(small)))
    assert seeds["large"][: len(small)] == seeds["small"]
    assert len(set(seeds["large"])) == len(large)


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["--from", "nothing"], 1, "no run record"),
        (["--from", "20261101-000000-mixed-60-3-1"], 2, "too few levels"),
    ],
)
def test_refusals_are_one_line_and_leave_nothing(
    here: Hmb, folder: Path, words: list[str], code: int, says: str
) -> None:
    before = sorted(folder.rglob("*"))
    said = here(folder, "calibrate", *words)
    assert said.code == code, said.err
    assert said.out == ""
    last = said.err.strip().splitlines()[-1]
    assert last.startswith("error: ")
    assert says in last
    assert "Traceback" not in said.err
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"held_out": ["latest"]}, "--from"),
        ({"fit_from": ["latest"], "quick": True}, "--quick"),
        ({"fit_from": ["latest"], "users": 100}, "--users"),
        ({"fit_from": ["latest"], "sizes": "small,large"}, "--sizes"),
        ({"sizes": "small, small"}, "one size shows no growth"),
        ({"sizes": "small,huge"}, "sizes are small, medium, large"),
        ({"fit_from": ["latest"], "name": "a/b"}, "no name for a model"),
    ],
)
def test_what_does_not_go_together_is_refused_before_any_load(
    asked: dict[str, Any], says: str
) -> None:
    with pytest.raises(UsageError, match=says):
        calibrate(**asked)
