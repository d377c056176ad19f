"""What an employer's desk holds besides jobs: the team and advertising; and the way by Google."""

import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.frontend.browser.life import PASSWORD, PHONE, Board, window

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Route

pytestmark = pytest.mark.stack


def test_someone_is_invited_joins_by_the_link_and_is_removed(
    board: Board, chromium: "Browser", pictures: Path
) -> None:
    owner, _ = board.employer(jobs=2, name="Tess Team")
    helper = board.person("employer", name="Hal Helper")
    with window(chromium, board.site, PHONE) as shown, window(chromium, board.site) as other:
        shown.sign_in(owner)
        page = shown.go("/desk/team")
        expect(page.get_by_text(re.compile(r"^1 of \d+ seats taken"))).to_be_visible()
        for address in (helper.email, "nobody@example.com"):
            page.get_by_label("Email").fill(address)
            page.get_by_role("button", name="Send the invitation").click()
            expect(page.get_by_text(address)).to_be_visible()
        expect(page.get_by_text(re.compile(r"^3 of \d+ seats taken"))).to_be_visible()
        page.screenshot(path=pictures / "journey-team-phone.png", full_page=True)
        page.get_by_role("button", name="Take the invitation of nobody@example.com back").click()
        expect(page.get_by_text("nobody@example.com")).to_have_count(0)
        expect(page.get_by_text(re.compile(r"^2 of \d+ seats taken"))).to_be_visible()

        # What the letter to them holds only its hash is kept of.
        board.sql(
            "UPDATE company_invitations SET token_hash = %s WHERE email = %s",
            hashlib.sha256(b"of-hal").digest(),
            helper.email,
        )
        joining = other.go("/invitations#token=of-hal")
        joining.get_by_role("link", name="Sign in to join").click()
        joining.get_by_label("Email").fill(helper.email)
        joining.get_by_label("Password").fill(PASSWORD)
        joining.get_by_role("button", name="Sign in").click()
        joining.get_by_role("button", name="Join").click()
        joining.wait_for_url(f"{board.site}/desk")
        other.go("/desk/team")
        expect(joining.get_by_role("button", name="Leave the team")).to_be_visible()
        expect(joining.get_by_role("button", name="Send the invitation")).to_have_count(0)

        shown.go("/desk/team")
        page.get_by_label("Role of Hal Helper").select_option("manager")
        expect(page.get_by_label("Role of Hal Helper")).to_have_value("manager")
        page.get_by_role("button", name="Remove Hal Helper").click()
        expect(page.get_by_text("0 members besides the owner")).to_be_visible()
        assert helper.get("/companies/mine")["items"] == []


def test_a_campaign_is_made_changed_approved_started_paused_and_ended(
    board: Board, chromium: "Browser", pictures: Path
) -> None:
    advertiser, admin = board.person("employer", name="Cam Paign"), board.person(name="Ada Approve")
    board.sql("UPDATE users SET role = 'admin' WHERE id = %s", admin.id)
    with window(chromium, board.site, PHONE) as shown, window(chromium, board.site) as other:
        shown.sign_in(advertiser)
        page = shown.go("/desk/campaigns/new")
        page.get_by_label("Title").fill("Learn to dive")
        page.get_by_label("Text").fill("In two weeks, on Andros.")
        page.get_by_label("Where a click leads").fill("https://diving.example/")
        page.get_by_label("Only on pages of").select_option("andros")
        page.get_by_label("Last day").fill("2099-12-31")
        page.get_by_label("Dollars a thousand").fill("7.50")
        page.get_by_role("button", name="Save the draft").click()
        page.wait_for_url(re.compile(r"/desk/campaigns/\d+$"))
        page.get_by_role("heading", name="Learn to dive").wait_for()
        page.get_by_label("Text").fill("In one week, on Andros.")
        page.get_by_role("button", name="Save the draft").click()
        expect(page.get_by_text("Saved")).to_be_visible()
        (campaign,) = advertiser.get("/campaigns/mine")["items"]
        assert campaign["text"] == "In one week, on Andros."
        assert (campaign["island"], campaign["cpm_cents"]) == ("andros", 750)
        assert campaign["ends_at"] == "2099-12-31T23:59:59Z"

        page.get_by_role("button", name="Submit: Learn to dive").click()
        expect(page.get_by_text("We look at it")).to_be_visible()
        other.sign_in(admin)
        deciding = other.go("/admin")
        deciding.get_by_role("button", name="Reject: Learn to dive").click()
        deciding.get_by_label("Why?").fill("One week is too short.")
        deciding.get_by_role("button", name="Reject it").click()
        expect(deciding.get_by_text("Learn to dive")).to_have_count(0)
        shown.go(f"/desk/campaigns/{campaign['id']}")
        expect(page.get_by_role("alert")).to_contain_text("One week is too short.")
        page.get_by_role("button", name="Save the draft").click()
        page.get_by_role("button", name="Submit: Learn to dive").click()
        other.go("/admin")
        deciding.get_by_role("button", name="Approve: Learn to dive").click()
        expect(deciding.get_by_text("Learn to dive")).to_have_count(0)
        board.sql(
            "INSERT INTO campaign_days (campaign_id, day, impressions, clicks)"
            " VALUES (%s, current_date, 1200, 6)",
            campaign["id"],
        )
        shown.go("/desk/campaigns")
        expect(page.get_by_text("1,200 impressions")).to_be_visible()
        page.get_by_role("button", name="Start: Learn to dive").click()
        page.get_by_role("button", name="Pause: Learn to dive").click()
        expect(page.get_by_role("listitem").get_by_text("Paused")).to_be_visible()
        page.get_by_role("link", name="Learn to dive").click()
        expect(page.get_by_text("0.5 %")).to_be_visible()
        expect(page.get_by_text("$9", exact=True)).to_be_visible()
        page.screenshot(path=pictures / "journey-campaign-phone.png")
        page.get_by_role("button", name="End: Learn to dive").click()
        expect(page.get_by_role("button", name="Keep it")).to_be_focused()
        assert advertiser.get("/campaigns/mine")["items"][0]["status"] == "paused"
        page.get_by_role("button", name="End it for good").click()
        expect(page.get_by_text("Ended")).to_be_visible()
        assert advertiser.get("/campaigns/mine")["items"][0]["status"] == "ended"


def test_google_is_offered_where_the_board_has_it_and_leads_back(
    board: Board, chromium: "Browser", pictures: Path
) -> None:
    person = board.person(name="Gil Google")
    session = person.send("POST", "/auth/login", email=person.email, password=PASSWORD)
    offer = "Go on with Google"
    with window(chromium, board.site) as shown:
        with shown.page.expect_response("**/auth/google") as asked:
            page = shown.go("/sign-in")
        assert asked.value.json() == {"offered": False}
        expect(page.get_by_role("button", name=offer)).to_have_count(0)

        def begin(route: "Route") -> None:
            url = f"{board.site}/sign-in/google?code=c&state=s"
            route.fulfill(json={"url": url, "key": "kept-here"})

        def finish(route: "Route") -> None:
            given = route.request.post_data_json
            assert given == {"code": "c", "state": "s", "key": "kept-here"}
            route.fulfill(json=session)

        page.route("**/auth/google", lambda route: route.fulfill(json={"offered": True}))
        page.route("**/google/begin", begin)
        page.route("**/google/finish", finish)
        shown.go("/sign-in?next=/billing")
        page.get_by_role("button", name=offer).wait_for()
        page.screenshot(path=pictures / "journey-google.png")
        page.get_by_role("button", name=offer).click()
        page.wait_for_url(f"{board.site}/billing")
        page.get_by_role("button", name="Account of Gil Google").wait_for()
        # A way back nobody set out on leads nowhere.
        shown.go("/sign-in/google?code=c&state=s")
        expect(page.get_by_role("alert")).to_contain_text("You have not signed in with Google.")
