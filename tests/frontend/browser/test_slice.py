"""Finding a job: from the first page to the job's, as a stranger."""

import json
import re
from http.client import HTTPConnection, HTTPMessage
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.frontend.browser.life import PHONE, Board, window
from tests.frontend.conftest import DIST

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.stack
LIST_LENGTH = 20


def test_a_stranger_searches_and_opens_a_job(
    board: Board, chromium: "Browser", pictures: Path
) -> None:
    owner, jobs = board.employer(jobs=LIST_LENGTH + 5)
    with window(chromium, board.site, PHONE) as shown:
        page = shown.go("/")
        page.get_by_label("What work?").fill("plumber")
        page.get_by_label("On which island?").select_option("exuma")
        page.get_by_role("button", name="Search").click()
        page.wait_for_url(re.compile(r"/jobs\?q=plumber&island=exuma$"))
        shown.settle()
        # Other tests' jobs may be found as well.
        links = page.get_by_role("link", name=re.compile(rf"^Plumber for villa \d+ of {owner.id}$"))
        assert 1 <= links.count() <= (LIST_LENGTH + 5 + 1) // 2
        links.first.click()
        page.wait_for_url(re.compile(rf"/jobs/({'|'.join(map(str, jobs))})$"))
        page.get_by_role("heading", name="About the job").wait_for()
        assert page.get_by_text("Six days a week, boat provided.").is_visible()
        assert page.title().startswith("Plumber for villa")
        page.screenshot(path=pictures / "slice-job.png")
        # Back is where one was.
        page.go_back()
        page.wait_for_url(re.compile(r"/jobs\?q=plumber&island=exuma$"))
        assert links.first.is_visible()


def test_the_list_goes_on_as_one_scrolls(board: Board, chromium: "Browser") -> None:
    board.employer(jobs=LIST_LENGTH + 5)
    with window(chromium, board.site) as shown:
        page = shown.go("/jobs?category=plumbing")
        cards = page.get_by_role("article")
        assert cards.count() >= LIST_LENGTH
        page.mouse.wheel(0, 10_000)
        expect(cards.nth(LIST_LENGTH)).to_be_attached(timeout=60_000)


def test_a_condition_changes_the_address_and_an_address_the_conditions(
    board: Board, chromium: "Browser"
) -> None:
    with window(chromium, board.site) as shown:
        page = shown.go("/jobs?island=abaco&category=plumbing")
        conditions = page.get_by_role("search", name="Conditions")
        assert conditions.get_by_label("Island").input_value() == "abaco"
        conditions.get_by_label("Island").select_option("")
        page.wait_for_url(re.compile(r"/jobs\?category=plumbing$"))
        conditions.get_by_label("Words").fill("villa")
        page.wait_for_url(re.compile(r"/jobs\?category=plumbing&q=villa$"))


def _answer(board: Board, path: str, **headers: str) -> tuple[int, HTTPMessage, bytes]:
    """As it came, not unpacked."""
    place = urlsplit(board.site)
    connection = HTTPConnection(str(place.hostname), place.port, timeout=30)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, answer.headers, body


def test_the_page_is_asked_for_each_time_and_its_files_never_again(board: Board) -> None:
    html = (DIST / "index.html").read_bytes()
    for path in ("/", "/jobs", "/jobs/7", "/pricing?tier=pro"):
        status, headers, body = _answer(board, path)
        assert (status, body) == (200, html)
        assert headers["Cache-Control"] == "no-cache"
        assert "script-src 'self'" in headers["Content-Security-Policy"]
        assert headers["X-Frame-Options"] == "DENY"
    script = re.findall(rb'src="(/assets/[^"]+\.js)"', html)[0].decode()
    status, headers, body = _answer(board, script, **{"Accept-Encoding": "gzip"})
    assert status == 200
    assert headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert headers["Content-Encoding"] == "gzip"
    assert headers["Content-Type"] == "application/javascript"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert body == (DIST / f"{script[1:]}.gz").read_bytes()


def test_what_is_not_there_is_kept_by_nobody(board: Board) -> None:
    status, headers, _ = _answer(board, "/assets/gone-12345678.js")
    assert (status, headers["Cache-Control"]) == (404, "no-store")
    # A person is shown a page, a program told so.
    status, headers, body = _answer(board, "/no/such/page", Accept="text/html,*/*")
    assert (status, body) == (404, (DIST / "index.html").read_bytes())
    assert headers["Cache-Control"] == "no-cache"
    status, headers, body = _answer(board, "/no/such/page")
    assert (status, json.loads(body)["status"]) == (404, 404)
    status, headers, _ = _answer(board, "/api/v1/docs", Accept="text/html")
    assert status == 200
    assert "cdn.jsdelivr.net" in headers["Content-Security-Policy"]
