"""Looking around the board: what visitors do, and seekers between other things."""

from collections import deque
from collections.abc import Callable
from random import Random
from typing import Any, ClassVar

from scenarios.catalogue import JourneyName
from scenarios.journeys.call import BodyError, Call, a_page, an_object, get, same
from scenarios.journeys.world import EMPLOYMENT_TYPES, ListPage, World

PAGE_SIZE = 20
JOB_KEYS = ("id", "title", "category", "island", "employment_type")
DETAIL_KEYS = (*JOB_KEYS, "description", "status", "company")
COMPANY_KEYS = ("id", "name")


class Journey:
    """One virtual user's way through the board.

    `next_call` gives the request to send next. Subclasses name what they can do
    in `actions`; how often each comes is the scenario's to say.
    """

    name: ClassVar[JourneyName]

    def __init__(self, world: World, chance: Random) -> None:
        self.world = world
        self.chance = chance
        self._seen: ListPage | None = None
        self.coming: deque[Callable[[], Call]] = deque()
        """What an answer led to, and comes before anything else."""
        self._actions: dict[str, Callable[[], Call]] = self.actions()

    def actions(self) -> dict[str, Callable[[], Call]]:
        """What this journey can do, by the names the scenario weighs."""
        return {
            "home": self.home,
            "filter": self.filtered,
            "search": self.search,
            "next_page": self.next_page,
            "detail": self.detail,
            "company": self.company,
            "health": self.health,
        }

    def next_call(self, now: float) -> Call:
        """The next request; `now` is a Unix time."""
        if self.chance.random() < self.world.scenario.session.start_share:
            return self.begin_session()
        return self.go_on()

    def go_on(self) -> Call:
        """What is coming, or else any of what the journey can do."""
        if self.coming:
            return self.coming.popleft()()
        return self._actions[self.world.actions[self.name].draw(self.chance)]()

    def then(self, action: Callable[[], Call]) -> None:
        """Have `action` come next: what one saw or did leads to it."""
        self.coming.append(action)

    def leave(self) -> None:
        """End a session: what one was about to do is not done any more."""
        self._seen = None
        self.coming.clear()

    def begin_session(self) -> Call:
        """Come to the board anew."""
        self.leave()
        call = self.home()
        call.anew = True
        return call

    def home(self) -> Call:
        """The newest jobs."""
        return self._list({}, "/jobs")

    def filtered(self) -> Call:
        """The newest jobs of an island, a trade or a kind of employment."""
        query: dict[str, str | int] = {}
        wish = self.chance.random()
        if wish < 0.7:
            query["island"] = self.world.islands.draw(self.chance)
        if wish > 0.4:
            query["category"] = self.world.categories.draw(self.chance)
        if self.chance.random() < 0.2:
            query["employment_type"] = self.chance.choice(EMPLOYMENT_TYPES)
        return self._list(query, "/jobs?filter")

    def search(self) -> Call:
        """Jobs that match a text."""
        return self._list({"q": self.world.searches.draw(self.chance)}, "/jobs?q")

    def next_page(self) -> Call:
        """The page after the one last seen; after someone else's for who has seen none."""
        somewhere = self.chance.random()
        page = self._seen
        if page is None and self.world.pages:
            page = self.world.pages[int(somewhere * len(self.world.pages))]
        if page is None:
            return self.home()
        return self._list(page.query, "/jobs?cursor", page)

    def detail(self) -> Call:
        """One job with its company."""
        return self.look_at(self.world.jobs.draw(self.chance))

    def look_at(self, job: int) -> Call:
        """The page of `job`."""

        def check(_status: int, body: Any) -> None:
            found = an_object(body, DETAIL_KEYS, "job")
            same(found["id"], job, "job")
            an_object(found["company"], COMPANY_KEYS, "company")

        return get(f"/jobs/{job}", "/jobs/{id}", check)

    def health(self) -> Call:
        """Not a person: an uptime monitor or a balancer somewhere, asking whether we live."""

        def check(_status: int, body: Any) -> None:
            an_object(body, (), "health")

        return Call("GET", "/health", "/health", check)

    def company(self) -> Call:
        """One company, or the jobs it offers."""
        company = self.world.companies.draw(self.chance)
        if self.chance.random() < 0.5:

            def check_company(_status: int, body: Any) -> None:
                same(an_object(body, COMPANY_KEYS, "company")["id"], company, "company")

            return get(f"/companies/{company}", "/companies/{id}", check_company)

        def check_jobs(_status: int, body: Any) -> None:
            a_page(body, JOB_KEYS, "job")

        return get(f"/companies/{company}/jobs", "/companies/{id}/jobs", check_jobs)

    def _list(
        self, query: dict[str, str | int], route: str, before: ListPage | None = None
    ) -> Call:
        """A page of the job list: the first, or the one after `before`."""

        def check(_status: int, body: Any) -> None:
            ids = frozenset(item["id"] for item in self._judge_list(query, body))
            if before is not None and ids & before.ids:
                raise BodyError("next page repeats jobs of the one before")
            cursor = body["next_cursor"]
            if cursor is not None:
                self._seen = ListPage(query, cursor, ids)
                self.world.pages.append(self._seen)

        asked = {**query, "limit": PAGE_SIZE}
        if before is not None:
            asked["cursor"] = before.cursor
        return get("/jobs", route, check, query=asked)

    def _judge_list(self, query: dict[str, str | int], body: Any) -> list[dict[str, Any]]:
        """The jobs of a page, all of which match the filters asked for."""
        items = a_page(body, JOB_KEYS, "job")
        for wanted in ("island", "category", "employment_type"):
            if wanted in query:
                for item in items:
                    same(item[wanted], query[wanted], wanted)
        return items
