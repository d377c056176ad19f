"""Visitors who look around: lists of jobs, one of them, the companies. Nothing is written."""

from locust import FastHttpUser, between, task


class Visitor(FastHttpUser):
    """Somebody who is not signed in."""

    wait_time = between(1, 5)

    @task(6)
    def look_at_a_job(self) -> None:
        """The newest jobs, then one of them."""
        with self.client.get("/api/v1/jobs", name="jobs", catch_response=True) as answer:
            jobs = answer.json()["items"] if answer.ok else []
        if jobs:
            self.client.get(f"/api/v1/jobs/{jobs[0]['id']}", name="job")

    @task(1)
    def look_at_companies(self) -> None:
        """The companies."""
        self.client.get("/api/v1/companies", name="companies")
