"""What caches remember of a run and of those before it, and what demands become with that."""

from datetime import timedelta

import pytest

from capacity.demands import Caching, DemandModel, Layer, Tier
from capacity.evidence import Span
from capacity.model.cache import follows_rate, hit_rate, hit_rate_at
from capacity.model.recency import asked, before, counted
from capacity.model.remembering import Recent, remembering
from capacity.model.ttl import shares
from capacity.model.windows import Material, cut
from capacity.observation import Observation
from capacity.spool import Cell
from tests.capacity import synthetic
from tests.capacity.synthetic import DETAIL, SEARCH, Kind
from tests.capacity.test_cache_model import MODEL
from tests.capacity.test_calibration import material

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


def _following(keys: float = 200.0, asked: float = 600.0) -> DemandModel:
    """`MODEL`, whose reads hit as so many requests within a life make them."""
    found = shares(asked, 50.0, keys, 12)
    told = Caching(
        kept=0.9,
        public=1.0,
        life_s=60.0,
        keys=Span.exact(keys),
        asked=Span(low=asked / 2, mid=asked, high=2 * asked),
        shares={layer: float(share) for layer, share in found.items()},
    )
    reads = MODEL.by_name("read").model_copy(update={"caching": told})
    return MODEL.model_copy(
        update={
            "classes": (reads, MODEL.by_name("write")),
            "cache_hit": {"read": 0.9 * (1 - told.shares[Layer.DB]), "write": 0.0},
        }
    )


def test_remembering_the_same_changes_nothing() -> None:
    model = _following()
    same = remembering(model, {"read": Recent(600.0, 50.0)}, 12)
    assert same.cache_hit == pytest.approx(model.cache_hit)
    for tier in Tier:
        was = model.by_name("read").cpu_s[tier].mid
        assert same.by_name("read").cpu_s[tier].mid == pytest.approx(was)
    assert remembering(model, {}, 12) == model
    assert remembering(MODEL, {"read": Recent(1.0, 1.0)}, 12) == MODEL  # taken as constant


def test_less_remembered_costs_the_databases_more_and_the_pods_what_a_miss_costs() -> None:
    model = _following()
    less = remembering(model, {"read": Recent(60.0, 50.0)}, 12)
    was, now = model.cache_hit["read"], less.cache_hit["read"]
    assert now == pytest.approx(0.9 * (1 - float(shares(60.0, 50.0, 200, 12)[Layer.DB])))
    assert now < was
    before, after = model.by_name("read"), less.by_name("read")
    times = (1 - now) / (1 - was)
    assert after.cpu_s[Tier.PRIMARY].mid == pytest.approx(times * before.cpu_s[Tier.PRIMARY].mid)
    assert after.queries.mid == pytest.approx(times * before.queries.mid)
    assert after.cpu_s[Tier.PODS].mid > before.cpu_s[Tier.PODS].mid
    assert less.by_name("write") == model.by_name("write")


def test_more_processes_ask_redis_more_often_and_the_database_no_more() -> None:
    model = _following()
    many = remembering(model, {"read": Recent(600.0, 50.0)}, 120)
    assert many.cache_hit == pytest.approx(model.cache_hit)
    moved = 0.9 * float(
        shares(600.0, 50.0, 200, 120)[Layer.L2] - shares(600.0, 50.0, 200, 12)[Layer.L2]
    )
    assert moved > 0.03
    more = many.by_name("read").cpu_s[Tier.PODS].mid - model.by_name("read").cpu_s[Tier.PODS].mid
    assert more == pytest.approx(moved * (0.0015 - 0.001))


def test_a_mix_hits_more_often_the_more_comes_and_less_often_the_more_keys_there_are() -> None:
    model = _following()
    rate = 600.0 / (0.8 * 0.9 * 60)  # as in the runs
    assert follows_rate(model)
    assert not follows_rate(MODEL)
    as_was = float(hit_rate_at(model, rate, 1.0))
    assert as_was == pytest.approx(hit_rate(model), abs=0.001)
    assert float(hit_rate_at(model, 10 * rate, 1.0)) > as_was + 0.1
    assert float(hit_rate_at(model, rate, 10.0)) < as_was - 0.1
    assert float(hit_rate_at(MODEL, 10 * rate, 1.0)) == pytest.approx(hit_rate(MODEL))
