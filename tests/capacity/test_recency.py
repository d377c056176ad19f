"""What caches remember of a run and of those before it, and what demands become with that."""

from datetime import timedelta

import numpy as np
import pytest

from capacity.demands import DemandModel, Family, Layer, Tier
from capacity.evidence import Span
from capacity.model.cache import answered, answered_at, follows_rate, hit_rate
from capacity.model.material import Material
from capacity.model.recency import asked, before, counted
from capacity.model.remembering import met, remembering
from capacity.model.ttl import shares
from capacity.model.windows import cut
from capacity.observation import Observation
from capacity.spool import Cell
from tests.capacity import synthetic
from tests.capacity.synthetic import DETAIL, SEARCH, Kind, material
from tests.capacity.test_cache_model import MODEL

LENGTH_S = 30


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Material:
    kind = Kind("mixed", 60, seconds=LENGTH_S)
    return material(synthetic.write(tmp_path_factory.mktemp("recency"), kind))


def _again(run: Material, name: str, later_s: float, pods: int = 3) -> Material:
    """The same run once more under another id, `later_s` after it, or on other pods."""
    told = run.seen.run
    began = told.started_at + timedelta(seconds=later_s)
    where = told.where.model_copy(
        update={"topology": {**(told.where.topology or {}), "pods": pods}}
    )
    moved = told.model_copy(
        update={
            "id": name,
            "started_at": began,
            "ended_at": began + timedelta(seconds=LENGTH_S),
            "where": where,
        }
    )
    return Material(Observation(moved, run.seen.timeline), run.cells)


def test_the_stack_remembers_what_ran_on_it_lately(first: Material) -> None:
    after, later = _again(first, "after", 40), _again(first, "later", 4000)
    elsewhere = _again(first, "elsewhere", 40, pods=2)
    runs = [first, after, later, elsewhere]
    assert before(after, runs) == [first]
    assert before(first, runs) == []
    assert before(later, runs) == []
    assert before(elsewhere, runs) == []


def test_requests_are_counted_back_one_life_over_the_run_before(first: Material) -> None:
    cells = [Cell("g", second, "measured", "GET", "/jobs", 10) for second in range(LENGTH_S)]
    run = Material(first.seen, cells)
    after = _again(run, "after", 40)
    counts = {one.id: counted(one.cells) for one in (run, after)}

    def within(life_s: float, earlier: list[Material]) -> list[float]:
        return list(asked(after, earlier, counts, "GET /jobs", [1.0, 25.0], life_s))

    assert within(5, [run]) == [10, 50]
    # 60 s before second 25 of the second run lies second 5 of the first
    assert within(60, [run]) == [10 + 300, 250 + 250]
    assert within(60, []) == [10, 250]


def test_windows_hold_what_is_kept_and_nothing_of_what_is_not(first: Material) -> None:
    cold, warm = cut([first]), cut([_again(first, "after", LENGTH_S)], others=[first])
    column = {name: n for n, name in enumerate(cold.endpoints)}
    for name in (SEARCH, DETAIL):
        told = cold.asked[:, column[name]]
        assert (told[1:] > told[:-1]).all()  # an empty cache fills
        assert (warm.asked[:, column[name]] > told).all()
    assert cold.brief[:, column[SEARCH]].max() < cold.asked[:, column[SEARCH]].max()
    assert (cold.brief[:, column[DETAIL]] == 0).all()  # nginx keeps no job's page
    writes = [n for n, name in enumerate(cold.endpoints) if name.startswith("POST")]
    assert (cold.asked[:, writes] == 0).all()
    assert (cold.processes == 12).all()


def test_a_value_renewed_for_nobody_costs_the_database_a_load(first: Material) -> None:
    renewals = first.seen.timeline["pod.backend-1.served_l1"] / 4
    timeline = first.seen.timeline.assign(**{"pod.backend-1.cache_renewals": renewals})
    renewing = Material(Observation(first.seen.run, timeline), first.cells)
    before_, after = cut([first]).layers, cut([renewing]).layers
    assert before_ is not None
    assert after is not None
    behind = renewals.to_numpy()[: 3 * len(after)].reshape(-1, 3).sum(axis=1)
    assert behind.min() > 0
    moved = dict(zip(Layer, (after - before_).T, strict=True))
    assert moved.pop(Layer.DB) == pytest.approx(behind)
    assert moved.pop(Layer.L1) == pytest.approx(-behind)
    assert all(abs(one).max() < 1e-9 for one in moved.values())


def _following(keys: float = 200.0, asked: float = 600.0) -> DemandModel:
    """`MODEL`, nine reads in ten of which hit as so many requests within a life make them."""
    found = shares(asked, 50.0, keys, 12)
    told = Family(
        name="lists",
        endpoints=("read",),
        life_s=60.0,
        public=True,
        keys=Span.exact(keys),
        asked=Span(low=asked / 2, mid=asked, high=2 * asked),
        shares={layer: float(share) for layer, share in found.items()},
    )
    answered = {layer: 0.9 * told.shares[layer] for layer in (Layer.NGINX, Layer.L1, Layer.L2)}
    reads = MODEL.by_name("read").model_copy(update={"kept": {"lists": 0.9}, "answered": answered})
    return MODEL.model_copy(
        update={
            "classes": (reads, MODEL.by_name("write")),
            "families": (told,),
            "cache_hit": {"read": 0.9 * told.hit, "write": 0.0},
        }
    )


def test_answered_as_before_changes_nothing() -> None:
    model = _following()
    same = remembering(model, {"read": model.by_name("read").answered})
    assert same.cache_hit == pytest.approx(model.cache_hit)
    for tier in Tier:
        was = model.by_name("read").cpu_s[tier].mid
        assert same.by_name("read").cpu_s[tier].mid == pytest.approx(was)
    assert remembering(model, {}) == model


def test_fewer_hits_cost_the_databases_more_and_the_pods_what_a_miss_costs() -> None:
    model = _following()
    before = model.by_name("read")
    was = before.answered
    fewer = {**was, Layer.L1: was[Layer.L1] - 0.1}
    less = remembering(model, {"read": fewer})
    after = less.by_name("read")
    assert less.cache_hit["read"] == pytest.approx(model.cache_hit["read"] - 0.1)
    times = (1 - less.cache_hit["read"]) / (1 - model.cache_hit["read"])
    assert after.cpu_s[Tier.PRIMARY].mid == pytest.approx(times * before.cpu_s[Tier.PRIMARY].mid)
    assert after.queries.mid == pytest.approx(times * before.queries.mid)
    more = after.cpu_s[Tier.PODS].mid - before.cpu_s[Tier.PODS].mid
    assert more == pytest.approx(0.1 * (0.005 - 0.001))
    assert less.by_name("write") == model.by_name("write")


def test_hits_that_move_to_redis_cost_the_database_no_more() -> None:
    model = _following()
    was = model.by_name("read").answered
    other = {**was, Layer.L1: was[Layer.L1] - 0.05, Layer.L2: was[Layer.L2] + 0.05}
    moved = remembering(model, {"read": other})
    assert moved.cache_hit == pytest.approx(model.cache_hit)
    more = moved.by_name("read").cpu_s[Tier.PODS].mid - model.by_name("read").cpu_s[Tier.PODS].mid
    assert more == pytest.approx(0.05 * (0.0015 - 0.001))


def test_a_run_is_met_with_what_caches_remembered_of_it(first: Material) -> None:
    searched = Family(
        name="searches",
        endpoints=(SEARCH,),
        life_s=60.0,
        public=True,
        keys=Span.exact(300),
        asked=Span(low=10, mid=50, high=90),
        shares={Layer.NGINX: 0.2, Layer.L1: 0.2, Layer.L2: 0.1, Layer.DB: 0.5},
    )
    reads = MODEL.by_name("read").model_copy(
        update={
            "name": SEARCH,
            "endpoints": (SEARCH,),
            "kept": {"searches": 1.0},
            "answered": {Layer.NGINX: 0.2, Layer.L1: 0.2, Layer.L2: 0.1},
        }
    )
    model = MODEL.model_copy(
        update={"classes": (reads,), "families": (searched,), "cache_hit": {SEARCH: 0.5}}
    )
    warm, later = _again(first, "after", LENGTH_S), _again(first, "later", 2 * LENGTH_S)
    cold = met(model, first, [first]).cache_hit[SEARCH]
    once = met(model, warm, [first, warm]).cache_hit[SEARCH]
    # the run before the last one lies just within the life
    twice = met(model, later, [first, warm, later]).cache_hit[SEARCH]
    assert cold < once < twice
    assert met(MODEL, first, [first]) == MODEL


def test_a_mix_hits_more_often_the_more_comes_and_less_often_the_more_keys_there_are() -> None:
    model = _following()
    rate = np.array([600.0 / (0.8 * 0.9 * 60)])  # as in the runs
    assert follows_rate(model)
    assert not follows_rate(MODEL)
    was = answered_at(model, rate, 1.0, 12.0)
    assert was.hit[0] == pytest.approx(hit_rate(model), abs=0.001)
    assert answered_at(model, 10 * rate, 1.0, 12.0).hit[0] > was.hit[0] + 0.1
    assert answered_at(model, rate, 10.0, 12.0).hit[0] < was.hit[0] - 0.1
    many = answered_at(model, rate, 1.0, 120.0)
    assert many.hit[0] == was.hit[0]
    assert many.redis[0] > was.redis[0] + 0.03
    assert answered_at(MODEL, 10 * rate, 1.0, 12.0).hit == pytest.approx(hit_rate(MODEL))
    # of what nobody told, nginx's part is not known
    assert answered(MODEL).nginx == 0
    assert answered(model).nginx == pytest.approx(0.9 * model.families[0].shares[Layer.NGINX])


def test_one_page_is_one_page_however_large_the_board() -> None:
    model, rate = _following(keys=1.0), np.array([2.0])
    few, many = (answered_at(model, rate, more, 12.0).hit[0] for more in (1.0, 100.0))
    assert few == many
