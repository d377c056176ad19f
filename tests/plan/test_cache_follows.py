"""A plan's cache hit rate: what its load makes of it, or what somebody sets."""

from datetime import date

import numpy as np
import pytest

from capacity.cost.catalogue import read_catalogues
from capacity.demands import Layer, Tier
from capacity.evidence import Span
from capacity.inputs import InputError
from capacity.model.cache import hit_rate
from capacity.plan.assumed import Assumed, assumed
from capacity.plan.designing import designed
from capacity.plan.planning import Request, make_plan
from capacity.plan.sizing import Needs, needs
from capacity.plan.tail_grid import GridJob, Points
from capacity.plan.tails import job
from capacity.plan.what_if import what_if
from tests.plan.made_up import following, model


def sized(users: float, *settings: str) -> tuple[Needs, Assumed]:
    given = assumed(following(), settings)
    return needs(given.model, users, given.inputs.mids(), given.rules), given


def test_more_people_hit_more_often_and_more_keys_less() -> None:
    few, many = (sized(users)[0].demands.answered.hit[0] for users in (1e5, 1e7))
    assert many > few + 0.05
    as_many_keys = sized(1e7, "cache.keys_growth=1")[0].demands.answered.hit[0]
    same_keys = sized(1e7, "cache.keys_growth=0")[0].demands.answered.hit[0]
    assert as_many_keys < many < same_keys
    # as many more keys as people: each is asked for as often as before
    twice, once = (sized(u, "cache.keys_growth=1")[0].demands.answered.hit[0] for u in (2e7, 1e7))
    assert twice == pytest.approx(once, abs=0.02)


def test_misses_go_to_the_databases_and_to_the_pods() -> None:
    many, given = sized(1e7, "cache.keys_growth=0")
    hit = float(many.demands.answered.hit[0])
    nginx, redis = (
        float(one[0]) for one in (many.demands.answered.nginx, many.demands.answered.redis)
    )
    settings = (f"cache.hit_rate={hit}", f"cache.nginx_share={nginx}", f"cache.redis_share={redis}")
    held = sized(1e7, *settings)[0]
    for tier in Tier:
        assert many.demands.cpu_s[tier][0] == pytest.approx(held.demands.cpu_s[tier][0])
    assert many.demands.queries[0] == pytest.approx(held.demands.queries[0])
    measured = sized(1e7, f"cache.hit_rate={hit_rate(given.model)}")[0]
    assert many.demands.queries[0] < measured.demands.queries[0]


def test_nginx_takes_from_the_pods_and_more_pods_ask_redis_more_often() -> None:
    told = following()
    layers = {
        layer: {**{tier: Span.exact(0.0) for tier in Tier}, Tier.PODS: Span.exact(seconds)}
        for layer, seconds in (
            (Layer.NGINX, 0.0),
            (Layer.L1, 9e-4),
            (Layer.L2, 12e-4),
            (Layer.DB, 2e-3),
        )
    }
    told = told.model_copy(update={"layers": layers})

    def pods_ms(*settings: str) -> float:
        given = assumed(told, ["machine.speed=1", "cache.hit_rate=0.7", *settings])
        found = needs(given.model, 1e7, given.inputs.mids(), given.rules)
        return 1000 * float(found.demands.cpu_s[Tier.PODS][0])

    base = pods_ms("cache.nginx_share=0.3", "cache.redis_share=0.1")
    cached = 0.85  # of the mix a cache may answer
    assert pods_ms("cache.nginx_share=0.4", "cache.redis_share=0.1") == pytest.approx(
        base - cached * 0.1 * 0.9
    )
    assert pods_ms("cache.nginx_share=0.3", "cache.redis_share=0.2") == pytest.approx(
        base + cached * 0.1 * 0.3
    )
    few, many = (sized(users, "cache.keys_growth=1")[0].demands.answered for users in (2e6, 2e7))
    assert many.redis[0] > few.redis[0]  # ten times the processes, each key as often asked


def test_what_is_set_holds_at_every_load() -> None:
    for users in (1e5, 1e7):
        found, given = sized(users, "cache.hit_rate=0.6")
        assert found.demands.answered.hit[0] == 0.6
        assert given.inputs.known["cache.hit_rate"].mid == 0.6
        # nobody set these: they follow
        assert "cache.nginx_share" not in given.inputs.known


def test_a_model_taken_as_constant_has_one_hit_rate() -> None:
    given = assumed(model())
    assert "cache.keys_growth" not in given.inputs.known
    for users in (1e5, 1e7):
        found = needs(given.model, users, given.inputs.mids(), given.rules)
        assert found.demands.answered.hit[0] == pytest.approx(hit_rate(model()))


def test_a_plan_tells_its_hit_rate_and_how_far_it_reaches() -> None:
    given = assumed(following())
    request = Request(users=2e7, start=date(2026, 11, 28), draws=100)
    plan = make_plan(given, request, read_catalogues())
    told = plan.traffic["cache hits"]
    assert told.low < told.mid < told.high
    assert any("is extrapolated: within the life" in one for one in plan.warnings)
    near = make_plan(assumed(following(), ["cache.hit_rate=0.8"]), request, read_catalogues())
    assert not any("is extrapolated: within the life" in one for one in near.warnings)
    assert near.traffic["cache hits"].mid == pytest.approx(0.8)


def test_the_page_begins_at_the_plans_hit_rate_and_keeps_it() -> None:
    given, catalogues = assumed(following()), read_catalogues()
    request = Request(users=1e7, start=date(2026, 11, 28), draws=50)
    plan = make_plan(given, request, catalogues)
    found = what_if(given, plan, catalogues, (), _no_tails)
    middle = needs(given.model, 1e7, given.inputs.mids(), given.rules).demands
    hit = float(middle.answered.hit[0])
    assert found.sliders["hit_rate"].start == pytest.approx(hit)
    assert found.inputs["cache.hit_rate"] == pytest.approx(hit)
    assert "cache.keys_growth" not in found.inputs
    # the page's formula (reports/templates/what_if.js, demands) at its start
    misses = (1 - hit) / (1 - found.hit_rate)
    for tier, cost in found.tiers.items():
        left = cost.seconds * (1 - cost.cached + cost.cached * misses)
        seconds = max(0.0, left + cost.miss_extra * (found.hit_rate - hit) + cost.elsewhere)
        seconds *= (1e7 / (found.seeded or 1e7)) ** cost.growth
        assert seconds == pytest.approx(float(middle.cpu_s[tier][0]), rel=0.01), tier


def test_simulated_draws_have_the_hit_rate_of_their_load() -> None:
    given = assumed(following())
    values = given.inputs.draws(60, 1)
    made = designed(given, 1e7, values)
    rates = {round(one.hit_rate, 6) for one in job(given, made, values, 1).draws}
    assert len(rates) > 1
    assert rates <= {round(float(one), 6) for one in made.all_worlds.needs.demands.answered.hit}


def test_a_growth_that_is_no_number_is_refused() -> None:
    with pytest.raises(InputError, match=r"cache\.keys_growth"):
        assumed(following(), ["cache.keys_growth=much"])


def test_hit_rates_are_shares_in_every_draw() -> None:
    given = assumed(following())
    values = given.inputs.draws(500, 3)
    hits = needs(given.model, 1e6, values, given.rules).demands.answered.hit
    assert hits.shape == (500,)
    assert (np.asarray(hits) > 0).all()
    assert (np.asarray(hits) < 1).all()


def _no_tails(asked: GridJob) -> Points:
    """Nothing simulated: what is looked at here does not depend on it."""
    points = len(asked.job.pods_up) * len(asked.job.draws) * len(asked.fullest)
    return Points(lived=(None,) * points)
