"""The audit's pages as a browser shows them: whole, harmless, readable on a phone and by night."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest

from capacity.audit.audit import Audit, Looked, audit
from capacity.audit.blueprint import read_blueprint
from capacity.audit.facts import Fact, Facts
from capacity.audit.plan import PlanFigures
from capacity.audit.selection import Recorded
from capacity.evidence import Span
from reports.audit.digest import AuditDigest
from reports.audit.markdown import markdown
from reports.audit.render import write_reports
from stack.inventory import gather
from tests.reports.conftest import HOSTILE
from tests.reports.sample import sample_run, sample_timeline
from tests.reports.test_page_in_browser import opened

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CHECKOUT = Path(__file__).resolve().parents[2]
PAGES = ["ours/audit", "planned/audit", "hostile/audit"]
SPAN = Span(low=3000, mid=4000, high=6000)
PLAN = PlanFigures(
    users=1_000_000,
    monthly_bill=SPAN,
    cost_per_user=SPAN.times(1e-6),
)


def _hostile(folder: Path) -> Audit:
    import json

    said = json.dumps(HOSTILE)
    path = folder / "theirs.toml"
    path.write_text(
        f'[section]\nname = "money"\ntitle = {said}\nabout = {said}\n'
        f'[[claim]]\nid = "x"\ntext = {said}\nvalue = {said}\nreading = {said}\nnote = {said}\n'
        f'expects = [{{ fact = "f", equals = {said} }}]\n'
        f"[claim.literal]\nreading = {said}\nnot_measured = {said}\n"
    )
    return audit(read_blueprint(path), Looked(facts={"f": Fact(HOSTILE + "!", HOSTILE)}))


@cache
def _files() -> Facts:
    return gather(CHECKOUT)


def _ours(plan: PlanFigures | None = None) -> Audit:
    run = sample_run()
    recorded = [Recorded(run, sample_timeline(run))]
    return audit(read_blueprint(), Looked(recorded, _files(), plan))


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the pages of three audits."""
    folder = tmp_path_factory.mktemp("audits")
    write_reports(folder / "ours", _ours(), None)
    write_reports(folder / "planned", _ours(PLAN), None)
    write_reports(folder / "hostile", _hostile(folder), None)
    return folder


@pytest.mark.parametrize("name", PAGES)
def test_a_page_loads_nothing_complains_of_nothing_and_runs_nothing(
    chromium: "Browser", pages: Path, name: str
) -> None:
    file = pages / f"{name}.html"
    with opened(chromium, file) as found:
        assert [url for url in found.requests if not url.startswith("data:")] == [file.as_uri()]
        assert found.complaints == []
        assert found.page.locator("script").count() == 0
        assert found.page.title() != "owned"
        ids = found.page.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
        assert len(ids) == len(set(ids))


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("name", PAGES)
def test_no_page_scrolls_sideways(chromium: "Browser", pages: Path, name: str, width: int) -> None:
    with opened(chromium, pages / f"{name}.html", width) as found:
        assert found.page.evaluate("document.documentElement.scrollWidth") <= width


def test_every_claim_has_its_row_its_mark_and_its_verdicts(
    chromium: "Browser", pages: Path
) -> None:
    with opened(chromium, pages / "ours/audit.html") as found:
        rows = found.page.evaluate(
            """Object.fromEntries([...document.querySelectorAll('tbody[id^=claim-]')].map(e =>
                 [e.id, [...e.rows].map(r => r.textContent.replace(/\\s+/g, ' '))]))"""
        )
        marks = found.page.evaluate(
            "[...document.querySelectorAll('.strip a')].map(e => e.getAttribute('href').slice(1))"
        )
    claims = read_blueprint().claims
    assert list(rows) == marks == [f"claim-{claim.id}" for claim in claims]
    for claim in claims:
        fair, *literal = rows[f"claim-{claim.id}"]
        assert claim.value in fair
        assert " ".join(claim.text.split()) in fair
        assert bool(literal) == (claim.literal is not None or claim.also is not None)


def test_every_figure_says_what_it_rests_on(chromium: "Browser", pages: Path) -> None:
    with opened(chromium, pages / "planned/audit.html") as found:
        bare = found.page.evaluate(
            """[...document.querySelectorAll('.ours b, .changes b')]
                 .filter(b => b.closest('.n, .ours') && !b.parentElement.querySelector('.tag'))
                 .map(b => b.closest('tr').innerText)"""
        )
        kinds = found.page.evaluate(
            "[...new Set([...document.querySelectorAll('.claims .tag')].map(e => e.innerText))]"
        )
    assert bare == []
    assert set(kinds) == {"measured", "priced", "claimed", "assumed"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_stand_out_from_what_is_behind_them(
    chromium: "Browser", pages: Path, scheme: Literal["light", "dark"]
) -> None:
    """Contrast of at least 4.5 to 1 (WCAG 2.1, 1.4.3), of every mark and tag."""
    with opened(chromium, pages / "planned/audit.html", 1280, scheme) as found:
        pale = found.page.evaluate(
            """(() => {
              const rgb = text => text.match(/[\\d.]+/g).map(Number);
              const light = ([r, g, b]) => { const f = c => { c /= 255;
                return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4 };
                return 0.2126 * f(r) + 0.7152 * f(g) + 0.0722 * f(b) };
              const behind = e => { for (; e; e = e.parentElement) {
                const c = rgb(getComputedStyle(e).backgroundColor);
                if (c.length === 3 || c[3] > 0) return c } return [255, 255, 255] };
              return [...document.querySelectorAll('.cell, .tag, .outcome, .mark, .why')]
                .map(e => { const [a, b] = [light(rgb(getComputedStyle(e).color)),
                  light(behind(e))].sort((x, y) => y - x);
                  return [e.className, (a + 0.05) / (b + 0.05)] })
                .filter(([, ratio]) => ratio < 4.5).map(([name]) => name) })()"""
        )
    assert sorted(set(pale)) == []


def test_on_paper_the_page_is_white(chromium: "Browser", pages: Path) -> None:
    with opened(chromium, pages / "ours/audit.html", 1280, "dark") as found:
        found.page.emulate_media(media="print")
        white = "getComputedStyle(document.body).backgroundColor"
        assert found.page.evaluate(white) == "rgb(255, 255, 255)"


def test_markdown_has_every_claim_and_no_markup_of_theirs(tmp_path: Path) -> None:
    text = markdown(_ours())
    for claim in read_blueprint().claims:
        assert text.count(f"`{claim.id}`") == 1
    assert "<script>" not in markdown(_hostile(tmp_path))


def test_the_headline_counts() -> None:
    digest = AuditDigest(_ours())
    tally = digest.audit.tally()
    assert digest.headline().startswith(f"{len(digest.audit.rows)} claims, read fairly: ")
    assert sum(one.fair for one in digest.counts()) == sum(tally.values())
