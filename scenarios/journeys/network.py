"""Whom one follows and knows, and who saw one's own page."""

from collections.abc import Callable
from random import Random
from typing import Any

from scenarios.journeys.call import (
    PREFIX,
    Call,
    a_conflict,
    a_page,
    an_object,
    get,
    not_in_tier,
    same,
)
from scenarios.journeys.looking import PERSON_KEYS
from scenarios.journeys.social import Social
from scenarios.journeys.world import World
from scenarios.load_data import SignedIn

_CONNECTED = ("already_connected", "already_asked", "request_declined")
_DRAWS = 10


class Networker(Social):
    """Someone with an account who keeps up with others."""

    def __init__(self, world: World, chance: Random, session: SignedIn) -> None:
        super().__init__(world, chance, session)
        self._followed = [("users", person) for person in session.follows]
        self._requests = list(session.requests)

    def actions(self) -> dict[str, Callable[[], Call]]:
        """Everything one does among people, and keeping up with them."""
        return {
            **super().actions(),
            "follow": self.follow,
            "unfollow": self.unfollow,
            "following": self.following,
            "connections": self.connections,
            "connect": self.connect,
            "requests": self.requests,
            "answer": self.answer,
            "views": self.views,
            "viewers": self.viewers,
        }

    def follow(self) -> Call:
        """Follow a person, or a company; twice is once."""
        if self.chance.random() < 0.3:
            target = ("companies", self.world.companies.draw(self.chance))
        else:
            target = ("users", self._another())

        def remember(_status: int, _body: Any) -> None:
            if target not in self._followed:
                self._followed.append(target)

        return self._follow("PUT", *target, remember)

    def unfollow(self) -> Call:
        """Follow the last one no longer; see whom one follows when none is known."""
        if not self._followed:
            return self.following()
        return self._follow("DELETE", *self._followed.pop())

    def _follow(
        self, method: str, kind: str, number: int, check: Callable[[int, Any], None] | None = None
    ) -> Call:
        call = Call(
            method,
            f"{PREFIX}/{kind}/{number}/follow",
            f"{PREFIX}/{kind}/{{id}}/follow",
            expect=(204,),
            signed=True,
        )
        if check is not None:
            call.check = check
        return call

    def following(self) -> Call:
        """Whom one follows."""

        def check(_status: int, body: Any) -> None:
            items = a_page(body, PERSON_KEYS, "person")
            companies = [each for each in self._followed if each[0] == "companies"]
            self._followed = companies + [("users", item["id"]) for item in items]

        return get("/follows/users", "/follows/users", check, signed=True)

    def connections(self) -> Call:
        """Those one is connected with."""

        def check(_status: int, body: Any) -> None:
            for item in a_page(body, ("id", "person", "status"), "connection"):
                same(item["status"], "accepted", "status")

        return get("/connections", "/connections", check, signed=True)

    def connect(self) -> Call:
        """Ask someone to connect; 409 says that one has, or they would not."""
        other = self._another()

        def check(status: int, body: Any) -> None:
            if status == 409:
                a_conflict(body, *_CONNECTED)
                return
            found = an_object(body, ("id", "user_id", "status"), "connection")
            same(found["user_id"], other, "person")

        path = f"{PREFIX}/connections"
        body = {"user_id": other}
        return Call("POST", path, path, check, expect=(201, 409), body=body, signed=True)

    def requests(self) -> Call:
        """Who asks one to connect; who finds a request answers it next."""

        def check(_status: int, body: Any) -> None:
            items = a_page(body, ("id", "person", "status"), "request")
            self._requests = [item["id"] for item in items]
            if items:
                self.then(self.answer)

        return get("/connections/requests", "/connections/requests", check, signed=True)

    def answer(self) -> Call:
        """Accept a request, or seldom decline it; look for one when none is known.

        409 says that one has asked them meanwhile, and so is connected.
        """
        declines = self.chance.random() < 0.2
        if not self._requests:
            return self.requests()
        request = self._requests.pop()
        verb, status_after = ("decline", "declined") if declines else ("accept", "accepted")

        def check(status: int, body: Any) -> None:
            if status == 409:
                a_conflict(body, "already_connected")
                return
            found = an_object(body, ("id", "status"), "connection")
            same((found["id"], found["status"]), (request, status_after), "connection")

        return Call(
            "POST",
            f"{PREFIX}/connections/{request}/{verb}",
            f"{PREFIX}/connections/{{id}}/{verb}",
            check,
            expect=(200, 409) if declines else (200,),
            signed=True,
        )

    def views(self) -> Call:
        """How often one's own page was seen."""

        def check(_status: int, body: Any) -> None:
            an_object(body, ("days", "viewers", "views"), "count of views")

        return get("/users/me/views", "/users/me/views", check, signed=True)

    def viewers(self) -> Call:
        """Who saw one's own page; 403 says that one's tier tells numbers only."""

        def check(status: int, body: Any) -> None:
            if status == 403:
                not_in_tier(body, "who_viewed_me")
                return
            a_page(body, (*PERSON_KEYS, "views", "viewed_at"), "viewer")

        call = get("/users/me/viewers", "/users/me/viewers", check, signed=True)
        call.expect = (403,) if self.tier == "free" else (200,)
        return call

    def _another(self) -> int:
        """Someone other than oneself."""
        other = self.someone()
        for _ in range(_DRAWS):
            if other != self.person:
                return other
            other = self.world.people.draw(self.chance)
        return next(each for each in self.world.data.people if each != self.person)
