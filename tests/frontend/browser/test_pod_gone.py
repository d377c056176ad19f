"""A pod dies while people are at it, and they do not notice."""

import os
import signal
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from stack import engine
from tests.frontend.browser.life import Board, window

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.stack


def test_nobody_notices_a_pod_that_is_killed(board: Board, chromium: "Browser") -> None:
    employer, (job,) = board.employer(name="Paula Pod")
    seeker = board.person(name="Sid Seeker")
    seeker.send("POST", f"/jobs/{job}/applications", cover_letter="I mend pipes.")
    body = {"recipient_id": seeker.id, "body": "Good day.", "key": "good-day-1"}
    talk = employer.send("POST", "/conversations", **body)["conversation_id"]
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
            expect(shown.page.get_by_role("log")).to_contain_text(words, timeout=60_000)
            assert shown.page.get_by_role("alert").count() == 0
        # Whose socket was that pod's is told by another one.
        expect(first.page.get_by_role("log")).to_contain_text("Still here.", timeout=60_000)
        expect(second.page.get_by_role("log")).to_contain_text("Still there?", timeout=60_000)
        for name in ("Jobs", "People", "Feed"):
            first.page.get_by_role("link", name=name, exact=True).click()
            first.settle()
            assert first.page.get_by_role("alert").count() == 0
    engine.start_again(board.running, "backend-1")  # for the tests that come after
