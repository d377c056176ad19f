"""What stands around the lists of jobs: people, reviews, plans, and advertisements."""

from collections import deque
from collections.abc import Callable
from functools import partial
from random import Random
from typing import Any

from scenarios.journeys.browsing import JOB_KEYS, Journey
from scenarios.journeys.call import PREFIX, BodyError, Call, a_page, an_object, get, same, some
from scenarios.journeys.pages import Browser
from scenarios.journeys.world import World

PERSON_KEYS = ("id", "full_name", "headline")
PROFILE_KEYS = (*PERSON_KEYS, "role", "skills", "available_for_hire")
REVIEW_KEYS = ("id", "author", "stars", "body")
SHELVES = ("categories", "islands", "jobs/featured", "jobs/trending")
_PLACEMENTS = ("feed", "jobs", "job")
_PEOPLE_REMEMBERED = 40


class Onlooker(Journey):
    """Someone who looks at more than jobs, signed in or not."""

    signs = False
    """Whether a token goes along with what everyone may see: then a look at a person counts."""

    def __init__(self, world: World, chance: Random) -> None:
        super().__init__(world, chance)
        self._people: deque[int] = deque(maxlen=_PEOPLE_REMEMBERED)

    def actions(self) -> dict[str, Callable[[], Call]]:
        """Everything one can do on the lists, and what stands around them."""
        return {
            **super().actions(),
            "similar": self.similar,
            "shelf": self.shelf,
            "workers": self.workers,
            "person": self.person_page,
            "reviews": self.reviews,
            "plans": self.plans,
            "ad": self.ad,
        }

    def sees_ads(self) -> bool:
        """Whether pages ask for advertisements: not for those who pay."""
        return True

    def similar(self) -> Call:
        """Jobs like one."""
        job = self.world.jobs.draw(self.chance)

        def check(_status: int, body: Any) -> None:
            for item in some(body, JOB_KEYS, "job"):
                if item["id"] == job:
                    raise BodyError("a job is like itself")

        return get(f"/jobs/{job}/similar", "/jobs/{id}/similar", check)

    def shelf(self) -> Call:
        """How many jobs there are where, or those featured or sought after."""
        shelf = self.chance.choice(SHELVES)
        keys = JOB_KEYS if shelf.startswith("jobs/") else ("slug", "name", "open_jobs")

        def check(_status: int, body: Any) -> None:
            some(body, keys, "job" if shelf.startswith("jobs/") else "word on the shelf")

        return get(f"/{shelf}", f"/{shelf}", check)

    def workers(self) -> Call:
        """People available for hire, on an island or by what they say of themselves."""
        query: dict[str, str | int] = {}
        if self.chance.random() < 0.6:
            query["island"] = self.world.islands.draw(self.chance)
            route = "/users/available"
        else:
            query["q"] = self.world.searches.draw(self.chance)
            route = "/users/available?q"

        def check(_status: int, body: Any) -> None:
            items = a_page(body, (*PERSON_KEYS, "island", "skills"), "worker")
            for item in items:
                same(item["island"], query.get("island", item["island"]), "island")
            self._people.extend(item["id"] for item in items)

        return get("/users/available", route, check, query=query)

    def someone(self) -> int:
        """A person seen before, or one many know."""
        known = self.chance.random()
        if self._people and known < 0.5:
            return self.chance.choice(self._people)
        return self.world.people.draw(self.chance)

    def person_page(self) -> Call:
        """A person's page, or what else it shows: followers, reviews."""
        person, part = self.someone(), self.chance.random()
        if part < 0.6:

            def check(_status: int, body: Any) -> None:
                same(an_object(body, PROFILE_KEYS, "profile")["id"], person, "person")

            return get(f"/users/{person}", "/users/{id}", check, signed=self.signs)
        if part < 0.8:

            def check_audience(_status: int, body: Any) -> None:
                an_object(body, ("followers", "following", "connections"), "audience")

            return get(f"/users/{person}/audience", "/users/{id}/audience", check_audience)
        return self._reviews("users", person)

    def reviews(self) -> Call:
        """What people say of a company."""
        return self._reviews("companies", self.world.companies.draw(self.chance))

    def _reviews(self, of: str, number: int) -> Call:
        if self.chance.random() < 0.5:

            def check(_status: int, body: Any) -> None:
                a_page(body, REVIEW_KEYS, "review")

            return get(f"/{of}/{number}/reviews", f"/{of}/{{id}}/reviews", check)

        def check_rating(_status: int, body: Any) -> None:
            found = an_object(body, ("reviews", "average", "by_stars"), "rating")
            if sum(found["by_stars"].values()) != found["reviews"]:
                raise BodyError("a rating of other reviews than it counts")

        return get(f"/{of}/{number}/rating", f"/{of}/{{id}}/rating", check_rating)

    def plans(self) -> Call:
        """What there is to subscribe to."""

        def check(_status: int, body: Any) -> None:
            first, *more = an_object(body, ("tiers", "currency"), "price list")["tiers"]
            for tier in (first, *more):
                an_object(tier, ("tier", "prices", "limits"), "tier")
            same((first["tier"], bool(more)), ("free", True), "price list")

        return get("/subscriptions/tiers", "/subscriptions/tiers", check)

    def ad(self) -> Call:
        """An advertisement beside a page; now and then what follows is a click on it.

        204 says that none fits. Who pays sees none: a job's page instead.
        """
        if not self.sees_ads():
            return self.detail()
        query: dict[str, str | int] = {"placement": self.chance.choice(_PLACEMENTS)}
        if self.chance.random() < 0.3:
            query["island"] = self.world.islands.draw(self.chance)

        def check(status: int, body: Any) -> None:
            if status == 204:
                return
            keys = ("campaign_id", "title", "text", "click_path")
            shown = an_object(body, keys, "advertisement")
            if self.chance.random() < self.world.scenario.habits.click_share:
                self.then(partial(self._click, shown["click_path"]))

        call = get("/ads", "/ads", check, query=query, signed=self.signs)
        call.expect = (200, 204)
        return call

    def _click(self, path: str) -> Call:
        """Leads to the advertiser, where nobody of ours goes."""
        return Call("GET", path, f"{PREFIX}/ads/{{token}}/click", expect=(303,), signed=self.signs)


class Visitor(Onlooker):
    """Someone without an account, or not signed in."""

    name = "visitor"

    def __init__(self, world: World, chance: Random) -> None:
        self.browser = Browser(self.then)
        super().__init__(world, chance)

    def actions(self) -> dict[str, Callable[[], Call]]:
        """What an onlooker does, and opening the board in a browser."""
        return {**super().actions(), "page": self.browser.page}

    def leave(self) -> None:
        """End a session: who comes next brings another browser."""
        super().leave()
        self.browser.forget()


def a_review(kind: str, number: int, stars: int, text: str) -> Call:
    """Say what someone was like: one of the `kind` "users" or "companies"."""

    def check(_status: int, body: Any) -> None:
        same(an_object(body, REVIEW_KEYS, "review")["stars"], stars, "review")

    return Call(
        "PUT",
        f"{PREFIX}/{kind}/{number}/review",
        f"{PREFIX}/{kind}/{{id}}/review",
        check,
        body={"stars": stars, "body": text},
        signed=True,
    )
