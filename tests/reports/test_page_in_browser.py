"""The report as a browser shows it: harmless, complete, readable on a phone and by night."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest

from capacity.slo import blueprint_targets
from tests.reports.conftest import HOSTILE, RUNS
from tests.reports.sample import as_typed

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

Open = Callable[..., "object"]


class Opened:
    """A page with what it tried to load and what it complained of."""

    def __init__(self, page: "Page") -> None:
        self.page = page
        self.requests: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", lambda dialog: self.complaints.append(dialog.message))


@contextmanager
def opened(
    chromium: "Browser",
    file: Path,
    width: int = 1280,
    scheme: Literal["dark", "light"] = "light",
) -> Iterator[Opened]:
    """The report at `file` in a window `width` pixels wide."""
    context = chromium.new_context(
        viewport={"width": width, "height": 844}, color_scheme=scheme, offline=True
    )
    try:
        found = Opened(context.new_page())
        found.page.goto(file.as_uri())
        yield found
    finally:
        context.close()


@pytest.mark.parametrize("name", RUNS)
def test_a_report_loads_nothing_and_complains_of_nothing(
    chromium: "Browser", reports_dir: Path, name: str
) -> None:
    file = reports_dir / name / "report.html"
    with opened(chromium, file) as found:
        own = [url for url in found.requests if not url.startswith("data:")]
        assert own == [file.as_uri()]
        assert found.complaints == []


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
@pytest.mark.parametrize("name", ["good", "bad", "hostile"])
def test_no_page_scrolls_sideways(
    chromium: "Browser", reports_dir: Path, name: str, width: int
) -> None:
    with opened(chromium, reports_dir / name / "report.html", width) as found:
        assert found.page.evaluate("document.documentElement.scrollWidth") <= width


def test_every_target_is_named_with_its_outcome(chromium: "Browser", reports_dir: Path) -> None:
    with opened(chromium, reports_dir / "good" / "report.html") as found:
        for target in blueprint_targets():
            row = found.page.locator(f"#target-{target.id}")
            assert row.count() == 1
            assert target.text in as_typed(row.inner_text())
            assert row.locator(".outcome").inner_text().strip()
            assert row.locator(".why").inner_text().endswith(".")


@pytest.mark.parametrize("name", RUNS)
def test_every_drawing_has_words(chromium: "Browser", reports_dir: Path, name: str) -> None:
    with opened(chromium, reports_dir / name / "report.html") as found:
        drawings = found.page.locator("svg[role=img]")
        assert drawings.count() == found.page.locator("svg").count()
        titles = drawings.locator("> title").all_text_contents()
        assert len(titles) == drawings.count()
        assert all(title.strip() for title in titles)
        charts = found.page.locator(".chart > svg")
        descriptions = charts.locator("> desc").all_text_contents()
        assert len(descriptions) == charts.count() > 0
        assert all(len(words) > 40 for words in descriptions)


def test_every_id_is_the_only_one_of_its_name(chromium: "Browser", reports_dir: Path) -> None:
    with opened(chromium, reports_dir / "good" / "report.html") as found:
        ids = found.page.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
        assert len(ids) == len(set(ids))
        # what a drawing refers to is there: clip paths and tick marks
        missing = found.page.evaluate(
            """[...document.querySelectorAll('use, [clip-path]')].map(e =>
                 (e.getAttribute('href') || e.getAttribute('xlink:href')
                  || e.getAttribute('clip-path')).replace(/^url\\(|\\)$/g, '').slice(1))
               .filter(id => !document.getElementById(id))"""
        )
        assert missing == []


def test_the_warm_up_is_shaded_and_the_time_axis_shared_on_every_time_chart(
    chromium: "Browser", reports_dir: Path
) -> None:
    with opened(chromium, reports_dir / "good" / "report.html") as found:
        charts = found.page.locator("figure").filter(
            has=found.page.locator("svg text", has_text="time since start, s")
        )
        assert charts.count() == 13
        for number in range(charts.count()):
            texts = charts.nth(number).locator("svg text").all_text_contents()
            assert "warm-up" in texts
            assert {"0", "10", "20", "30", "40"} <= set(texts)
            assert charts.nth(number).locator("svg [style*='--shade']").count() == 1


@pytest.mark.parametrize("width", [390, 1280])
def test_no_words_of_a_drawing_are_cut_off_or_lie_on_others(
    chromium: "Browser", reports_dir: Path, width: int
) -> None:
    with opened(chromium, reports_dir / "good" / "report.html", width) as found:
        trouble = found.page.evaluate(
            """[...document.querySelectorAll('.chart > svg')].flatMap(svg => {
                 const card = svg.closest('figure').getBoundingClientRect();
                 const boxes = [...svg.querySelectorAll('text')].map(t =>
                   [t.textContent, t.getBoundingClientRect()]);
                 const cut = boxes.filter(([, b]) => b.left < card.left || b.right > card.right);
                 const on = (a, b) => a.left < b.right - 1 && b.left < a.right - 1
                   && a.top < b.bottom - 3 && b.top < a.bottom - 3;
                 const crossed = boxes.flatMap(([t, a], i) => boxes.slice(i + 1)
                   .filter(([, b]) => on(a, b)).map(([u]) => `${svg.id} ${t} on ${u}`));
                 return [...cut.map(([t]) => `cut: ${t}`), ...crossed];
               })"""
        )
        assert trouble == []


def test_night_and_day_differ_in_the_drawings_too(chromium: "Browser", reports_dir: Path) -> None:
    seen = {}
    for scheme in ("light", "dark"):
        with opened(chromium, reports_dir / "good" / "report.html", 1280, scheme) as found:  # type: ignore[arg-type]
            seen[scheme] = found.page.evaluate(
                """['body', '.chart text', '.chart path[style*="--s1"]'].map(one => {
                     const style = getComputedStyle(document.querySelector(one));
                     return style.backgroundColor + style.fill + style.stroke })"""
            )
    for by_day, by_night in zip(seen["light"], seen["dark"], strict=True):
        assert by_day != by_night


def test_a_hostile_name_is_only_shown(chromium: "Browser", reports_dir: Path) -> None:
    with opened(chromium, reports_dir / "hostile" / "report.html") as found:
        assert found.page.title() != "owned"
        assert found.page.locator("script").count() == 0
        assert found.page.locator("img").count() == 0
        assert f"GET {HOSTILE}" in found.page.locator("#endpoints").inner_text()
        assert HOSTILE in found.page.locator("#errors").inner_text()
        assert found.complaints == []


def test_a_foreign_system_gets_words_instead_of_empty_charts(
    chromium: "Browser", reports_dir: Path
) -> None:
    with opened(chromium, reports_dir / "foreign" / "report.html") as found:
        for section in ("#answers", "#tiers"):
            words = found.page.locator(section).inner_text()
            assert "Not visible: a system hmb does not run." in words
        assert found.page.locator("#chart-cpu-time").count() == 0
        assert found.page.locator("#chart-latency-time").count() == 1


def test_an_invalid_run_says_so_before_anything_else(
    chromium: "Browser", reports_dir: Path
) -> None:
    with opened(chromium, reports_dir / "invalid" / "report.html") as found:
        assert found.page.locator("h1").inner_text().startswith("Not to be trusted")
        banner = found.page.locator("header .banner.bad")
        assert "generator 1 used 97 % of a core" in as_typed(banner.inner_text())


def test_an_interrupted_run_is_labelled(chromium: "Browser", reports_dir: Path) -> None:
    with opened(chromium, reports_dir / "interrupted" / "report.html") as found:
        assert found.page.locator("h1").inner_text().startswith("Incomplete.")
        assert "interrupted" in found.page.locator("header .banner.warn").inner_text()
        assert "incomplete" in found.page.locator(".state").inner_text()


def test_on_paper_the_page_is_white_and_nothing_scrolls(
    chromium: "Browser", reports_dir: Path
) -> None:
    with opened(chromium, reports_dir / "good" / "report.html", 1280, "dark") as found:
        found.page.emulate_media(media="print")
        look = "getComputedStyle(document.querySelector('{}')).{}"
        assert found.page.evaluate(look.format("body", "backgroundColor")) == "rgb(255, 255, 255)"
        assert found.page.evaluate(look.format(".scroll", "overflowX")) == "visible"
