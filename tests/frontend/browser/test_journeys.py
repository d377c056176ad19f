"""What people do on the board, from end to end, in real windows on the whole stack."""

import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.frontend.browser.life import PASSWORD, PHONE, Board, Window, window

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page, Route

pytestmark = pytest.mark.stack
FREE_POSTS = 5


def test_someone_joins_applies_is_answered_and_both_talk(
    board: Board, chromium: "Browser", pictures: Path
) -> None:
    employer, (job,) = board.employer(name="Olive Owner")
    with (
        window(chromium, board.site, PHONE) as seeker,
        window(chromium, board.site) as desk,
    ):
        _join(seeker, job)
        seeker.page.get_by_role("button", name="Apply").click()
        seeker.page.get_by_label("Why you?").fill("I mended the pipes of half of Nassau.")
        seeker.page.get_by_role("button", name="Send application").click()
        expect(seeker.page.get_by_text("Sent.")).to_be_visible()

        desk.sign_in(employer)
        desk.go(f"/desk/jobs/{job}")
        expect(desk.page.get_by_text("half of Nassau")).to_be_visible()
        desk.page.get_by_role("button", name="Shortlist", exact=True).click()
        expect(desk.page.get_by_role("listitem").get_by_text("Shortlisted")).to_be_visible()

        # The word of it comes by itself.
        expect(seeker.page.get_by_role("link", name=re.compile("Notifications"))).to_contain_text(
            "1"
        )
        seeker.go("/applications")
        expect(seeker.page.get_by_text("Shortlisted")).to_be_visible()

        desk.page.get_by_role("link", name="Write").click()
        _write(desk, "Can you begin on Monday?")
        expect(desk.page.get_by_text("Can you begin on Monday?").first).to_be_visible()
        seeker.page.get_by_role("link", name=re.compile("^Messages")).click()
        seeker.page.get_by_role("link", name=re.compile("Olive Owner")).click()
        expect(seeker.page.get_by_role("log")).to_contain_text("Can you begin on Monday?")
        # Both windows are open now: what one writes the other sees without doing anything.
        _write(seeker, "On Sunday, if you like.")
        expect(desk.page.get_by_role("log")).to_contain_text("On Sunday, if you like.")
        _type_until_told(desk, seeker.page.get_by_text("Olive Owner is writing…"))
        desk.page.get_by_label("Your message").fill("Monday is soon enough.")
        desk.page.get_by_role("button", name="Send").click()
        expect(seeker.page.get_by_role("log")).to_contain_text("Monday is soon enough.")
        expect(desk.page.get_by_role("log")).to_contain_text("Read")
        seeker.page.screenshot(path=pictures / "journey-chat-phone.png")
        desk.page.screenshot(path=pictures / "journey-chat-desktop.png")


def test_a_quota_is_reached_a_plan_bought_and_the_gate_opens(
    board: Board, chromium: "Browser", pictures: Path
) -> None:
    writer = board.person(name="Wendy Writer")
    for number in range(FREE_POSTS):
        writer.send("POST", "/posts", body=f"News {number}", key=f"news-item-{number}")
    with window(chromium, board.site) as shown:
        shown.sign_in(writer)
        page = shown.go("/feed")
        page.get_by_label("What is new?").fill("One more thing")
        page.get_by_role("button", name="Post", exact=True).click()
        prompt = page.get_by_role("alert", name="A limit of your plan")
        expect(prompt).to_contain_text(f"You have used {FREE_POSTS} of {FREE_POSTS}.")
        page.screenshot(path=pictures / "journey-quota.png")
        prompt.get_by_role("link", name="See Pro").click()
        pro = page.get_by_role("region", name="Pro", exact=True)
        pro.get_by_role("button", name=re.compile("Pro")).click()

        page.get_by_label("Card number").fill("4242 4242 4242 4242")
        page.get_by_label("Expiry (MM/YY)").fill("12/40")
        page.get_by_label("Security code").fill("123")
        page.locator("button.main").click()
        page.wait_for_url(f"{board.site}/billing/done")
        expect(page.get_by_text("You are on Pro now.")).to_be_visible()

        page.get_by_role("link", name="Plan and billing", exact=True).click()
        expect(page.get_by_role("heading", name="Pro")).to_be_visible()
        # Paid months are counted from the day they begin.
        expect(page.get_by_text("0 used, no limit").first).to_be_visible()
        page.get_by_role("link", name="Feed").click()
        page.get_by_label("What is new?").fill("One more thing")
        page.get_by_role("button", name="Post", exact=True).click()
        expect(page.get_by_role("main").get_by_text("One more thing").last).to_be_visible()
        expect(page.get_by_role("alert")).to_have_count(0)


def test_who_signs_out_is_out_and_sees_nothing_of_before(board: Board, chromium: "Browser") -> None:
    person = board.person(name="Olga Out")
    with window(chromium, board.site) as shown:
        page = shown.sign_in(person)
        shown.go("/profile")
        page.get_by_role("button", name="Account of Olga Out").click()
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("link", name="Sign in").first).to_be_visible()
        assert page.url == f"{board.site}/"
        assert page.evaluate("localStorage.length") == 0
        page.goto(f"{board.site}/profile")
        page.wait_for_url(re.compile(r"/sign-in\?next=%2Fprofile$"))
        # Nobody's session ended by itself.
        expect(page.get_by_text("Your session has ended")).to_have_count(0)


def test_whose_session_ended_signs_in_and_is_back(board: Board, chromium: "Browser") -> None:
    person = board.person(name="Ezra Ended")
    with window(chromium, board.site) as shown:
        page = shown.sign_in(person)
        shown.go("/billing?from=letter")
        person.send("POST", "/auth/logout-everywhere")
        page.get_by_role("link", name="Feed").click()
        page.wait_for_url(re.compile(r"/sign-in\?next=%2Ffeed&why=expired$"))
        expect(page.get_by_text("Your session has ended. Sign in to go on.")).to_be_visible()
        page.get_by_label("Email").fill(person.email)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(f"{board.site}/feed")


def test_an_access_token_is_renewed_before_it_ends(board: Board, chromium: "Browser") -> None:
    person = board.person(name="Renée Renewed")
    with window(chromium, board.site) as shown:
        page = shown.sign_in(person)
        before = page.evaluate("JSON.parse(localStorage['hmb.session']).refresh")
        # In two windows of one browser.
        _half_an_hour_later(page)
        second = shown.context.new_page()
        for one in (page, second):
            one.goto(f"{board.site}/billing")
        for one in (page, second):
            expect(one.get_by_role("heading", name="Free")).to_be_visible()
        assert page.evaluate("JSON.parse(localStorage['hmb.session']).refresh") != before


def test_a_renewal_whose_answer_is_lost_does_not_end_the_session(
    board: Board, chromium: "Browser"
) -> None:
    person = board.person(name="Lois Lost")
    with window(chromium, board.site) as shown:
        page = shown.sign_in(person)
        lost = []

        def lose(route: "Route") -> None:
            lost.append(route.fetch().status)
            route.abort()

        page.route("**/auth/refresh", lose)
        _half_an_hour_later(page)
        page.goto(f"{board.site}/billing")
        expect(page.get_by_role("button", name="Account of Lois Lost")).to_be_visible()
        page.wait_for_load_state("networkidle")
        assert set(lost) == {200}
        page.unroute_all(behavior="wait")
        page.reload()
        expect(page.get_by_role("heading", name="Free")).to_be_visible()
        shown.complaints.clear()


def _half_an_hour_later(page: "Page") -> None:
    # A renewal under way keeps what it is given only while its window is there.
    page.wait_for_load_state("networkidle")
    page.evaluate(
        "localStorage['hmb.session'] = JSON.stringify("
        "{...JSON.parse(localStorage['hmb.session']), endsAt: Date.now()})"
    )


def test_a_link_leads_nobody_elsewhere_by_way_of_the_sign_in(
    board: Board, chromium: "Browser"
) -> None:
    person = board.person(name="Lea Led")
    with window(chromium, board.site) as shown:
        for elsewhere in (
            "https://elsewhere.example/",
            "//elsewhere.example/",
            "/\\elsewhere.example",
        ):
            page = shown.go(f"/sign-in?next={elsewhere}")
            page.get_by_label("Email").fill(person.email)
            page.get_by_label("Password").fill(PASSWORD)
            page.get_by_role("button", name="Sign in").click()
            expect(page.get_by_role("heading", name="Find work, island by island")).to_be_visible()
            assert page.url == f"{board.site}/"
            page.get_by_role("button", name="Account of Lea Led").click()
            page.get_by_role("button", name="Sign out").click()


def _join(shown: Window, job: int) -> None:
    """Find the job, make an account on the way, and be back at it."""
    page = shown.go(f"/jobs/{job}")
    page.get_by_role("link", name="Make an account").click()
    page.get_by_label("Full name").fill("Sandy Shore")
    page.get_by_label("Email").fill(f"sandy{job}@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Make the account").click()
    page.wait_for_url(re.compile(rf"/jobs/{job}$"))


def _write(shown: Window, words: str) -> None:
    shown.page.get_by_label("Your message").fill(words)
    shown.page.get_by_role("button", name="Send").click()


def _type_until_told(writer: Window, told: "Locator") -> None:
    """Go on typing: that someone writes is said in passing, to sockets that are open just then."""
    box = writer.page.get_by_label("Your message")
    for _ in range(20):
        box.press_sequentially("M")
        with suppress(AssertionError):
            expect(told).to_be_visible(timeout=3_500)
            return
    expect(told).to_be_visible()
