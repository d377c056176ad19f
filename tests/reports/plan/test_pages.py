"""A plan's pages in a browser: whole, harmless, and saying what was planned."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from capacity.audit.audit import Looked, audit
from capacity.audit.blueprint import read_blueprint
from capacity.evidence import Evidence
from capacity.plan.assumed import assumed
from capacity.plan.kept import kept_of
from reports.audit.render import write_reports
from reports.plan import engineer, founder
from reports.plan.page import founder_html
from reports.plan.waterfall import Line, bars
from tests.reports.plan.planned import as_kept, model, the_answer, the_audit
from tests.reports.sample import as_typed
from tests.reports.test_page_in_browser import opened

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PAGES = ["ours/founder", "ours/capacity", "hostile/founder", "hostile/capacity"]


def test_a_kept_plan_is_told_again_as_it_was(pages: Path) -> None:
    kept = as_kept(assumed(model()))
    again = kept_of(json.loads(kept.model_dump_json()))
    assert again == kept
    assert founder_html(kept, the_audit()) == (pages / "ours/founder.html").read_text("utf-8")
    assert kept_of({"plan": {"users": 1e6}}) is None
    with pytest.raises(ValueError, match=r"^plan is not as this hmb writes it"):
        kept_of(json.loads(kept.model_dump_json(exclude={"plan"})))


def test_an_audit_without_a_plan_has_no_page_of_one(tmp_path: Path) -> None:
    written = write_reports(tmp_path, the_audit(), as_kept(assumed(model())))
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
    plan = the_answer().plan
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
    plan = the_answer().plan
    less = plan.capacity_users.model_copy(update={"low": 1e5, "mid": 2e5, "high": 3e5})
    told = founder.headline(plan.model_copy(update={"capacity_users": less}))
    assert told.startswith("It does not carry 300,000 users within the targets (it would 200,000)")


def test_a_month_adds_up() -> None:
    *lines, left = founder.month_lines(the_answer().plan)
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
        assert all(one.why in rejected for one in the_answer().plan.cost.rejected)


def test_an_error_beyond_its_aim_is_told() -> None:
    off = model().held_out[0].model_copy(update={"predicted": 300.0})
    worse = model().model_copy(update={"held_out": (off,)})
    assert engineer.headline(worse).endswith("Beyond the aim: throughput.")
    assert "not known" in engineer.headline(model().model_copy(update={"held_out": ()}))


def test_by_night_and_on_paper(chromium: "Browser", pages: Path) -> None:
    look = "getComputedStyle(document.querySelector('{}')).{}"
    with opened(chromium, pages / "ours/founder.html", 1280, "dark") as found:
        night = found.page.evaluate(look.format("body", "backgroundColor"))
        assert night == "rgb(19, 22, 27)"
        found.page.emulate_media(media="print")
        assert found.page.evaluate(look.format("body", "backgroundColor")) == "rgb(255, 255, 255)"
        assert found.page.evaluate(look.format("#what-if-form input", "display")) == "none"
