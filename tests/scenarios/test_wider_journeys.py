"""What people do beside jobs and talk: looking at others, ties, files. No server needed."""

from collections import Counter
from typing import Any

import pytest

from scenarios.journeys.call import BodyError, Call
from scenarios.journeys.files import FileOwner
from scenarios.journeys.looking import Onlooker
from scenarios.journeys.seeker import Seeker
from tests.scenarios.casting import (
    MIXED,
    NOW,
    accepts,
    asked,
    employer,
    job,
    page,
    person,
    seeker,
    without_sessions,
    world,
)


def a_seeker(**known: Any) -> Seeker:
    """A seeker of whom this is known; no session of theirs begins anew."""
    of = world(without_sessions())
    session = of.data.seekers[0].model_copy(update=known)
    return Seeker(of, of.chance(0, "decisions"), session)


def visitor() -> Onlooker:
    found = person("visitor", scenario=without_sessions())
    assert isinstance(found, Onlooker)
    return found


def until(action: Any, route: str) -> Call:
    """The first call of an action's to a route."""
    for _ in range(200):
        call: Call = action()
        if call.route == f"/api/v1{route}":
            return call
    raise AssertionError(f"{route} was not asked for")


ADVERTISEMENT = {"campaign_id": 1, "title": "a", "text": "b", "click_path": "/api/v1/ads/T/click"}


def test_jobs_like_one_are_others() -> None:
    call = visitor().similar()
    number = int(call.path.split("/")[4])
    assert accepts(call, {"items": []})
    assert accepts(call, {"items": [job(number + 1)]})
    assert not accepts(call, {"items": [job(number)]})
    assert not accepts(call, {"items": [{"id": number + 1}]})


def test_workers_are_from_the_island_asked_for_and_remembered() -> None:
    someone = visitor()
    call = until(someone.workers, "/users/available")
    worker = {"id": 900, "full_name": "A", "headline": "", "skills": []}
    assert not accepts(call, page({**worker, "island": "elsewhere"}))
    assert accepts(call, page({**worker, "island": asked(call)["island"]}))
    assert 900 in {someone.someone() for _ in range(50)}
    assert len({someone.someone() for _ in range(50)}) > 5


def test_a_persons_page_is_the_one_asked_for() -> None:
    call = until(visitor().person_page, "/users/{id}")
    number = int(call.path.split("/")[4])
    profile = {"full_name": "A", "headline": "", "role": "seeker", "skills": []}
    shown = {**profile, "id": number, "available_for_hire": False}
    assert accepts(call, shown)
    assert not accepts(call, {**shown, "id": number + 1})


def test_a_rating_adds_up() -> None:
    call = until(visitor().reviews, "/companies/{id}/rating")
    assert accepts(call, {"reviews": 3, "average": 4.0, "by_stars": {"3": 1, "4": 1, "5": 1}})
    assert not accepts(call, {"reviews": 4, "average": 4.0, "by_stars": {"3": 1, "5": 2}})


def test_a_share_of_advertisements_is_clicked_on_next() -> None:
    scenario = without_sessions()
    habits = scenario.habits.model_copy(update={"click_share": 0.5})
    someone = person("visitor", scenario=scenario.model_copy(update={"habits": habits}))
    assert isinstance(someone, Onlooker)
    clicks = 0
    for _ in range(400):
        someone.ad().check(200, ADVERTISEMENT)
        if (call := someone.next_call(NOW)).path == "/api/v1/ads/T/click":
            assert (call.route, call.expect) == ("/api/v1/ads/{token}/click", (303,))
            clicks += 1
    assert clicks / 400 == pytest.approx(0.5, abs=0.1)


def test_only_people_on_free_are_shown_advertisements() -> None:
    call = a_seeker().ad()
    assert (call.route, call.signed) == ("/api/v1/ads", True)
    assert accepts(call, None, 204)
    assert not accepts(call, {"campaign_id": 1})
    assert a_seeker(tier="pro").ad().route == "/api/v1/jobs/{id}"
    assert not visitor().ad().signed


def test_who_viewed_one_is_told_to_those_who_pay_and_to_no_others() -> None:
    free, pro = a_seeker().viewers(), a_seeker(tier="pro").viewers()
    assert (free.expect, pro.expect) == ((403,), (200,))
    assert accepts(free, {"code": "not_in_tier", "feature": "who_viewed_me"}, 403)
    assert not accepts(free, {"code": "not_in_tier", "feature": "advanced_search"}, 403)
    assert not accepts(free, {"code": "suspended"}, 403)
    assert accepts(pro, page())


def test_ones_subscription_is_the_tier_one_has_within_its_limits() -> None:
    call = until(a_seeker(tier="pro").subscription, "/subscriptions/me")
    use = {"feature": "posts", "limit": 5, "used": 5}
    own = {"tier": "pro", "status": "active", "features": [], "usage": [use]}
    assert accepts(call, own)
    assert not accepts(call, {**own, "tier": "free"})
    assert not accepts(call, {**own, "usage": [{**use, "used": 6}]})
    assert accepts(call, {**own, "usage": [{**use, "limit": None}]})


def test_only_those_followed_are_left() -> None:
    someone = a_seeker(follows=[301])
    assert (call := someone.unfollow()).path == "/api/v1/users/301/follow"
    assert call.method == "DELETE"
    assert someone.unfollow().route == "/api/v1/follows/users"
    followed = someone.follow()
    followed.check(204, None)
    assert someone.unfollow().path == followed.path


def test_nobody_follows_or_asks_themselves() -> None:
    someone = a_seeker(id=300)  # the one most people know
    for _ in range(200):
        assert "/users/300/" not in someone.follow().path
        call = someone.connect()
        assert call.body is not None
        assert call.body["user_id"] != 300


def test_asking_to_connect_is_refused_for_known_reasons_only() -> None:
    call = a_seeker().connect()
    assert call.body is not None
    made = {"id": 1, "user_id": call.body["user_id"], "status": "pending"}
    assert accepts(call, made, 201)
    assert not accepts(call, {**made, "user_id": 9}, 201)
    for code in ("already_connected", "already_asked", "request_declined"):
        assert accepts(call, {"code": code}, 409)
    assert not accepts(call, {"code": "follows_too_many"}, 409)


def test_a_request_that_was_found_is_answered_next_and_once() -> None:
    someone = a_seeker()
    assert someone.answer().route == "/api/v1/connections/requests"
    someone.requests().check(200, page({"id": 44, "person": {}, "status": "pending"}))
    call = someone.next_call(NOW)
    while call.opens_socket:
        call = someone.next_call(NOW)
    assert call.path.startswith("/api/v1/connections/44/")
    after = "declined" if call.path.endswith("decline") else "accepted"
    assert accepts(call, {"id": 44, "status": after})
    assert not accepts(call, {"id": 44, "status": "pending"})
    assert someone.answer().route == "/api/v1/connections/requests"


def test_requests_are_accepted_more_often_than_declined() -> None:
    someone = a_seeker(requests=list(range(1, 401)))
    verbs = Counter(someone.answer().path.rpartition("/")[2] for _ in range(400))
    assert verbs["decline"] / 400 == pytest.approx(0.2, abs=0.07)


def begun(call: Call, number: int = 7) -> dict[str, Any]:
    assert call.body is not None
    upload = {"id": number, "kind": call.body["kind"], "size_bytes": call.body["size_bytes"]}
    return {"upload": upload, "put": {"url": "http://127.0.0.1/x", "headers": {}}}


def confirmed(someone: FileOwner, kind: str, number: int) -> None:
    """Take a file of a kind as far as its confirmation."""
    while (call := someone.upload()).body is None or call.body["kind"] != kind:
        pass
    someone.arrived(number)
    confirm = someone.coming.popleft()()
    assert confirm.path == f"/api/v1/uploads/{number}/confirm"
    confirm.check(200, {"id": number, "kind": kind, "confirmed_at": "2026-01-01T00:00:00Z"})


def test_a_file_is_what_is_announced() -> None:
    calls = [a_seeker().upload() for _ in range(5)]
    someone = a_seeker()
    calls += [someone.upload() for _ in range(60)]
    beginnings = {b"%PDF": "application/pdf", b"\x89PNG": "image/png", b"\xff\xd8": "image/jpeg"}
    seen = set()
    for call in calls:
        assert call.body is not None
        assert call.sends_file is not None
        assert len(call.sends_file) == call.body["size_bytes"] <= 200_000
        (kind,) = (kind for start, kind in beginnings.items() if call.sends_file.startswith(start))
        assert call.body["content_type"] == kind
        seen.add(call.body["kind"])
        assert accepts(call, begun(call), 201)
        wrong = begun(call)
        wrong["upload"]["size_bytes"] += 1
        assert not accepts(call, wrong, 201)
    assert seen == {"resume", "portfolio", "avatar"}


def test_a_file_that_arrived_is_confirmed_next_and_no_other() -> None:
    someone = a_seeker()
    announced = someone.upload()
    announced.check(201, begun(announced))
    assert not someone.coming
    someone.arrived(7)
    call = someone.coming.popleft()()
    assert call.path == "/api/v1/uploads/7/confirm"
    assert not accepts(call, {"id": 7, "kind": "resume", "confirmed_at": None})
    assert not accepts(call, {"id": 8, "kind": "resume", "confirmed_at": "now"})


def test_files_confirmed_are_listed_applied_with_and_deleted() -> None:
    someone = a_seeker()
    assert someone.delete_file().route == "/api/v1/uploads"
    confirmed(someone, "resume", 7)
    listing = someone.own_files()
    shown = {"id": 7, "kind": "resume", "confirmed_at": "now"}
    assert not accepts(listing, page())
    assert accepts(listing, page({**shown, "id": 9, "confirmed_at": None}, shown))
    apply = someone.apply()
    assert apply.body is not None
    assert apply.body["resume_id"] == 7
    assert (call := someone.delete_file()).path == "/api/v1/uploads/7"
    assert (call.method, call.expect) == ("DELETE", (204,))
    assert someone.delete_file().route == "/api/v1/uploads"


def test_a_new_avatar_takes_the_place_of_the_one_before() -> None:
    someone = a_seeker()
    confirmed(someone, "avatar", 7)
    confirmed(someone, "portfolio", 8)
    confirmed(someone, "avatar", 9)
    deleted = {someone.delete_file().path for _ in range(3)}
    assert deleted == {"/api/v1/uploads/8", "/api/v1/uploads/9", "/api/v1/uploads"}


def test_who_has_too_many_files_makes_room() -> None:
    someone = a_seeker()
    call = someone.upload()
    assert not accepts(call, {"code": "file_changed"}, 409)
    assert accepts(call, {"code": "too_many_uploads"}, 409)
    looking = someone.coming.popleft()()
    looking.check(200, page({"id": 3, "kind": "resume", "confirmed_at": "now"}))
    assert someone.coming.popleft()().path == "/api/v1/uploads/3"


def test_a_share_of_files_is_taken_back() -> None:
    someone = a_seeker()
    taken_back = 0
    for number in range(400):
        confirmed(someone, "resume", number)
        taken_back += len(someone.coming)
        someone.coming.clear()
    assert taken_back / 400 == pytest.approx(MIXED.habits.take_back_share, abs=0.07)


def test_saved_searches_are_kept_and_let_go() -> None:
    someone = a_seeker(saved_searches=[5])
    save = someone.save_search()
    assert save.body is not None
    assert accepts(save, {"code": "name_taken"}, 409)
    assert not accepts(save, {"code": "no_condition"}, 409)
    assert not accepts(save, {"id": 6, **save.body, "island": "other"}, 201)
    assert accepts(save, {"id": 6, **save.body}, 201)
    five, six = ({"id": number, "name": "a", "alerts": True} for number in (5, 6))
    assert not accepts(someone.searches(), {"items": [five]})
    assert accepts(someone.searches(), {"items": [five, six]})
    assert someone.unsave_search().path == "/api/v1/saved-searches/6"
    assert someone.unsave_search().path == "/api/v1/saved-searches/5"
    assert someone.unsave_search().route == "/api/v1/saved-searches"


def test_only_companies_that_decided_are_reviewed() -> None:
    assert a_seeker().review_company().method == "GET"
    call = a_seeker(met_companies=[55]).review_company()
    assert (call.method, call.path) == ("PUT", "/api/v1/companies/55/review")
    assert call.body is not None
    review = {"id": 1, "author": {}, "stars": call.body["stars"], "body": ""}
    assert accepts(call, review)
    assert not accepts(call, {**review, "stars": 6})


def test_employers_review_those_they_hired_and_read_figures_that_add_up() -> None:
    someone = employer()
    assert someone.review_worker().method == "GET"
    figures = {"jobs": 2, "applications": 3, "by_status": {"submitted": 3, "withdrawn": 1}}
    call = until(someone.analytics, "/analytics/jobs/totals")
    assert accepts(call, figures)
    assert not accepts(call, {**figures, "applications": 4})


def test_what_was_about_to_come_is_forgotten_when_one_comes_back() -> None:
    someone = seeker()
    someone.arrived(7)
    someone.begin_session()
    assert not someone.coming


_PAGE = '<script src="/assets/a-1.js"></script><link href="/assets/b-2.css"><img src="/icon.svg">'


def test_a_browser_fetches_what_a_page_names_once() -> None:
    visitor = person("visitor", scenario=without_sessions())
    page = visitor.actions()["page"]

    def opened() -> list[tuple[str, str]]:
        page().check(200, _PAGE)
        files = []
        while visitor.coming:
            call = visitor.coming.popleft()()
            call.check(200, "text")
            files.append((call.path, call.route))
        return files

    assert opened() == [("/assets/a-1.js", "/assets/*"), ("/assets/b-2.css", "/assets/*")]
    assert opened() == []
    visitor.leave()
    assert len(opened()) == 2


@pytest.mark.parametrize("body", [None, "", "<p>not built</p>", '<link href="/assets/b.css">'])
def test_a_page_without_a_script_is_wrong(body: str | None) -> None:
    with pytest.raises(BodyError, match="without a script"):
        person("visitor").actions()["page"]().check(200, body)
