"""A plan's pages in a browser: whole, harmless, and computing again as Python does."""

import json
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scipy.interpolate import RegularGridInterpolator

from capacity.audit.audit import Audit, Looked, audit
from capacity.audit.blueprint import read_blueprint
from capacity.audit.plan_document import figures_of
from capacity.cost.catalogue import Layer, read_catalogues
from capacity.demands import DemandModel
from capacity.evidence import Evidence
from capacity.model.predict import limits
from capacity.plan.asking import Answer, Question, answer
from capacity.plan.assumed import Assumed, assumed
from capacity.plan.budget import bills
from capacity.plan.costing import fees_by_tier
from capacity.plan.kept import Kept, keep, kept_of
from capacity.plan.limits import Design, carried, filled, fixed
from capacity.plan.sizing import holds, needs, response
from capacity.plan.tail_grid import GridJob, Points, tail_grid
from capacity.plan.tails import drawn
from capacity.plan.what_if import what_if
from capacity.plan.worlds import world
from capacity.population.traffic import PAID
from capacity.revenue.margin import margin
from reports.audit.render import write_reports
from reports.plan import engineer, founder
from reports.plan.page import founder_html
from reports.plan.waterfall import Line, bars
from tests.plan.made_up import following
from tests.reports.conftest import HOSTILE
from tests.reports.sample import as_typed
from tests.reports.test_page_in_browser import opened

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PAGES = ["ours/founder", "ours/capacity", "hostile/founder", "hostile/capacity"]
USERS = 300_000.0


def model() -> DemandModel:
    """The made-up model with waiting that is not what a queue alone would give.

    Its reads hit as often as the load makes them.
    """
    return following().model_copy(update={"wait_factor": 1.5})


@cache
def _answer() -> Answer:
    question = Question(USERS, None, date(2026, 11, 28), indices=True)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("capacity.plan.asking.DRAWS", 200)
        return answer(question, model(), (), read_catalogues())


@cache
def _points() -> tuple[GridJob, Points]:
    """The sliders' simulation: once for all tests, of few requests."""
    seen: list[tuple[GridJob, Points]] = []

    def simulating(job: GridJob) -> Points:
        seen.append((job, job.run()))
        return seen[0][1]

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("capacity.plan.tail_grid._REQUESTS", 300)
        patched.setattr("capacity.plan.tail_grid._PER_POD", 1)
        what_if(assumed(model()), _answer().plan, read_catalogues(), (), simulating)
    return seen[0]


def _kept(given: Assumed) -> Kept:
    return keep(_answer(), given, read_catalogues(), (), lambda _: _points()[1])


def _audited() -> Audit:
    planned = figures_of(_answer().model_dump(mode="json"))
    return audit(read_blueprint(), Looked(plan=planned))


def _hostile() -> Kept:
    """The same with names that try to break out of wherever they are put."""
    told = _kept(assumed(model()))
    first = told.model.classes[0].model_copy(update={"name": HOSTILE})
    mix = {HOSTILE if name == "cached read" else name: one for name, one in model().mix.items()}
    made = told.model.model_copy(
        update={"classes": (first, *told.model.classes[1:]), "mix": mix, "runs": (HOSTILE,)}
    )
    inputs = {HOSTILE: 1.0, "</script>": 1.0, **told.what_if.inputs}
    plan = told.plan.model_copy(update={"first": HOSTILE, "warnings": (HOSTILE,)})
    return told.model_copy(
        update={
            "model": made,
            "plan": plan,
            "next_step": HOSTILE,
            "what_if": told.what_if.model_copy(update={"inputs": inputs}),
        }
    )


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plans")
    write_reports(folder / "ours", _audited(), _kept(assumed(model())))
    write_reports(folder / "hostile", _audited(), _hostile())
    return folder


def test_a_kept_plan_is_told_again_as_it_was(pages: Path) -> None:
    kept = _kept(assumed(model()))
    again = kept_of(json.loads(kept.model_dump_json()))
    assert again == kept
    assert founder_html(kept, _audited()) == (pages / "ours/founder.html").read_text("utf-8")
    assert kept_of({"plan": {"users": 1e6}}) is None
    with pytest.raises(ValueError, match=r"^plan is not as this hmb writes it"):
        kept_of(json.loads(kept.model_dump_json(exclude={"plan"})))


def test_an_audit_without_a_plan_has_no_page_of_one(tmp_path: Path) -> None:
    written = write_reports(tmp_path, _audited(), _kept(assumed(model())))
    assert sorted(tmp_path.iterdir()) == sorted(written)
    assert [path.name for path in written] == [
        "founder.html",
        "capacity.html",
        "audit.html",
        "audit.md",
    ]
    left = write_reports(tmp_path, audit(read_blueprint(), Looked()), None)
    assert sorted(tmp_path.iterdir()) == sorted(left)
    assert [path.name for path in left] == ["audit.html", "audit.md"]


def test_a_waterfall_ends_where_it_has_come_to() -> None:
    lines = [
        Line("in", 80, Evidence.CLAIMED),
        Line("more", 20, Evidence.CLAIMED),
        Line("out", -30, Evidence.PRICED),
        Line("left", 70, Evidence.CLAIMED),
    ]
    drawn = [(bar.start, bar.width, bar.text) for bar in bars(lines)]
    assert drawn == [(0, 80, "$80"), (80, 20, "$20"), (70, 30, "-$30"), (0, 70, "$70")]
    assert bars([]) == []


@pytest.mark.parametrize("name", PAGES)
def test_a_page_loads_nothing_and_complains_of_nothing(
    chromium: "Browser", pages: Path, name: str
) -> None:
    file = pages / f"{name}.html"
    with opened(chromium, file) as found:
        own = [url for url in found.requests if not url.startswith("data:")]
        assert own == [file.as_uri()]
        assert found.complaints == []
        assert found.page.title() in ("Founder's report", "Capacity report")
        assert found.page.locator("img").count() == 0
        scripts = found.page.locator("script").count()
        assert scripts == (2 if name.endswith("founder") else 0)
        ids = found.page.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
        assert len(ids) == len(set(ids))


@pytest.mark.parametrize("name", PAGES)
def test_no_page_scrolls_sideways(chromium: "Browser", pages: Path, name: str) -> None:
    with opened(chromium, pages / f"{name}.html") as found:
        for width in (320, 390, 768, 1280):
            found.page.set_viewport_size({"width": width, "height": 844})
            assert found.page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_founders_page_opens_with_one_sentence_and_its_figures(
    chromium: "Browser", pages: Path
) -> None:
    plan = _answer().plan
    with opened(chromium, pages / "ours/founder.html") as found:
        words = as_typed(found.page.locator("h1").inner_text())
        assert words == founder.headline(plan)
        for part in ("carries 300,000 users", "95th percentile of ", "a month, $", "per user"):
            assert part in words
        assert f"first limit: {plan.first}; it runs out in " in words
        for fact in found.page.locator("main dl.facts > div, header dl.facts > div").all():
            assert fact.locator(".tag").count() == 1
        for row in found.page.locator(".spans > div, .waterfall > div").all():
            assert row.locator(".tag").count() == 1
        hatched = found.page.locator(".waterfall .unproven .name").all_inner_texts()
        assert [one.split("\n")[0].split(" assumed")[0].strip() for one in hatched] == [
            "Pro",
            "Business",
            "Enterprise",
            "Advertising to Free",
            "Left, before wages and tax",
        ]
        assert "Sobol" in found.page.locator("#moves .name").first.inner_text()
        assert "USD a month" not in found.page.locator("#moves").inner_text()
        assert found.page.locator("#strip .cell").count() == 195


_PARTED = """() => {
  const parted = [], words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (words.nextNode()) {
    const node = words.currentNode;
    const figures = /\\d\\s+(%|ms|s|min|GB|MB|req\\/s|users)(?![\\w\\/])/g;
    for (const found of node.data.matchAll(figures)) {
      const range = document.createRange();
      range.setStart(node, found.index);
      range.setEnd(node, found.index + found[0].length);
      const lines = new Set([...range.getClientRects()].map((one) => Math.round(one.bottom)));
      if (lines.size > 1) parted.push(node.data.trim());
    }
  }
  return parted;
}"""


@pytest.mark.parametrize("name", ["founder", "capacity"])
def test_no_line_ends_between_a_number_and_its_unit(
    chromium: "Browser", pages: Path, name: str
) -> None:
    with opened(chromium, pages / f"ours/{name}.html") as found:
        for width in range(320, 420, 10):
            found.page.set_viewport_size({"width": width, "height": 800})
            assert found.page.evaluate(_PARTED) == [], width


def test_a_plan_that_does_not_carry_its_users_says_so() -> None:
    plan = _answer().plan
    less = plan.capacity_users.model_copy(update={"low": 1e5, "mid": 2e5, "high": 3e5})
    told = founder.headline(plan.model_copy(update={"capacity_users": less}))
    assert told.startswith("It does not carry 300,000 users within the targets (it would 200,000)")


def test_a_month_adds_up() -> None:
    *lines, left = founder.month_lines(_answer().plan)
    assert left.dollars == pytest.approx(sum(one.dollars for one in lines))
    assert all(one.unproven for one in lines if one.dollars > 0)


def test_the_engineers_report_has_the_errors_on_top(chromium: "Browser", pages: Path) -> None:
    with opened(chromium, pages / "ours/capacity.html") as found:
        assert as_typed(found.page.locator("h1").inner_text()) == (
            "On runs no fit had seen the model was off in throughput by up to 2.04 %, mean "
            "latency by up to 7.69 %, 95th percentile by up to 14.3 %, utilisation by up to "
            "2.00 %. All within their aims."
        )
        assert found.page.locator("main > section").first.get_attribute("id") == "errors"
        rows = found.page.locator("#errors table").nth(1).locator("tbody tr")
        assert rows.count() == len(model().held_out)
        assert as_typed(rows.nth(1).inner_text()).split("\t")[2:] == [
            "40.0 ms",
            "46.0 ms",
            "-13.0 %",
        ]
        demands = found.page.locator("#demands").inner_text()
        assert "1.1 (0.90 to 1.4)" in demands
        assert "condition number\n9.50" in demands
        hits = as_typed(
            found.page.get_by_label("Cache hits").locator("tbody tr").inner_text()
        ).split("\t")
        assert hits[:4] == ["lists", "70.0 %", "80.0 %", "50.0 %"]
        assert hits[6:8] == ["33,000 (25,000 to 40,000)", "60.0 s"]
        rejected = as_typed(found.page.locator("#bill").inner_text())
        assert all(one.why in rejected for one in _answer().plan.cost.rejected)


def test_an_error_beyond_its_aim_is_told() -> None:
    off = model().held_out[0].model_copy(update={"predicted": 300.0})
    worse = model().model_copy(update={"held_out": (off,)})
    assert engineer.headline(worse).endswith("Beyond the aim: throughput.")
    assert "not known" in engineer.headline(model().model_copy(update={"held_out": ()}))


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
    job, points = _points()
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


def test_by_night_and_on_paper(chromium: "Browser", pages: Path) -> None:
    look = "getComputedStyle(document.querySelector('{}')).{}"
    with opened(chromium, pages / "ours/founder.html", 1280, "dark") as found:
        night = found.page.evaluate(look.format("body", "backgroundColor"))
        assert night == "rgb(19, 22, 27)"
        found.page.emulate_media(media="print")
        assert found.page.evaluate(look.format("body", "backgroundColor")) == "rgb(255, 255, 255)"
        assert found.page.evaluate(look.format("#what-if-form input", "display")) == "none"


def _figures(page: "Page") -> dict[str, str]:
    found: dict[str, str] = page.evaluate(
        """Object.fromEntries([...document.querySelectorAll('#what-if [data-figure]')]
             .map(e => [e.dataset.figure, e.dataset.value]))"""
    )
    return found


def _python(at: dict[str, float]) -> dict[str, Any]:
    """The sliders' figures by the code the plan itself is made with."""
    plan, start = _answer().plan, assumed(model())
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
    told = _kept(assumed(model())).what_if.tails
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
