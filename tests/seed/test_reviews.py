"""Reviews and saved searches in the seeded data: each is one that somebody could have written."""

from typing import Any

from reference_app.alerts.schemas import SearchDraft
from reference_app.reviews.schemas import ReviewDraft


def test_companies_are_reviewed_by_those_they_decided_on(loaded: Any) -> None:
    reviews = "SELECT count(*) FROM reviews WHERE company_id IS NOT NULL"
    assert loaded.value(reviews) > 900
    assert loaded.value(reviews) == loaded.value(
        f"{reviews} AND EXISTS (SELECT FROM applications JOIN jobs ON jobs.id = job_id"
        " WHERE applicant_id = author_id AND jobs.company_id = reviews.company_id"
        " AND applications.status IN ('reviewed', 'shortlisted', 'rejected', 'hired')"
        " AND applications.created_at <= reviews.created_at)"
    )


def test_workers_are_reviewed_by_those_who_hired_them(loaded: Any) -> None:
    reviews = "SELECT count(*) FROM reviews WHERE worker_id IS NOT NULL"
    assert loaded.value(reviews) > 100
    assert loaded.value(reviews) == loaded.value(
        f"{reviews} AND EXISTS (SELECT FROM applications JOIN jobs ON jobs.id = job_id"
        " WHERE applicant_id = worker_id AND employer_id = author_id"
        " AND applications.status = 'hired' AND applications.created_at <= reviews.created_at)"
    )


def test_reviews_are_numbered_as_they_were_written_and_say_what_one_may(loaded: Any) -> None:
    rows = loaded.rows("SELECT stars, body, created_at < now() FROM reviews ORDER BY id")
    assert {stars for stars, _, _ in rows} == {1, 2, 3, 4, 5}
    for stars, body, past in rows:
        ReviewDraft(stars=stars, body=body)
        assert past
    assert not loaded.value(
        "SELECT count(*) FROM (SELECT created_at < lag(created_at) OVER (ORDER BY id) AS back"
        " FROM reviews) AS written WHERE back"
    )


def test_saved_searches_are_ones_their_owners_could_have_saved(loaded: Any) -> None:
    rows = loaded.rows(
        "SELECT name, saved_searches.island, category, alerts,"
        " saved_searches.created_at >= users.created_at"
        " FROM saved_searches JOIN users ON users.id = user_id AND users.role = 'seeker'"
        " AND users.island = saved_searches.island"
    )
    assert len(rows) == loaded.count("saved_searches") > 400
    for name, island, category, alerts, since in rows:
        SearchDraft(name=name, island=island, category=category, alerts=alerts)
        assert since
    assert {alerts for _, _, _, alerts, _ in rows} == {True, False}
