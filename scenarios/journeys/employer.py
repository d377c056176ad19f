"""An employer: posts jobs, reads applications, decides."""

from collections.abc import Callable
from random import Random
from typing import Any

from scenarios.journeys.browsing import JOB_KEYS
from scenarios.journeys.call import (
    PREFIX,
    BodyError,
    Call,
    a_conflict,
    a_page,
    an_object,
    get,
    same,
)
from scenarios.journeys.files import FileOwner
from scenarios.journeys.looking import a_review
from scenarios.journeys.seeker import APPLICATION_KEYS
from scenarios.journeys.world import EMPLOYMENT_TYPES, World
from scenarios.load_data import SignedIn

_DECISIONS = ("reviewed", "shortlisted", "rejected")
_TITLES = ("Assistant", "Senior hand", "Supervisor", "Trainee", "Specialist")
_DESCRIPTION = (
    "We look for someone reliable in {category} on {island}. Experience helps, willingness "
    "to learn matters more. We train you, and we pay on time. Posted {times} times before."
)
_WORKER_REVIEW = "With us for {days} days, always on time. We would hire again."


class Employer(FileOwner):
    """Someone with a company and jobs to fill."""

    name = "employer"

    def __init__(self, world: World, chance: Random, session: SignedIn) -> None:
        super().__init__(world, chance, session)
        self._company = session.company_id
        self._jobs = list(session.job_ids)
        self._drafts: list[int] = []
        self._posted: list[int] = []
        self._waiting: list[int] = []
        self._hired = session.hired

    def actions(self) -> dict[str, Callable[[], Call]]:
        """Everything a member can do, and what filling a job takes."""
        return {
            **super().actions(),
            "own_jobs": self.own_jobs,
            "applicants": self.applicants,
            "decide": self.decide,
            "draft": self.draft,
            "publish": self.publish,
            "edit": self.edit,
            "close": self.close,
            "analytics": self.analytics,
            "review_worker": self.review_worker,
        }

    def own_jobs(self) -> Call:
        """One's own jobs, drafts and closed ones too."""

        def check(_status: int, body: Any) -> None:
            a_page(body, (*JOB_KEYS, "status"), "job")

        return get("/jobs/mine", "/jobs/mine", check, signed=True)

    def applicants(self) -> Call:
        """Who applied for one of the jobs."""
        pick = self.chance.random()
        if not self._jobs:
            return self.own_jobs()
        job = self._jobs[int(pick * len(self._jobs))]

        def check(_status: int, body: Any) -> None:
            items = a_page(body, (*APPLICATION_KEYS, "applicant_id"), "application")
            for item in items:
                same(item["job_id"], job, "job")
            self._waiting = [item["id"] for item in items if item["status"] == "submitted"]
            # whose pages one may look at next
            self._people.extend(item["applicant_id"] for item in items)

        path = f"/jobs/{job}/applications"
        return get(path, "/jobs/{id}/applications", check, signed=True)

    def decide(self) -> Call:
        """Change the status of an application; look for one when none is known.

        409 says that the applicant was quicker to withdraw.
        """
        decision = self.chance.choice(_DECISIONS)
        if not self._waiting:
            return self.applicants()
        application = self._waiting.pop()

        def check(status: int, body: Any) -> None:
            if status == 409:
                a_conflict(body, "application_withdrawn")
                return
            found = an_object(body, APPLICATION_KEYS, "application")
            same(found["id"], application, "application")
            same(found["status"], decision, "status")

        return Call(
            "PATCH",
            f"{PREFIX}/applications/{application}",
            f"{PREFIX}/applications/{{id}}",
            check,
            expect=(200, 409),
            body={"status": decision},
            signed=True,
        )

    def draft(self) -> Call:
        """Write a new job, not yet for others to see."""
        island = self.world.islands.draw(self.chance)
        category = self.world.categories.draw(self.chance)
        lowest = self.chance.randrange(1_500, 5_000) * 100
        body = {
            "company_id": self._company,
            "title": f"{self.chance.choice(_TITLES)}, {category}",
            "description": _DESCRIPTION.format(
                category=category, island=island, times=self.chance.randint(0, 9)
            ),
            "category": category,
            "island": island,
            "employment_type": self.chance.choice(EMPLOYMENT_TYPES),
            "salary_min_cents": lowest,
            "salary_max_cents": lowest + self.chance.randrange(0, 3_000) * 100,
        }

        def check(_status: int, answer: Any) -> None:
            found = an_object(answer, (*JOB_KEYS, "status"), "job")
            same(found["status"], "draft", "status")
            same(found["title"], body["title"], "title")
            self._drafts.append(found["id"])

        path = f"{PREFIX}/jobs"
        return Call("POST", path, path, check, expect=(201,), body=body, signed=True)

    def publish(self) -> Call:
        """Show a draft to everyone; write one first when there is none."""
        if not self._drafts:
            return self.draft()
        job = self._drafts.pop()

        def check(_status: int, body: Any) -> None:
            self._judge_job(body, job, "published")
            self._posted.append(job)

        return Call(
            "POST",
            f"{PREFIX}/jobs/{job}/publish",
            f"{PREFIX}/jobs/{{id}}/publish",
            check,
            signed=True,
        )

    def edit(self) -> Call:
        """Set the pay of one of the jobs: both ends, whatever they were before."""
        pick, raised = self.chance.random(), self.chance.randrange(5_000, 9_000) * 100
        own = [*self._jobs, *self._posted]
        if not own:
            return self.draft()
        job = own[int(pick * len(own))]

        def check(_status: int, body: Any) -> None:
            self._judge_job(body, job, None)
            same(body["salary_max_cents"], raised, "salary")

        return Call(
            "PATCH",
            f"{PREFIX}/jobs/{job}",
            f"{PREFIX}/jobs/{{id}}",
            check,
            body={"salary_min_cents": raised // 2, "salary_max_cents": raised},
            signed=True,
        )

    def close(self) -> Call:
        """Take a job of this run off the board; the seeded ones stay for the seekers."""
        if not self._posted:
            return self.publish()
        job = self._posted.pop(0)

        def check(_status: int, body: Any) -> None:
            self._judge_job(body, job, "closed")

        return Call(
            "POST",
            f"{PREFIX}/jobs/{job}/close",
            f"{PREFIX}/jobs/{{id}}/close",
            check,
            signed=True,
        )

    def analytics(self) -> Call:
        """How one's jobs fare, each or all together."""
        if self.chance.random() < 0.6:

            def check(_status: int, body: Any) -> None:
                for item in a_page(body, ("id", "status", "applications", "by_status"), "job"):
                    self._judge_counts(item)

            return get("/analytics/jobs", "/analytics/jobs", check, signed=True)

        def check_totals(_status: int, body: Any) -> None:
            self._judge_counts(an_object(body, ("jobs", "applications", "by_status"), "totals"))

        return get("/analytics/jobs/totals", "/analytics/jobs/totals", check_totals, signed=True)

    def _judge_counts(self, figures: dict[str, Any]) -> None:
        by_status = figures["by_status"]
        if sum(by_status.values()) - by_status.get("withdrawn", 0) != figures["applications"]:
            raise BodyError("figures whose parts do not add up")

    def review_worker(self) -> Call:
        """Say what someone hired was like; see who waits when nobody was."""
        if not self._hired:
            return self.applicants()
        worker = self.chance.choice(self._hired)
        stars = self.chance.randint(2, 5)
        said = _WORKER_REVIEW.format(days=self.chance.randint(2, 90))
        return a_review("users", worker, stars, said)

    def _judge_job(self, body: Any, job: int, status: str | None) -> None:
        found = an_object(body, (*JOB_KEYS, "status", "salary_max_cents"), "job")
        same(found["id"], job, "job")
        if status is not None:
            same(found["status"], status, "status")
