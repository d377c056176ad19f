"""From records with known demands to a model: recovered, validated, kept; and what is refused."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from capacity.demands import DemandModel, Family, Layer, Tier
from capacity.errors import HmbError, UsageError
from capacity.evidence import Span
from capacity.model import calibration, classes, fit
from capacity.model.board import tail
from capacity.model.crosscheck import with_checks
from capacity.model.hits import Hits
from capacity.model.material import Material
from capacity.model.measured import InvalidRunError
from capacity.model.predict import Load, predict
from capacity.model.windows import Windows, cut
from capacity.observation import Observation
from capacity.run import Invalidity, Status
from capacity.store import (
    RecordError,
    model_folder,
    read_model,
    write_model,
)
from tests.capacity import synthetic
from tests.capacity.synthetic import (
    APPLY,
    CPU_S,
    DETAIL,
    ENDPOINTS,
    FITTED,
    HELD_S,
    LOGIN,
    SEARCH,
    SEEDED_USERS,
    Kind,
    material,
)

HELD_OUT = (Kind("mixed", 150), Kind("mixed-half", 120), Kind("mixed", 120, pods=2))
AT = datetime(2026, 11, 2, tzinfo=UTC)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[Material]:
    folder = tmp_path_factory.mktemp("fitted")
    return [material(synthetic.write(folder, kind)) for kind in FITTED]


@pytest.fixture(scope="module")
def windows(runs: list[Material]) -> Windows:
    return cut(runs)


@pytest.fixture(scope="module")
def model(runs: list[Material], tmp_path_factory: pytest.TempPathFactory) -> DemandModel:
    folder = tmp_path_factory.mktemp("held-out")
    held_out = [material(synthetic.write(folder, kind, seed=9)) for kind in HELD_OUT]
    return calibration.calibrate(runs, held_out, made_at=AT, requests=4_000)


def test_windows_add_up_to_the_runs(runs: list[Material], windows: Windows) -> None:
    assert len(windows.run) == sum(kind.seconds // windows.seconds for kind in FITTED)
    asked = sum(stats.requests for run in runs for stats in run.seen.endpoints())
    assert windows.requests.sum() == asked
    cpu = sum(float(run.seen.timeline["service.primary.cpu"].sum()) for run in runs)
    assert windows.cpu[Tier.PRIMARY].sum() == pytest.approx(cpu)


def test_a_window_with_a_reading_missing_is_left_out(runs: list[Material]) -> None:
    run = runs[0]
    gap = run.seen.timeline.copy()
    gap.loc[7, "service.redis.cpu"] = np.nan
    found = cut([Material(Observation(run.seen.run, gap), run.cells)])
    assert len(found.run) == FITTED[0].seconds // found.seconds - 1


def test_known_demands_are_recovered(model: DemandModel) -> None:
    tiers = {"pods": Tier.PODS, "primary": Tier.PRIMARY, "replica-1": Tier.REPLICAS}
    assert {one.name for one in model.classes} == set(ENDPOINTS)
    for name in ENDPOINTS:
        for known, tier in tiers.items():
            span, true = model.by_name(name).cpu_s[tier], CPU_S[name].get(known, 0.0)
            assert span.mid == pytest.approx(true, rel=0.06, abs=1e-4), (name, tier)
            assert span.low - 0.05 * true - 1e-5 <= true <= span.high + 0.05 * true + 1e-5
    assert model.by_name(APPLY).queries.mid == pytest.approx(4, rel=0.02)
    assert model.by_name(APPLY).held_s.mid == pytest.approx(4 * HELD_S, rel=0.02)
    assert model.by_name(LOGIN).redis_commands.mid == pytest.approx(3, rel=0.02)
    assert model.by_name(SEARCH).bytes_out.mid == pytest.approx(1000)
    assert model.beside_cpu_s.mid == pytest.approx(synthetic.GENERATOR_S, rel=0.02)


def test_idle_work_and_cache_hits_are_recovered(model: DemandModel) -> None:
    assert model.idle_cpu[Tier.PODS] == pytest.approx(3 * synthetic.IDLE["pods"], rel=0.25)
    assert model.cache_hit == pytest.approx(synthetic.HITS, abs=0.03)


LIMITS = {"throughput": 0.05, "mean": 0.15, "p95": 0.20, "utilisation": 0.05, "cache hits": 0.05}
"""How far off the prediction of a run held out may be."""


def test_held_out_runs_are_predicted(model: DemandModel) -> None:
    assert {row.what for row in model.held_out} == set(LIMITS)
    assert len({row.run for row in model.held_out}) == len(HELD_OUT)
    for row in model.held_out:
        assert abs(row.error) < LIMITS[row.what], row
    measured = [row for row in model.held_out if row.what == "utilisation" and row.tier is None]
    assert all(row.measured > 0.15 for row in measured)  # machine, not nothing


def test_the_model_knows_how_many_people_its_database_held(model: DemandModel) -> None:
    assert model.seeded_users == SEEDED_USERS


def test_the_fit_stands_beside_what_the_pods_timed(model: DemandModel) -> None:
    assert [one.endpoint for one in model.checked] == [
        "GET /api/v1/jobs/{}",
        "GET /api/v1/jobs",
        "POST /api/v1/jobs/{}/applications",
        "POST /api/v1/auth/login",
    ]
    for one in model.checked:
        assert one.own_s / one.fitted_s == pytest.approx(synthetic.OWN_TASKS, rel=0.06)
    # what idle pods use is in no task
    assert model.own_share is not None
    assert 0.6 < model.own_share < synthetic.OWN_TASKS


def test_records_without_the_pods_own_times_are_not_checked(
    runs: list[Material], model: DemandModel
) -> None:
    told = runs[0].seen.timeline
    untold = told[[name for name in told if not name.startswith("endpoint.")]]
    first = Material(Observation(runs[0].seen.run, untold), runs[0].cells)
    bare = model.model_copy(update={"checked": (), "own_share": None})
    assert with_checks(bare, [first, *runs[1:]]) == bare
    assert with_checks(bare, runs) == model


def test_an_endpoint_of_which_no_request_was_timed_is_not_checked(
    runs: list[Material], model: DemandModel
) -> None:
    never = {"endpoint.GET /api/v1/jobs.cpu": 0.0}
    found = with_checks(
        model,
        [
            Material(Observation(run.seen.run, run.seen.timeline.assign(**never)), run.cells)
            for run in runs
        ],
    )
    assert len(found.checked) == len(model.checked) - 1
    assert "GET /api/v1/jobs" not in {one.endpoint for one in found.checked}


def test_levels_are_those_of_mixed_by_littles_law(model: DemandModel) -> None:
    assert [level.pods for level in model.levels] == [3, 3, 3]
    for level, users in zip(model.levels, (60, 120, 180), strict=True):
        # N = X (R + Z): those at work are those who do not think
        assert level.at_once == pytest.approx(users - level.rate * synthetic.THINK_S, abs=5)
        assert level.at_once > 0


def test_the_mix_is_that_of_mixed(model: DemandModel) -> None:
    expected = dict(zip(ENDPOINTS, synthetic.MIXES["mixed"], strict=True))
    assert model.mix == pytest.approx(expected, abs=0.02)
    assert sum(model.mix.values()) == pytest.approx(1)


def test_prediction_follows_the_load(model: DemandModel) -> None:
    def load(users: int, hits: DemandModel = model) -> Load:
        return Load(users, synthetic.THINK_S, hits.mix, hits.topology)

    light, heavy = predict(model, load(20)), predict(model, load(20_000))
    assert heavy.response_s > 10 * light.response_s
    busiest = sum(
        share * (model.by_name(name).total_cpu_s + model.beside_cpu_s.mid)
        for name, share in model.mix.items()
    )
    assert heavy.rate < synthetic.CORES / busiest
    most = heavy.bounds.saturation_rate
    assert heavy.rate == pytest.approx(most, rel=1e-3)
    assert light.bounds.saturation_rate == most
    assert heavy.machine == pytest.approx(synthetic.CORES, rel=0.01)
    apart = model.topology.model_copy(update={"cores": None})
    cores = dict.fromkeys(Tier, 1.0)
    own = predict(model, Load(100, synthetic.THINK_S, model.mix, apart, tier_cores=cores))
    assert own.machine is None
    assert own.rate == pytest.approx(100 / (2 * model.think_factor + own.response_s))


def test_simulation_and_analysis_agree_on_means(model: DemandModel) -> None:
    apart = model.topology.model_copy(update={"cores": None})
    cores = dict.fromkeys(Tier, 1.0)
    for topology in (model.topology, apart):
        load = Load(150, synthetic.THINK_S, model.mix, topology, tier_cores=cores)
        found, expected = tail(model, load, requests=4_000), predict(model, load)
        assert found.mean_s == pytest.approx(expected.response_s, rel=0.1)
        assert found.throughput == pytest.approx(expected.rate, rel=0.05)
        assert found.p50_s < found.p95_s < found.p99_s


def test_few_slots_make_a_tail(model: DemandModel) -> None:
    tight = model.topology.model_copy(update={"pods": 1, "workers": 1, "slots": 1})
    eager = model.model_copy(update={"wait_factor": 1.0})
    wide = tail(eager, Load(150, 1.5, model.mix, model.topology), requests=4_000)
    narrow = tail(eager, Load(150, 1.5, model.mix, tight), requests=4_000)
    assert narrow.held["slots-0"] <= 1 + 1e-9  # a sum of many times
    assert narrow.p95_s > 1.5 * wide.p95_s


def test_a_hit_and_a_miss_are_told_apart(windows: Windows) -> None:
    # two runs that only read, whose share of misses differs: the cost follows the layer
    reads = windows.only(np.isin(windows.run, (3, 4)))
    assert reads.layers is not None
    cost = {Layer.L1: 1e-3, Layer.DB: 7e-3}
    order = list(Layer)
    pods = sum(reads.layers[:, order.index(layer)] * s for layer, s in cost.items())
    known = replace(reads, cpu={**reads.cpu, Tier.PODS: np.asarray(pods)})
    found = fit.layer_costs(known)
    assert found is not None
    for layer, seconds in cost.items():
        assert found[Tier.PODS].per_request[order.index(layer)].mid == pytest.approx(seconds)
    writes = windows.only(np.isin(windows.run, (5,)))
    assert fit.layer_costs(writes) is None
    assert fit.layer_costs(replace(reads, layers=None)) is None


def test_endpoints_that_always_come_together_are_one_class(windows: Windows) -> None:
    # every detail also asks for what is similar to it: no run tells the two apart
    twin = DETAIL.replace("{id}", "{id}/similar")
    column = windows.endpoints.index(DETAIL)
    double = replace(
        windows,
        endpoints=(*windows.endpoints, twin),
        requests=np.column_stack([windows.requests, windows.requests[:, column]]),
    )
    found, condition = classes.classes(double)
    assert condition < classes.MOST_CONDITION
    (together,) = [one for one in found if twin in one.endpoints]
    assert set(together.endpoints) == {DETAIL, twin}


def test_there_are_no_more_classes_than_independent_mixes(windows: Windows) -> None:
    few = windows.only(np.isin(windows.run, (0, 1, 2, 5)))  # mixed at three levels, and apply
    assert classes.independent_mixes(few) == 2
    assert len(classes.classes(few)[0]) == 2


def test_no_class_costs_less_than_the_pods_timed(windows: Windows) -> None:
    # least squares find nothing for searches, which took 1 ms each in their own tasks
    column = windows.endpoints.index(SEARCH)
    others = windows.requests.copy()
    others[:, column] = 0
    cost = np.array([CPU_S[name]["pods"] for name in windows.endpoints])
    free = replace(windows, cpu={**windows.cpu, Tier.PODS: np.asarray(others @ cost)})
    alone = fit.fit(free)
    at = [one.name for one in alone.classes].index(SEARCH)
    assert alone.cpu[Tier.PODS].per_request[at].mid == pytest.approx(0, abs=1e-9)
    timed = fit.fit(free, timed={"GET /api/v1/jobs": 1e-3})
    span = timed.cpu[Tier.PODS].per_request[at]
    assert span.low >= 1e-3
    assert span.mid < 1.5e-3
    apply = [one.name for one in alone.classes].index(APPLY)
    assert timed.cpu[Tier.PODS].per_request[apply].mid == pytest.approx(
        CPU_S[APPLY]["pods"], rel=0.1
    )


def test_what_a_route_took_is_divided_by_what_reached_a_pod(windows: Windows) -> None:
    # nginx answered all lists but a tenth, and no search: the route's time is the searches'
    lists = "GET /api/v1/jobs"
    column = windows.endpoints.index(SEARCH)
    both = replace(
        windows,
        endpoints=(*windows.endpoints, lists),
        requests=np.column_stack([windows.requests, windows.requests[:, column]]),
    )
    kept = Family(
        name="lists",
        endpoints=(lists,),
        life_s=60,
        public=True,
        keys=None,
        asked=Span.exact(1.0),
        shares={Layer.NGINX: 0.9, Layer.L1: 0.1, Layer.L2: 0.0, Layer.DB: 0.0},
    )
    own = fit.own_tasks(both, Hits((kept,), 0.0), {lists: 1.1e-3})
    by_name = dict(zip(both.endpoints, own, strict=True))
    assert by_name[SEARCH] == pytest.approx(2e-3)
    assert by_name[lists] == pytest.approx(0.2e-3)
    assert by_name[APPLY] == 0.0


def test_rare_endpoints_are_no_class_of_their_own(windows: Windows) -> None:
    rare = ("GET /api/v1/views/mine", "PUT /api/v1/flags", "DELETE /api/v1/flags")
    once = np.zeros((len(windows.run), 3))
    once[::5] = 1
    wide = replace(
        windows,
        endpoints=(*windows.endpoints, *rare),
        requests=np.column_stack([windows.requests, once]),
    )
    alone = {one.endpoints for one in classes.classes(wide)[0] if len(one.endpoints) == 1}
    assert not {name for names in alone for name in names} & set(rare[1:])


@pytest.mark.parametrize(
    ("endpoint", "about"),
    [
        ("GET /api/v1/jobs?q", ("jobs", True)),
        ("POST /api/v1/jobs/{id}/applications", ("jobs", False)),
        ("GET /health", ("health", True)),
        ("GET /", ("/", True)),
    ],
)
def test_what_an_endpoint_is_about(endpoint: str, about: tuple[str, bool]) -> None:
    assert classes.kind(endpoint) == about


def _refused(materials: list[Material], held_out: list[Material] | None = None) -> HmbError:
    with pytest.raises(HmbError) as caught:
        calibration.calibrate(materials, held_out or [], made_at=AT)
    assert "\n" not in str(caught.value)
    return caught.value


def test_too_few_levels_are_refused(runs: list[Material]) -> None:
    error = _refused([runs[0]])
    assert "too few levels" in str(error)
    assert error.exit_code == 2


def test_collinear_mixes_are_refused(runs: list[Material]) -> None:
    error = _refused(runs[:3])
    assert "collinear" in str(error)
    assert error.exit_code == 2


def test_no_runs_no_mixed_and_a_run_on_both_sides_are_refused(runs: list[Material]) -> None:
    assert "no runs" in str(_refused([]))
    assert "no run of mixed" in str(_refused(runs[3:]))
    assert "both fitted and held out" in str(_refused(runs, [runs[0]]))


def test_runs_that_cannot_be_trusted_are_refused(runs: list[Material], tmp_path: Path) -> None:
    late = Invalidity(reason="generator-saturated", detail="busy")
    cases = {
        "is invalid (generator-saturated": synthetic.write(
            tmp_path, FITTED[0], seed=2, invalid=(late,)
        ),
        "cut short": synthetic.write(tmp_path, FITTED[0], seed=3, status=Status.INTERRUPTED),
        "failed or were refused": synthetic.write(tmp_path, FITTED[0], seed=4, failures=100),
    }
    for says, folder in cases.items():
        for fitted, held_out in (([material(folder)], []), (runs, [material(folder)])):
            error = _refused(fitted, held_out)
            assert says in str(error)
            assert isinstance(error, InvalidRunError)
            assert error.exit_code == 6
    bare = synthetic.write(tmp_path, FITTED[0], seed=5)
    (bare / "load.jsonl").unlink()
    assert "no load.jsonl" in str(_refused([material(bare)]))


def test_runs_of_another_machine_or_stack_are_refused(runs: list[Material]) -> None:
    run = runs[1].seen.run
    faster = run.where.model_copy(
        update={"machine": run.where.machine.model_copy(update={"cores": 64})}
    )
    larger = run.where.model_copy(
        update={"topology": {**(run.where.topology or {}), "workers_per_pod": 9}}
    )
    for where, says in ((faster, "different machines"), (larger, "differ in more than pods")):
        other = run.model_copy(update={"where": where})
        strange = Material(Observation(other, runs[1].seen.timeline), runs[1].cells)
        assert says in str(_refused([runs[0], strange]))


def test_a_model_is_kept_whole_and_read_again(model: DemandModel, tmp_path: Path) -> None:
    folder = model_folder(tmp_path, "mine")
    assert write_model(folder, model) == tmp_path / "models" / "mine" / "model.json"
    assert read_model(folder) == model
    assert [path.name for path in folder.iterdir()] == ["model.json"]


def test_a_model_that_cannot_be_read_says_why(model: DemandModel, tmp_path: Path) -> None:
    folder = model_folder(tmp_path, "mine")
    with pytest.raises(RecordError, match="hmb calibrate"):
        read_model(folder)
    path = write_model(folder, model)
    whole = path.read_text()
    path.write_text(whole.replace('"version": 3', '"version": 99', 1))
    with pytest.raises(RecordError, match="version 3"):
        read_model(folder)
    path.write_text(whole.replace('"condition"', '"conditon"', 1))
    with pytest.raises(RecordError, match="damaged"):
        read_model(folder)
    for name in ("", "a/b", "..", ".hidden"):
        with pytest.raises(UsageError, match="no name"):
            model_folder(tmp_path, name)
