"""What people keep on the board and say of each other: files, searches, reviews."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import FilePayload, expect

from tests.frontend.browser.life import PAPER, PHONE, PICTURE, Board, window

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.stack


def test_a_picture_is_shown_to_others_until_it_is_removed(
    board: Board, chromium: "Browser", pictures: Path
) -> None:
    person = board.person(name="Pia Picture")
    with window(chromium, board.site, PHONE) as shown, window(chromium, board.site) as other:
        shown.sign_in(person)
        page = shown.go("/profile")
        page.get_by_label("Add a picture").set_input_files(PICTURE)
        expect(page.get_by_text("Your picture is there.")).to_be_attached()
        others = other.go(f"/people/{person.id}")
        drawn = others.locator("main img")
        expect(drawn).to_be_visible()
        # It came from the store, past the page's policy.
        expect(drawn).to_have_js_property("naturalWidth", 1)
        page.screenshot(path=pictures / "journey-picture-phone.png")
        # In a list as well; where it does not come, initials take its place.
        person.send("PATCH", "/users/me", available_for_hire=True)
        beside = other.go("/people?q=Picture").get_by_role("listitem").filter(has_text=person.name)
        expect(beside.locator("img")).to_have_js_property("naturalWidth", 1)
        room = beside.locator("img").bounding_box()
        others.route("**/avatar?*", lambda route: route.fulfill(status=404))
        other.go("/people?q=Picture")
        expect(beside.locator("[data-initials=PP]")).to_be_visible()
        expect(beside.locator("img")).to_have_count(0)
        assert beside.locator("[data-initials]").bounding_box() == room
        page.get_by_role("button", name="Remove it").click()
        expect(page.get_by_label("Add a picture")).to_be_attached()
        assert person.get(f"/users/{person.id}")["avatar_id"] is None


def test_a_resume_goes_with_an_application_and_is_opened_there(
    board: Board, chromium: "Browser", pictures: Path
) -> None:
    employer, (job,) = board.employer(name="Orla Opener")
    seeker = board.person(name="Rena Résumé")
    with window(chromium, board.site, PHONE) as shown, window(chromium, board.site) as desk:
        shown.sign_in(seeker)
        page = shown.go("/profile")
        page.get_by_label("Add a résumé").set_input_files(PAPER)
        expect(page.get_by_role("button", name="Delete pipes.pdf")).to_be_visible()
        page.screenshot(path=pictures / "journey-resumes-phone.png", full_page=True)
        shown.go(f"/jobs/{job}")
        page.get_by_role("button", name="Apply").click()
        page.get_by_label("Why you?").fill("It is all in there.")
        chosen = page.get_by_label("Résumé", exact=True).locator("option:checked")
        expect(chosen).to_have_text("pipes.pdf")
        page.screenshot(path=pictures / "journey-apply-phone.png", full_page=True)
        page.get_by_role("button", name="Send application").click()
        expect(page.get_by_text("Sent.")).to_be_visible()

        desk.sign_in(employer)
        desk.go(f"/desk/jobs/{job}")
        with desk.page.expect_download() as fetched:
            desk.page.get_by_role("button", name="Open the résumé").click()
        assert fetched.value.suggested_filename == "pipes.pdf"

        shown.go("/profile")
        page.get_by_role("button", name="Delete pipes.pdf").click()
        expect(page.get_by_role("button", name="Delete pipes.pdf")).to_have_count(0)
        (application,) = seeker.get("/applications")["items"]
        assert application["resume_id"] is None


def test_a_portfolio_is_shown_to_members_until_its_owner_takes_it_away(
    board: Board, chromium: "Browser", pictures: Path
) -> None:
    worker, reader = board.person(name="Polly Folio"), board.person("employer", "Rafe Reader")
    with window(chromium, board.site, PHONE) as own, window(chromium, board.site) as other:
        own.sign_in(worker)
        page = own.go("/profile")
        for file in (PICTURE, PAPER):
            page.get_by_label("Add to the portfolio").set_input_files(file)
            expect(page.get_by_role("button", name=f"Delete {file['name']}")).to_be_visible()
        page.screenshot(path=pictures / "journey-portfolio-own-phone.png", full_page=True)
        shown = other.go(f"/people/{worker.id}").get_by_role("region", name="Portfolio")
        # A stranger is told what it takes, and led back here.
        shown.get_by_role("link", name="Sign in").click()
        other.page.wait_for_url(re.compile(rf"next=%2Fpeople%2F{worker.id}$"))
        other.sign_in(reader)
        other.go(f"/people/{worker.id}")
        expect(shown.get_by_role("listitem")).to_have_count(2)
        # It came from the store, past the page's policy.
        expect(shown.locator("img")).to_have_js_property("naturalWidth", 1)
        other.page.screenshot(path=pictures / "journey-portfolio-desktop.png", full_page=True)
        with other.page.expect_download() as fetched:
            shown.get_by_role("button", name="Open pipes.pdf").click()
        assert fetched.value.suggested_filename == "pipes.pdf"

        page.get_by_role("button", name="Delete pipes.pdf").click()
        expect(page.get_by_role("button", name="Delete pipes.pdf")).to_have_count(0)
        other.go(f"/people/{worker.id}")
        expect(shown.get_by_role("listitem")).to_have_count(1)
        expect(shown.get_by_text("me.png")).to_be_visible()


def test_what_is_not_a_picture_is_refused_in_words(board: Board, chromium: "Browser") -> None:
    with window(chromium, board.site) as shown:
        shown.sign_in(board.person(name="Nora Not"))
        page = shown.go("/profile")
        false = FilePayload(name="me.png", mimeType="image/png", buffer=b"no picture at all")
        page.get_by_label("Add a picture").set_input_files(false)
        expect(page.get_by_role("alert")).to_contain_text("is not image/png")


def test_a_search_is_saved_looked_up_and_deleted(
    board: Board, chromium: "Browser", pictures: Path
) -> None:
    person = board.person(name="Saul Search")
    with window(chromium, board.site, PHONE) as shown:
        shown.sign_in(person)
        page = shown.go("/jobs?q=villa&island=exuma&salary_min=150000")
        page.get_by_role("button", name="Save this search").click()
        name = page.get_by_label("Name of the search")
        expect(name).to_have_value("villa, Exuma, from $1,500")
        name.fill("Villas")
        page.screenshot(path=pictures / "journey-save-search-phone.png")
        page.get_by_role("button", name="Save it").click()
        page.get_by_role("link", name="Your searches").click()
        with page.expect_response(lambda answer: answer.request.method == "PATCH"):
            page.get_by_label("Tell me of new jobs").uncheck()
        (kept,) = person.get("/saved-searches")["items"]
        assert (kept["name"], kept["q"], kept["island"]) == ("Villas", "villa", "exuma")
        assert kept["alerts"] is False
        assert kept["salary_min_cents"] == 150_000
        expect(page.get_by_label("Tell me of new jobs")).not_to_be_checked()
        page.get_by_role("link", name="Villas").click()
        page.wait_for_url(re.compile(r"/jobs\?q=villa&island=exuma&salary_min=150000$"))
        shown.go("/saved/searches")
        page.get_by_role("button", name="Delete Villas").click()
        expect(page.get_by_text("No searches yet")).to_be_visible()
        assert person.get("/saved-searches")["items"] == []


def test_who_applied_reviews_the_company_and_who_hired_the_worker(
    board: Board, chromium: "Browser", pictures: Path
) -> None:
    employer, (job,) = board.employer(name="Rita Reviewed")
    company = employer.get(f"/jobs/{job}")["company"]["id"]
    seeker = board.person(name="Ronny Reviewer")
    with window(chromium, board.site, PHONE) as shown:
        shown.sign_in(seeker)
        page = shown.go(f"/companies/{company}")
        _review(page, 4, "A good place.")
        # Who never applied has no say.
        expect(page.get_by_role("alert")).to_contain_text("Only those who applied")
        page.get_by_role("alert").scroll_into_view_if_needed()
        page.screenshot(path=pictures / "journey-review-phone.png")
        application = seeker.send("POST", f"/jobs/{job}/applications", cover_letter="Please.")
        page.get_by_role("button", name="Publish it").click()
        reviews = page.get_by_role("region", name="Reviews")
        expect(reviews.get_by_text("4.0 of 5 stars")).to_be_visible()
        expect(reviews.get_by_text("A good place.")).to_be_visible()
        page.get_by_role("button", name="Take it back").click()
        expect(reviews.get_by_text("Nobody has written one yet.")).to_be_visible()
        assert employer.get(f"/companies/{company}/rating")["reviews"] == 0
    employer.send("PATCH", f"/applications/{application['id']}", status="hired")
    with window(chromium, board.site) as shown:
        shown.sign_in(employer)
        page = shown.go(f"/people/{seeker.id}")
        _review(page, 5, "Never late.")
        expect(
            page.get_by_role("region", name="Reviews").get_by_text("Never late.")
        ).to_be_visible()
        assert employer.get(f"/users/{seeker.id}/rating")["average"] == 5


def _review(page: "Page", stars: int, words: str) -> None:
    page.get_by_role("button", name="Write a review").click()
    page.get_by_role("radio", name=f"{stars} stars").check(force=True)
    page.get_by_label("How was it?").fill(words)
    page.get_by_role("button", name="Publish it").click()
