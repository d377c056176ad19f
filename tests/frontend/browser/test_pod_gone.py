"""A pod dies while people are at it, and they do not notice."""

import os
import signal
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from stack import engine
from tests.frontend.browser.life import PASSWORD, Board, Someone, window

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Route

pytestmark = pytest.mark.stack


def test_nobody_notices_a_pod_that_is_killed(board: Board, chromium: "Browser") -> None:
    employer, seeker, talk = _who_talk(board, "Paula Pod")
    with window(chromium, board.site) as first, window(chromium, board.site) as second:
        for shown, person in ((first, employer), (second, seeker)):
            shown.sign_in(person)
            shown.go(f"/messages/{talk}")
            expect(shown.page.get_by_role("log")).to_contain_text("Good day.")
        # Workers and all, as when the machine under it is gone.
        os.killpg(board.running.services["backend-1"].pid, signal.SIGKILL)

        for shown, words in ((first, "Still there?"), (second, "Still here.")):
            shown.page.get_by_label("Your message").fill(words)
            shown.page.get_by_role("button", name="Send").click()
            expect(shown.page.get_by_role("log")).to_contain_text(words)
            assert shown.page.get_by_role("alert").count() == 0
        # Whose socket was that pod's is told by another one.
        expect(first.page.get_by_role("log")).to_contain_text("Still here.")
        expect(second.page.get_by_role("log")).to_contain_text("Still there?")
        for name in ("Jobs", "People", "Feed"):
            first.page.get_by_role("link", name=name, exact=True).click()
            first.settle()
            assert first.page.get_by_role("alert").count() == 0
    engine.start_again(board.running, "backend-1")  # for the tests that come after


def test_what_a_pod_took_along_is_sent_again_and_done_once(
    board: Board, chromium: "Browser"
) -> None:
    writer, _, talk = _who_talk(board, "Wanda Writes")
    lost: list[int] = []

    def lose_the_first(route: "Route") -> None:
        if route.request.method == "POST" and not lost:
            lost.append(route.fetch().status)
            route.fulfill(status=502, body="Bad Gateway")
        else:
            route.continue_()

    with window(chromium, board.site) as shown:
        shown.sign_in(writer)
        page = shown.go(f"/messages/{talk}")
        page.route(f"**/conversations/{talk}/messages", lose_the_first)
        page.get_by_label("Your message").fill("Did it come?")
        page.get_by_role("button", name="Send").click()
        expect(page.get_by_role("log").get_by_text("Did it come?")).to_have_count(1)
        expect(page.get_by_role("alert")).to_have_count(0)
        page.unroute_all(behavior="wait")
    assert lost == [201]
    kept = writer.get(f"/conversations/{talk}/messages")["items"]
    assert [one["body"] for one in kept] == ["Good day.", "Did it come?"]


def test_what_has_no_key_is_never_sent_twice(board: Board, chromium: "Browser") -> None:
    person = board.person(name="Una Unkeyed")
    asked: list[str] = []

    def refuse(route: "Route") -> None:
        asked.append(route.request.method)
        route.fulfill(status=502, body="Bad Gateway")

    with window(chromium, board.site) as shown:
        page = shown.go("/sign-in")
        page.route("**/auth/login", refuse)
        page.get_by_label("Email").fill(person.email)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("alert")).to_be_visible()
        page.unroute_all(behavior="wait")
    assert asked == ["POST"]


def _who_talk(board: Board, name: str) -> tuple[Someone, Someone, int]:
    """An employer of this name, an applicant, and their conversation of one message."""
    employer, (job,) = board.employer(name=name)
    seeker = board.person(name="Sid Seeker")
    seeker.send("POST", f"/jobs/{job}/applications", cover_letter="I mend pipes.")
    body = {"recipient_id": seeker.id, "body": "Good day.", "key": f"good-day-{job}"}
    return employer, seeker, employer.send("POST", "/conversations", **body)["conversation_id"]
