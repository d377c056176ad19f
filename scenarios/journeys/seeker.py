"""A person looking for work: saves jobs, applies, keeps an eye on the applications."""

from collections.abc import Callable
from random import Random
from typing import Any
from uuid import uuid4

from capacity.ledger import ENTRY
from scenarios.journeys.call import (
    PREFIX,
    BodyError,
    Call,
    a_conflict,
    a_page,
    an_object,
    get,
    same,
    some,
)
from scenarios.journeys.files import FileOwner
from scenarios.journeys.looking import a_review
from scenarios.journeys.world import World
from scenarios.load_data import SignedIn

APPLICATION_KEYS = ("id", "job_id", "status")
_DRAWS = 20
"""Tries to find a popular job not applied to yet, before taking the next one down the list."""

_LETTER = (
    "I have done this work on the islands for {years} years, can start within the month "
    "and have references. Please call me."
)
_COMPANY_REVIEW = "They answered within {days} days and were friendly about it."


class Seeker(FileOwner):
    """Someone with an account who wants a job."""

    name = "seeker"

    def __init__(self, world: World, chance: Random, session: SignedIn) -> None:
        super().__init__(world, chance, session)
        self._applied: set[int] = set()
        self._sent: set[int] = set()
        self._open: list[int] = []
        self._saved: list[int] = []
        self._met = session.met_companies
        self._searches = list(session.saved_searches)

    def actions(self) -> dict[str, Callable[[], Call]]:
        """Everything a member can do, and what getting a job takes."""
        return {
            **super().actions(),
            "save": self.save,
            "unsave": self.unsave,
            "saved": self.saved,
            "apply": self.apply,
            "enter_application": self.enter_application,
            "applications": self.applications,
            "withdraw": self.withdraw,
            "searches": self.searches,
            "save_search": self.save_search,
            "unsave_search": self.unsave_search,
            "review_company": self.review_company,
        }

    def save(self) -> Call:
        """Keep a job."""
        return self._save(self.world.jobs.draw(self.chance))

    def _save(self, job: int) -> Call:
        def remember(_status: int, _body: Any) -> None:
            # saved again, it becomes neither newer nor double
            if job not in self._saved:
                self._saved.append(job)

        path = f"{PREFIX}/jobs/{job}/save"
        route = f"{PREFIX}/jobs/{{id}}/save"
        return Call("PUT", path, route, remember, expect=(204,), signed=True)

    def unsave(self) -> Call:
        """Let go of the job kept last; keep one when there is none."""
        job = self.world.jobs.draw(self.chance)
        if not self._saved:
            return self._save(job)
        job = self._saved.pop()
        path = f"{PREFIX}/jobs/{job}/save"
        route = f"{PREFIX}/jobs/{{id}}/save"
        return Call("DELETE", path, route, expect=(204,), signed=True)

    def saved(self) -> Call:
        """The jobs kept; those kept in this run must be there."""
        kept = frozenset(self._saved)

        def check(_status: int, body: Any) -> None:
            items = a_page(body, ("id", "title"), "job")
            if body["next_cursor"] is None and not kept <= {item["id"] for item in items}:
                raise BodyError("list of saved jobs without one just saved")

        return get("/jobs/saved", "/jobs/saved", check, signed=True)

    def apply(self) -> Call:
        """Apply for a job not applied for in this run; 409 says it was, before the run.

        Who has sent a résumé in this run applies with it.
        """
        return self._apply(_LETTER.format(years=self.chance.randint(1, 30)))

    def enter_application(self) -> Call:
        """An application whose letter is like no other, for the ledger of a drill."""
        key = uuid4().hex
        return self._apply(f"{ENTRY}{key}", key)

    def _apply(self, letter: str, key: str | None = None) -> Call:
        job = self._new_job()
        self._applied.add(job)
        resume = self.a_resume()

        def check(status: int, body: Any) -> None:
            if status == 409:
                a_conflict(body, "already_applied")
                return
            found = an_object(body, (*APPLICATION_KEYS, "resume_id"), "application")
            same((found["job_id"], found["resume_id"]), (job, resume), "job or résumé")
            self._sent.add(found["id"])
            self._open.append(found["id"])

        return Call(
            "POST",
            f"{PREFIX}/jobs/{job}/applications",
            f"{PREFIX}/jobs/{{id}}/applications",
            check,
            expect=(201, 409),
            body={"cover_letter": letter, "resume_id": resume},
            signed=True,
            key=key,
        )

    def _new_job(self) -> int:
        job = self.world.jobs.draw(self.chance)
        for _ in range(_DRAWS):
            if job not in self._applied:
                return job
            job = self.world.jobs.draw(self.chance)
        fresh = (job for job in self.world.data.jobs if job not in self._applied)
        return next(fresh, job)

    def applications(self) -> Call:
        """One's own applications; those sent in this run must be among them."""
        sent = frozenset(self._sent)

        def check(_status: int, body: Any) -> None:
            items = a_page(body, APPLICATION_KEYS, "application")
            if body["next_cursor"] is None and not sent <= {item["id"] for item in items}:
                raise BodyError("list of applications without one just sent")
            self._open = [item["id"] for item in items if item["status"] == "submitted"]

        return get("/applications", "/applications", check, signed=True)

    def withdraw(self) -> Call:
        """Take back an application; look at them when none is known to be open.

        409 says that the employer was quicker.
        """
        if not self._open:
            return self.applications()
        application = self._open.pop()

        def check(status: int, body: Any) -> None:
            if status == 409:
                a_conflict(body, "application_decided")
                return
            found = an_object(body, APPLICATION_KEYS, "application")
            same(found["id"], application, "application")
            same(found["status"], "withdrawn", "status")

        return Call(
            "POST",
            f"{PREFIX}/applications/{application}/withdraw",
            f"{PREFIX}/applications/{{id}}/withdraw",
            check,
            expect=(200, 409),
            signed=True,
        )

    def searches(self) -> Call:
        """The searches kept; those kept in this run must be there."""
        kept = frozenset(self._searches)

        def check(_status: int, body: Any) -> None:
            ids = [item["id"] for item in some(body, ("id", "name", "alerts"), "saved search")]
            if not kept <= set(ids):
                raise BodyError("list of saved searches without one just saved")
            self._searches = ids

        return get("/saved-searches", "/saved-searches", check, signed=True)

    def save_search(self) -> Call:
        """Have the board look out for jobs; 409 says that it does, or for too many already."""
        island = self.world.islands.draw(self.chance)
        category = self.world.categories.draw(self.chance)
        body = {
            "name": f"{category} on {island}",
            "island": island,
            "category": category,
            "alerts": self.chance.random() < 0.6,
        }

        def check(status: int, answer: Any) -> None:
            if status == 409:
                a_conflict(answer, "name_taken", "too_many_searches")
                return
            found = an_object(answer, ("id", *body), "saved search")
            same({key: found[key] for key in body}, body, "saved search")
            self._searches.append(found["id"])

        path = f"{PREFIX}/saved-searches"
        return Call("POST", path, path, check, expect=(201, 409), body=body, signed=True)

    def unsave_search(self) -> Call:
        """Look out no longer for the last one; look at them when none is known."""
        if not self._searches:
            return self.searches()
        path = f"{PREFIX}/saved-searches/{self._searches.pop()}"
        route = f"{PREFIX}/saved-searches/{{id}}"
        return Call("DELETE", path, route, expect=(204,), signed=True)

    def review_company(self) -> Call:
        """Say what it was like to apply at a company that decided; read reviews if none did."""
        if not self._met:
            return self.reviews()
        company = self.chance.choice(self._met)
        stars = self.chance.randint(1, 5)
        said = _COMPANY_REVIEW.format(days=self.chance.randint(1, 30))
        return a_review("companies", company, stars, said)
