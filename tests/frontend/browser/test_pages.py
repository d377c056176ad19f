"""Every page for everybody: on a phone and a desk, by day and night, without a mouse."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import FilePayload, expect

from tests.frontend.browser.life import (
    DESKTOP,
    PAPER,
    PHONE,
    PICTURE,
    Board,
    Scheme,
    Someone,
    Window,
    window,
)
from tests.frontend.conftest import FRONT_END

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.stack
AXE = FRONT_END / "node_modules/axe-core/axe.min.js"
VIEWS: dict[str, tuple[tuple[int, int], Scheme]] = {
    "phone-light": (PHONE, "light"),
    "phone-dark": (PHONE, "dark"),
    "desktop-light": (DESKTOP, "light"),
    "desktop-dark": (DESKTOP, "dark"),
}
LONG = "Everything a person may want to say of themselves in one line, and then a little more"
CHECKED = {"phone-dark", "desktop-light"}  # each size and each palette once
STRANGERS = (
    *("/", "/jobs", "/jobs?category=plumbing", "/jobs?q=nothing+fits+this", "/people", "/pricing"),
    *("/sign-in", "/sign-up"),
    *("/forgot-password", "/reset-password", "/verify-email", "/invitations", "/no/such/page"),
    "/sign-in/google",
)
MEMBERS = (
    *("/profile", "/applications", "/saved", "/messages", "/notifications", "/feed", "/billing"),
    *("/saved/searches", "/billing/done"),
)


@pytest.fixture(scope="module")
def axe() -> str:
    """The checker, as text."""
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: make frontend")
    return AXE.read_text("utf-8")


def _serious(shown: Window, axe: str) -> list[str]:
    shown.page.evaluate(axe)
    found: dict[str, Any] = shown.page.evaluate("axe.run({resultTypes: ['violations']})")
    return [
        f"{one['id']}: {[node['target'] for node in one['nodes']]}"
        for one in found["violations"]
        if one["impact"] in {"serious", "critical"}
    ]


def _look(shown: Window, path: str, axe: str, pictures: Path) -> None:
    """Picture and width of one page in every view; the checker in those that are `CHECKED`."""
    page = shown.go(path)
    name = re.sub(r"\W+", "-", path).strip("-") or "home"
    for view, (size, scheme) in VIEWS.items():
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.emulate_media(color_scheme=scheme)
        page.screenshot(path=pictures / f"{name}-{view}.png", full_page=True)
        if view in CHECKED:
            assert _serious(shown, axe) == [], f"{path}, {view}"
        too_wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
        assert not too_wide, f"{path}, {view}"
    assert page.locator("h1").count() == 1, path


def test_what_strangers_see(board: Board, chromium: "Browser", axe: str, pictures: Path) -> None:
    _, (job, *_) = board.employer(jobs=3)
    company = board.person().get(f"/jobs/{job}")["company"]["id"]
    worker = board.person(name="Wilma Worker")
    worker.send("PATCH", "/users/me", available_for_hire=True, skills=["tiler"], bio="I tile.")
    worker.upload("avatar", PICTURE)
    worker.send("POST", f"/jobs/{job}/applications", cover_letter="I tile as well.")
    worker.send("PUT", f"/companies/{company}/review", stars=4, body="They answer on the day.")
    with window(chromium, board.site) as shown:
        for path in (*STRANGERS, f"/jobs/{job}", f"/companies/{company}", f"/people/{worker.id}"):
            _look(shown, path, axe, pictures)


def test_what_members_see(board: Board, chromium: "Browser", axe: str, pictures: Path) -> None:
    employer, (job,) = board.employer()
    person = board.person(name="Mia Member")
    person.send("POST", f"/jobs/{job}/applications", cover_letter="I mend pipes.")
    person.send("PUT", f"/jobs/{job}/save")
    person.send("POST", "/saved-searches", name="Pipes on Exuma", q="pipes", island="exuma")
    person.send("POST", "/posts", body="Good day to all.", key="good-day")
    for each in (person, employer):
        each.upload("avatar", PICTURE)
    body = {"recipient_id": person.id, "body": LONG, "key": "when-begin"}
    talk = employer.send("POST", "/conversations", **body)["conversation_id"]
    with window(chromium, board.site) as shown:
        shown.sign_in(person)
        for path in (*MEMBERS, f"/messages/{talk}", f"/messages/new?to={employer.id}"):
            _look(shown, path, axe, pictures)
    person.send("PATCH", "/users/me", headline=LONG)
    for file in (PICTURE, PAPER):
        named = FilePayload(
            name=f"{LONG}, {file['name']}", mimeType=file["mimeType"], buffer=file["buffer"]
        )
        person.upload("portfolio", named)
    draft, submitted = (_campaign(employer, title) for title in ("Tools on hire", "Pipes by boat"))
    employer.send("POST", f"/campaigns/{submitted}/submit")
    with window(chromium, board.site) as shown:
        shown.sign_in(employer)
        for path in (
            *("/desk", "/desk/new", f"/desk/jobs/{job}", "/desk/team", "/desk/campaigns"),
            *("/desk/campaigns/new", f"/desk/campaigns/{draft}", f"/desk/campaigns/{submitted}"),
            f"/people/{person.id}",
        ):
            _look(shown, path, axe, pictures)


def _campaign(employer: Someone, title: str) -> int:
    """A draft of one's own."""
    made: dict[str, int] = employer.send(
        "POST",
        "/campaigns",
        title=title,
        text="By the day, brought to you.",
        target_url="https://tools.example/",
        starts_at="2026-01-01T00:00:00Z",
        ends_at="2099-12-31T23:59:59Z",
        daily_impressions=1_000,
        total_impressions=30_000,
        cpm_cents=500,
    )
    return made["id"]


def test_what_administrators_see(
    board: Board, chromium: "Browser", axe: str, pictures: Path
) -> None:
    admin = board.person(name="Ada Admin")
    board.sql("UPDATE users SET role = 'admin' WHERE id = %s", admin.id)
    with window(chromium, board.site) as shown:
        shown.sign_in(admin)
        _look(shown, "/admin", axe, pictures)


def test_free_members_see_advertisements_and_paying_ones_none(
    board: Board, chromium: "Browser"
) -> None:
    advertiser = board.person("employer", name="Addie Vert")
    board.sql(
        "INSERT INTO campaigns (owner_id, title, body, target_url, placement, starts_at, ends_at,"
        " daily_impressions, total_impressions, cpm_cents, status)"
        " VALUES (%s, 'Tools on hire', 'By the day.', 'https://tools.example/', 'feed',"
        " now() - interval '1 day', now() + interval '9 days', 1000000, 9000000, 500, 'approved')",
        advertiser.id,
    )
    (campaign,) = advertiser.get("/campaigns/mine")["items"]
    advertiser.send("POST", f"/campaigns/{campaign['id']}/start")
    free, paying = board.person(name="Fred Free"), board.person(name="Penny Pro")
    board.sql(
        "INSERT INTO subscriptions (user_id, tier, billing_interval, status)"
        " VALUES (%s, 'pro', 'month', 'active')",
        paying.id,
    )
    for person, count in ((free, 1), (paying, 0)):
        with window(chromium, board.site) as shown:
            shown.sign_in(person)
            page = shown.go("/feed")
            page.wait_for_load_state("networkidle")
            for _ in range(30 * count):  # each pod has to hear of it
                if page.get_by_text("Tools on hire").count():
                    break
                page.wait_for_timeout(1_000)
                page.reload()
                page.wait_for_load_state("networkidle")
            expect(page.get_by_role("complementary", name="Advertisement")).to_have_count(count)


@pytest.fixture
def stranger(board: Board, chromium: "Browser") -> Iterator[Window]:
    with window(chromium, board.site) as shown:
        yield shown


def test_keys_alone_lead_to_a_job(board: Board, stranger: Window) -> None:
    board.employer()
    page = stranger.go("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.get_by_label("What work?").focus()
    page.keyboard.type("plumber")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/jobs\?q=plumber$"))
    stranger.settle()
    # The heading is read out after the move, and reading goes on from there.
    expect(page.locator("h1")).to_be_focused()
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.pathname?.startsWith('/jobs/')"):
            break
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/jobs/\d+$"))


def test_the_account_opens_and_closes_by_keys(board: Board, chromium: "Browser") -> None:
    person = board.person(name="Kay Keys")
    with window(chromium, board.site) as shown:
        page = shown.sign_in(person)
        opener = page.get_by_role("button", name="Account of Kay Keys")
        opener.focus()
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Profile")).to_be_focused()
        page.keyboard.press("Escape")
        expect(page.get_by_role("link", name="Profile")).to_have_count(0)
        expect(opener).to_be_focused()


def test_where_nothing_can_be_reached_the_page_says_so_and_mends_itself(
    board: Board, stranger: Window
) -> None:
    page = stranger.go("/pricing")
    stranger.context.set_offline(True)
    page.get_by_role("link", name="People").click()
    stranger.context.set_offline(False)
    # The page's own script could not come either.
    page.get_by_role("button", name="Load it again").click()
    expect(page.get_by_role("heading", name="People for hire")).to_be_visible()
    stranger.complaints.clear()
