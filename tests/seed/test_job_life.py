"""Seeded jobs are where the board itself would have brought them: no chore finds anything to do."""

from typing import Any

from reference_app.subscriptions.tiers import TERMS, Tier


def test_no_job_is_past_its_end_unnoticed(loaded: Any) -> None:
    assert (
        loaded.value(
            "SELECT count(*) FROM jobs"
            " WHERE (status = 'published' AND expires_at <= now())"
            "    OR (status = 'expired' AND expires_at > now())"
        )
        == 0
    )
    assert loaded.value("SELECT count(*) FROM jobs WHERE status = 'expired'") > 0


def test_jobs_have_the_head_start_of_their_employers_tiers(loaded: Any) -> None:
    found = loaded.rows(
        "SELECT DISTINCT s.tier, j.head_start_days FROM jobs j"
        " LEFT JOIN subscriptions s ON s.user_id = j.employer_id WHERE j.status <> 'draft'"
    )
    assert found == [(tier, TERMS[Tier(tier)].head_start_days) for tier, _ in found]
    assert max(days for _, days in found) > 0
    assert loaded.value("SELECT max(head_start_days) FROM jobs WHERE status = 'draft'") == 0


def test_nobody_waits_for_news_of_seeded_jobs(loaded: Any) -> None:
    assert (
        loaded.value("SELECT count(*) FROM jobs WHERE announced_at IS DISTINCT FROM published_at")
        == 0
    )


def test_open_jobs_were_seen_in_the_last_days_the_wanted_ones_most(loaded: Any) -> None:
    assert loaded.value("SELECT count(*) FROM job_views WHERE day >= current_date") == 0
    assert loaded.value("SELECT count(DISTINCT day) FROM job_views") == 3
    assert (
        loaded.value(
            "SELECT corr(v.views, a.many) FROM"
            " (SELECT job_id, sum(views) AS views FROM job_views GROUP BY 1) v JOIN"
            " (SELECT job_id, count(*) AS many FROM applications GROUP BY 1) a USING (job_id)"
        )
        > 0.5
    )
