"""What virtual users decide, and how they judge answers. No server needed."""

from collections import Counter
from typing import Any
from urllib.parse import urlsplit

import pytest

from capacity.ledger import ENTRY
from scenarios import catalogue
from scenarios.journeys.looking import Visitor
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


@pytest.mark.parametrize("kind", ["visitor", "seeker", "employer"])
def test_the_same_seed_and_number_decide_the_same(kind: str) -> None:
    def decisions(number: int, seed: int) -> list[tuple[str, str]]:
        journey = person(kind, number, seed)
        return [(call.method, call.path) for call in (journey.next_call(NOW) for _ in range(60))]

    assert decisions(3, 1) == decisions(3, 1)
    assert decisions(3, 1) != decisions(4, 1)
    assert decisions(3, 1) != decisions(3, 2)


@pytest.mark.parametrize("kind", ["visitor", "seeker", "employer"])
def test_routes_are_templates_of_their_paths(kind: str) -> None:
    journey = person(kind)
    for _ in range(500):
        call = journey.next_call(NOW)
        path, template = urlsplit(call.path).path, call.route.partition("?")[0]
        assert [part for part in path.split("/") if not part.isdigit()] == [
            part for part in template.split("/") if part != "{id}"
        ]
        assert path.count("/") == template.count("/")
        assert not any(part.isdigit() for part in template.split("/"))


def test_requests_come_in_the_scenarios_shares() -> None:
    journey = person("visitor", scenario=without_sessions())
    routes = Counter(journey.next_call(NOW).route for _ in range(20_000))
    weights = MIXED.journeys["visitor"]
    total = sum(weights.values())
    assert routes["/api/v1/jobs/{id}"] / 20_000 == pytest.approx(
        weights["detail"] / total, abs=0.02
    )
    assert routes["/api/v1/jobs?q"] / 20_000 == pytest.approx(weights["search"] / total, abs=0.02)
    # nobody has seen a list that goes on, so a next page is the first page
    home = (weights["home"] + weights["next_page"]) / total
    assert routes["/api/v1/jobs"] / 20_000 == pytest.approx(home, abs=0.02)


def test_sessions_begin_in_their_share_and_way() -> None:
    journey = person("seeker")
    calls = [journey.next_call(NOW) for _ in range(20_000)]
    begun = [call for call in calls if call.anew]
    assert len(begun) / 20_000 == pytest.approx(MIXED.session.start_share, abs=0.005)
    by_password = [call for call in begun if call.route == "/api/v1/auth/login"]
    assert len(by_password) / len(begun) == pytest.approx(MIXED.session.password_share, abs=0.08)
    assert by_password[0].body == {"email": "seeker0@example.com", "password": "a password"}
    visitor = [call for call in (person("visitor").next_call(NOW) for _ in range(99)) if call.anew]
    assert {call.route for call in visitor} <= {"/api/v1/jobs"}


PUBLIC = {
    "/health",
    "/jobs",
    "/jobs?q",
    "/jobs?filter",
    "/jobs?cursor",
    "/jobs/featured",
    "/jobs/trending",
    "/jobs/{id}",
    "/jobs/{id}/similar",
    "/categories",
    "/islands",
    "/companies/{id}",
    "/companies/{id}/jobs",
    "/companies/{id}/reviews",
    "/companies/{id}/rating",
    "/users/available",
    "/users/available?q",
    "/users/{id}/audience",
    "/users/{id}/reviews",
    "/users/{id}/rating",
    "/posts/trending",
    "/posts/{id}",
    "/posts/{id}/comments",
    "/subscriptions/tiers",
}
WITH_A_TOKEN_IF_THERE_IS_ONE = {"/users/{id}", "/ads"}


@pytest.mark.parametrize("kind", ["visitor", "seeker", "employer"])
def test_a_token_goes_along_wherever_it_counts_and_nowhere_else(kind: str) -> None:
    journey = person(kind)
    for _ in range(500):
        call = journey.next_call(NOW)
        route = call.route.removeprefix("/api/v1")
        public = call.method == "GET" and route in PUBLIC
        signing_in = route in ("/auth/login", "/auth/refresh")
        if kind == "visitor":
            assert public or route in WITH_A_TOKEN_IF_THERE_IS_ONE
        assert call.signed == (kind != "visitor" and not public and not signing_in)


def test_every_weighted_request_exists() -> None:
    for name in catalogue.names():
        scenario = catalogue.load(name)
        for kind, weights in scenario.journeys.items():
            assert set(weights) <= set(person(kind, scenario=scenario).actions())


def test_lists_must_be_pages_of_jobs() -> None:
    call = Visitor(world(), world().chance(0, "x")).home()
    assert accepts(call, page())
    assert accepts(call, page(job(1), job(2), cursor="more"))
    for wrong in (None, [], {}, {"items": []}, {"items": {}, "next_cursor": None}):
        assert not accepts(call, wrong)
    lacking = job()
    del lacking["title"]
    assert not accepts(call, page(lacking))


def test_lists_must_match_the_filters_asked_for() -> None:
    visitor = Visitor(world(), world().chance(0, "x"))
    seen: set[str] = set()
    for _ in range(50):
        call = visitor.filtered()
        query = asked(call)
        wishes = {key: query[key] for key in query if key != "limit"}
        assert wishes
        seen |= set(wishes)
        assert accepts(call, page(job(1, **wishes)))
        for key in wishes:
            assert not accepts(call, page(job(1, **{**wishes, key: "other"})))
    assert seen == {"island", "category", "employment_type"}


def test_a_next_page_follows_the_list_last_seen() -> None:
    visitor = Visitor(world(), world().chance(0, "x"))
    search = visitor.search()
    search.check(200, page(job(1), job(2), cursor="A&B"))
    following = visitor.next_page()
    assert following.route == "/api/v1/jobs?cursor"
    assert asked(following) == {**asked(search), "cursor": "A&B"}
    assert not accepts(following, page(job(2), job(3)))
    assert accepts(following, page(job(3), cursor="C"))
    assert asked(visitor.next_page())["cursor"] == "C"


def test_who_is_met_in_mid_session_reads_on_where_another_was() -> None:
    shared = world()
    first, second = (Visitor(shared, shared.chance(number, "x")) for number in (0, 1))
    assert second.next_page().route == "/api/v1/jobs"
    first.search().check(200, page(job(1), cursor="A"))
    assert asked(second.next_page())["cursor"] == "A"


def test_a_job_page_must_be_the_one_asked_for() -> None:
    call = Visitor(world(), world().chance(0, "x")).look_at(7)
    assert call.path == "/api/v1/jobs/7"
    assert accepts(call, job(7))
    assert not accepts(call, job(8))
    assert not accepts(call, job(7, company=None))


def test_nobody_applies_twice_for_a_job() -> None:
    someone = seeker()
    paths = [someone.apply().path for _ in range(200)]
    assert len(set(paths)) == len(paths) == len(someone.world.data.jobs)


def test_an_application_of_the_ledger_is_one_whose_letter_nobody_else_writes() -> None:
    someone = seeker()
    calls = [someone.enter_application() for _ in range(3)]
    assert len({call.key for call in calls}) == 3
    for call in calls:
        assert call.body == {"cover_letter": f"{ENTRY}{call.key}", "resume_id": None}
        assert call.route == "/api/v1/jobs/{id}/applications"
    assert someone.apply().key is None


def test_an_application_answered_409_must_say_why() -> None:
    call = seeker().apply()
    wanted = int(call.path.split("/")[4])
    made = {"id": 5, "job_id": wanted, "status": "submitted", "resume_id": None}
    assert accepts(call, made, 201)
    assert not accepts(call, {**made, "resume_id": 8}, 201)
    assert not accepts(call, {**made, "job_id": wanted + 1}, 201)
    assert accepts(call, {"code": "already_applied"}, 409)
    assert not accepts(call, {"code": "job_closed"}, 409)


def test_applications_sent_must_be_listed_and_can_be_withdrawn() -> None:
    someone = seeker()
    assert someone.withdraw().route == "/api/v1/applications"
    apply = someone.apply()
    wanted = int(apply.path.split("/")[4])
    made = {"id": 77, "job_id": wanted, "status": "submitted", "resume_id": None}
    apply.check(201, made)
    listing = someone.applications()
    assert accepts(listing, page(made))
    assert not accepts(listing, page())
    assert accepts(listing, page(cursor="the list goes on"))
    assert accepts(listing, page(made, {"id": 5, "job_id": 1, "status": "rejected"}))
    withdraw = someone.withdraw()
    assert withdraw.path == "/api/v1/applications/77/withdraw"
    assert accepts(withdraw, {**made, "status": "withdrawn"})
    assert not accepts(withdraw, made)
    assert accepts(withdraw, {"code": "application_decided"}, 409)
    assert not accepts(withdraw, {"code": "gone"}, 409)


def test_what_was_saved_can_be_let_go() -> None:
    someone = seeker()
    assert someone.unsave().method == "PUT"
    save = someone.save()
    save.check(204, None)
    kept = int(save.path.split("/")[4])
    assert accepts(someone.saved(), page(job(kept), job(1)))
    assert not accepts(someone.saved(), page(job(1)))
    assert someone.unsave().path == save.path


def test_a_job_goes_from_draft_to_published_to_closed() -> None:
    someone = employer()
    draft = someone.close()
    assert (draft.method, draft.route) == ("POST", "/api/v1/jobs")
    assert draft.body is not None
    assert draft.body["company_id"] == 50
    assert draft.body["salary_min_cents"] <= draft.body["salary_max_cents"]
    written = job(31, **draft.body)
    assert not accepts(draft, {**written, "status": "published"}, 201)
    draft.check(201, {**written, "status": "draft"})
    publish = someone.close()
    assert publish.path == "/api/v1/jobs/31/publish"
    assert not accepts(publish, {**written, "status": "draft"})
    publish.check(200, {**written, "status": "published"})
    close = someone.close()
    assert close.path == "/api/v1/jobs/31/close"
    assert accepts(close, {**written, "status": "closed"})
    assert not accepts(close, {**written, "id": 32, "status": "closed"})


def test_only_submitted_applications_are_decided_on() -> None:
    someone = employer()
    applicants = someone.decide()
    of = int(applicants.path.split("/")[4])
    assert of in (0, 900)
    found = [
        {"id": 1, "job_id": of, "status": "submitted", "applicant_id": 7},
        {"id": 2, "job_id": of, "status": "rejected", "applicant_id": 8},
    ]
    assert not accepts(applicants, page({**found[0], "job_id": 12345}))
    applicants.check(200, page(*found))
    decide = someone.decide()
    assert (decide.method, decide.path) == ("PATCH", "/api/v1/applications/1")
    assert decide.body is not None
    assert accepts(decide, {**found[0], **decide.body})
    assert not accepts(decide, found[0])
    assert accepts(decide, {"code": "application_withdrawn"}, 409)
    assert someone.decide().route == applicants.route


def test_an_edit_must_be_seen_at_once() -> None:
    call = employer().edit()
    assert call.body is not None
    number = int(call.path.split("/")[4])
    assert accepts(call, job(number, **call.body))
    assert not accepts(call, job(number))


def test_new_pay_is_in_order_whatever_it_was() -> None:
    employer = person("employer")
    edits = [call for call in (employer.edit() for _ in range(200)) if call.method == "PATCH"]
    assert edits
    for call in edits:
        assert call.body is not None
        assert 0 < call.body["salary_min_cents"] <= call.body["salary_max_cents"]


def post(number: int = 1, **more: Any) -> dict[str, Any]:
    return {"id": number, "author": {}, "body": "x", "likes": 0, "comments": 0, **more}


def test_posts_seen_are_what_is_read_and_liked() -> None:
    someone = seeker()
    assert someone.like().route == someone.read_post().route == "/api/v1/feed"
    feed = someone.feed()
    assert not accepts(feed, page(post()))
    feed.check(200, page(post(31, liked=False)))
    like = someone.like()
    assert like.path == "/api/v1/posts/31/like"
    assert accepts(like, {"liked": True, "likes": 1})
    assert not accepts(like, {"liked": False, "likes": 0})
    assert someone.read_post().path.startswith("/api/v1/posts/31")


def test_only_a_quota_may_refuse_what_is_said() -> None:
    someone = seeker()
    call = someone.post()
    assert call.body is not None
    assert accepts(call, post(5, body=call.body["body"]), 201)
    assert not accepts(call, post(5, body="something else"), 201)
    assert accepts(call, {"code": "quota_exceeded", "feature": "posts"}, 403)
    assert not accepts(call, {"code": "quota_exceeded", "feature": "messages"}, 403)
    assert not accepts(call, {"code": "employers_only"}, 403)


def test_messages_go_to_contacts_only() -> None:
    someone = seeker()
    assert someone.write().route == "/api/v1/conversations"
    assert someone.write().method == "GET"
    of = world()
    friend = of.data.seekers[0].model_copy(update={"contacts": [12]})
    call = Seeker(of, of.chance(0, "decisions"), friend).write()
    assert call.body is not None
    assert (call.writes_to, call.body["recipient_id"]) == (12, 12)
    message = {"id": 9, "conversation_id": 2, "sender_id": 0, "body": call.body["body"]}
    assert accepts(call, message, 201)
    assert not accepts(call, {**message, "sender_id": 1}, 201)
    assert not accepts(call, {**message, "body": ""}, 201)


def test_a_share_of_sessions_asks_for_a_socket_once() -> None:
    asked_for = 0
    for number in range(40):
        someone = person("seeker", number, scenario=without_sessions())
        tickets = [
            call for call in (someone.next_call(NOW) for _ in range(60)) if call.opens_socket
        ]
        assert len(tickets) <= 1
        asked_for += len(tickets)
    assert 40 * MIXED.session.socket_share == pytest.approx(asked_for, abs=10)


def test_entries_of_the_ledger_are_told_apart_whatever_the_seed() -> None:
    keys = set()
    for _ in range(3):
        someone = seeker()
        assert someone.enter().method == "GET"  # no post was seen yet
        assert accepts(someone.trending(), {"items": [post(7)]})
        for call in (someone.enter(), someone.enter()):
            assert call.key is not None
            # the board is given no key to know it by: it could not be there twice
            assert call.body == {"body": f"{ENTRY}{call.key}"}
            assert call.path.endswith("/posts/7/comments")
            assert accepts(call, {"id": 1, **call.body}, 201)
            assert not accepts(call, {"id": 1, "body": "something else"}, 201)
            keys.add(call.key)
    assert len(keys) == 6


def test_only_who_insists_on_a_socket_asks_for_another() -> None:
    for name, insists in (("drill-sockets", True), ("drill", False)):
        someone = person("seeker", scenario=catalogue.load(name))
        assert isinstance(someone, Seeker)
        if name == "drill-sockets":
            assert someone.go_on().opens_socket
        someone.lost_socket()
        assert someone.go_on().opens_socket is insists


def test_another_run_of_the_same_seed_says_something_new() -> None:
    told = []
    for _ in range(2):
        of = world()
        friend = of.data.seekers[0].model_copy(update={"contacts": [12]})
        call = Seeker(of, of.chance(0, "decisions"), friend).write()
        assert call.body is not None
        told.append(call.body)
    assert told[0]["body"] == told[1]["body"]
    assert told[0]["key"] != told[1]["key"]
