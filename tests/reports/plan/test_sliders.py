"""A plan's sliders in a browser: they compute again as Python does."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scipy.interpolate import RegularGridInterpolator

from capacity.cost.catalogue import Layer, read_catalogues
from capacity.model.predict import limits
from capacity.plan.assumed import Assumed, assumed
from capacity.plan.budget import bills
from capacity.plan.costing import fees_by_tier
from capacity.plan.limits import Design, carried, filled, fixed
from capacity.plan.sizing import holds, needs, response
from capacity.plan.tail_grid import GridJob, Points, tail_grid
from capacity.plan.tails import drawn
from capacity.plan.worlds import world
from capacity.population.traffic import PAID
from capacity.revenue.margin import margin
from tests.reports.plan.planned import USERS, as_kept, model, simulated_points, the_answer
from tests.reports.test_page_in_browser import opened

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

MOVES: list[dict[str, int]] = [
    {},
    {"users": 800, "pods": 400},
    {"daily_share": 700, "over_mean": 600, "pods": 700},
    {"hit_rate": 150, "users": 300},
    {"paying": 100, "prices": 900},
    {"users": 1000, "daily_share": 1000, "over_mean": 1000, "hit_rate": 0, "pods": 0},
]
"""Sliders by name, each with its place of 1,000."""


@pytest.mark.parametrize("moved", MOVES, ids=lambda one: "-".join(one) or "none")
def test_moved_sliders_give_what_python_computes(
    chromium: "Browser", pages: Path, moved: dict[str, int]
) -> None:
    with opened(chromium, pages / "ours/founder.html") as found:
        for name, place in moved.items():
            found.page.locator(f"#slide-{name}").fill(str(place))
        at: dict[str, float] = found.page.evaluate("atSliders()")
        shown = _figures(found.page)
        exact: dict[str, Any] = found.page.evaluate("planAgain(atSliders())")
        assert found.complaints == []
    wanted = _python(at)
    for name, value in wanted.items():
        if name in ("bill", "per_user", "contribution", "margin"):
            continue  # on a grid, tested where it has points
        if isinstance(value, bool):
            assert shown[name] == ("true" if value else "false"), name
        else:
            assert float(shown.get(name, exact[name])) == pytest.approx(value, rel=0.01), name
    earned = wanted["contribution"] + wanted["bill"]
    if exact["bill"] is None:
        assert exact["contribution"] is None
    else:
        assert exact["contribution"] + exact["bill"] == pytest.approx(earned, rel=0.01)


def test_at_the_grids_points_the_bill_is_pythons(chromium: "Browser", pages: Path) -> None:
    with opened(chromium, pages / "ours/founder.html") as found:
        grid = found.page.evaluate("whatIf.bill")
        for number in (0, 7, len(grid["users"]) - 1):
            at = found.page.evaluate("atSliders()")
            at |= {
                "users": grid["users"][number],
                "daily_share": grid["daily_share"][2],
                "over_mean": grid["over_mean"][1],
                "hit_rate": grid["hit_rate"][1],
            }
            exact = found.page.evaluate("(at) => planAgain(at)", at)
            wanted = _python(at)
            for name in ("bill", "per_user", "contribution", "margin"):
                assert exact[name] == pytest.approx(wanted[name], rel=0.01), name


def test_at_the_grids_points_tails_are_those_simulated(chromium: "Browser", pages: Path) -> None:
    job, points = simulated_points()
    off = float(assumed(model()).inputs.mids()["model.p95_off"][0])
    with opened(chromium, pages / "ours/founder.html") as found:
        start = found.page.evaluate("atSliders()")
        burst = found.page.evaluate("planAgain(atSliders()).burst")
        shape = (len(job.job.pods_up), len(job.job.draws), len(job.fullest))
        for at, lived in zip(np.ndindex(shape), points.lived, strict=True):
            assert lived is not None
            there = start | {
                "pods": job.job.pods_up[at[0]],
                "hit_rate": job.job.draws[at[1]].hit_rate,
                "daily_share": start["daily_share"] * lived.rate / burst,
            }
            told = found.page.evaluate("(at) => planAgain(at)", there)
            assert told["p95_simulated"] == pytest.approx(lived.p95 * off, rel=0.01), at
            assert told["p99_simulated"] == pytest.approx(lived.p99 * off, rel=0.01), at


def test_as_planned_puts_everything_back(chromium: "Browser", pages: Path) -> None:
    with opened(chromium, pages / "ours/founder.html") as found:
        first = _figures(found.page)
        found.page.locator("#slide-users").fill("900")
        words = found.page.locator("#what-if .before").first.inner_text()
        assert words.startswith("planned ")
        assert _figures(found.page) != first
        found.page.get_by_role("button", name="As planned").click()
        found.page.wait_for_function(
            "document.querySelector('#what-if .before').textContent === 'as planned'"
        )
        assert _figures(found.page) == first
        label = found.page.locator("#slide-users").get_attribute("aria-valuetext")
        assert label == "300,000"


def _figures(page: "Page") -> dict[str, str]:
    found: dict[str, str] = page.evaluate(
        """Object.fromEntries([...document.querySelectorAll('#what-if [data-figure]')]
             .map(e => [e.dataset.figure, e.dataset.value]))"""
    )
    return found


def _python(at: dict[str, float]) -> dict[str, Any]:
    """The sliders' figures by the code the plan itself is made with."""
    plan, start = the_answer().plan, assumed(model())
    mids = start.inputs.mids()
    # caches answer as in the plan but for the slider's share
    planned = needs(start.model, USERS, mids, start.rules).demands.answered
    more = at["paying"] / sum(float(mids[f"tiers.{tier}_share"][0]) for tier in PAID)
    settings = [
        f"activity.daily_share={at['daily_share']}",
        f"peak.over_mean={at['over_mean']}",
        f"cache.hit_rate={at['hit_rate']}",
        f"cache.nginx_share={float(planned.nginx[0])}",
        f"cache.redis_share={float(planned.redis[0])}",
    ]
    for tier in PAID:
        settings.append(f"tiers.{tier}_share={float(mids[f'tiers.{tier}_share'][0]) * more}")
        prices = (f"price.{tier}", f"price_year.{tier}")
        settings += [f"{price}={float(mids[price][0]) * at['prices']}" for price in prices]
    given = assumed(model(), settings)
    values, rules = given.inputs.mids(), given.rules
    seen = world(given.model, at["users"], values, rules)
    rent = plan.resources
    design = Design(
        pods=int(at["pods"]),
        nginx_workers=rent.nginx_workers,
        pgbouncers=rent.pgbouncers,
        primary_cores=rent.primary_cores,
        replicas=rent.replicas,
        replica_cores=rent.replica_cores,
        redis_shards=rent.redis_processes,
    )
    placed = fixed(seen.needs, design)
    one = np.ones(1)
    rate = placed.traffic.burst_rate
    time = response(placed, values, rules, one * design.pods, placed.replicas, rate)
    off = values["model.p95_off"] * 1000
    closed = {which: float((time.quantile(which) * off)[0]) for which in ("p50", "p95", "p99")}
    used = {found.name: float(found.used[0]) for found in filled(placed, design, values, rules)}
    providers = {line.x_layer: line.ProviderName for line in plan.cost.invoice}
    catalogues = read_catalogues()
    usd = bills(given, np.array([at["users"]]), values, catalogues, ())
    fees = fees_by_tier(
        catalogues, seen.amounts, seen.earned, values, providers.get(Layer.PAYMENTS)
    )
    kept = margin(seen.earned, usd, fees, seen.needs.traffic.monthly_active, values)
    left = holds(placed, values, rules, one * max(1, design.pods - 1), placed.replicas - 1)
    return {
        "peak": float(seen.needs.traffic.peak_rate[0]),
        "burst": float(rate[0]),
        "pods_cpu": used["pods CPU"],
        "primary_cpu": used["primary CPU"],
        "replicas_cpu": used["replicas CPU"],
        **closed,
        **_simulated(given, at, design, float(rate[0]), closed),
        "holds": bool(left[0]),
        "carries": at["users"] * float(carried(seen.needs, design, values, rules, 1)[0]),
        "bill": float(usd[0]),
        "per_user": float(usd[0]) / at["users"],
        "mrr": float(seen.earned.subscriptions[0]),
        "advertising": float(seen.earned.advertising[0]),
        "fees": sum(float(one[0]) for one in fees.values()),
        "contribution": float(kept.contributed[0]),
        "margin": float(kept.share[0]),
    }


def _simulated(
    given: Assumed, at: dict[str, float], design: Design, rate: float, closed: dict[str, float]
) -> dict[str, float]:
    """The closed forms' tails by the quotients of the grid, which another package interpolates."""
    asked: list[GridJob] = []

    def simulating(job: GridJob) -> Points:
        asked.append(job)
        return Points(lived=(None,) * len(job.fullest))

    tail_grid(given, at["users"], design, (design.pods,), (at["hit_rate"],), simulating)
    job = asked[0].job
    there = drawn(job.model, job.draws[0])
    full = rate / limits(there, job.load(there, design.pods)).saturation_rate
    told = as_kept(assumed(model())).what_if.tails
    axes = (np.array(told.pods, float), np.array(told.hit_rate), np.array(told.fullest))
    place = [
        np.clip(one, axis[0], axis[-1])
        for one, axis in zip((at["pods"], at["hit_rate"], full), axes, strict=True)
    ]
    found = {}
    for which, quotients in (("p95", told.p95), ("p99", told.p99)):
        table = np.array(quotients).reshape([len(axis) for axis in axes])
        times = float(RegularGridInterpolator(axes, table)(place)[0])
        found[f"{which}_simulated"] = closed[which] * times if full < 0.995 else float("inf")
    return found
