"""What a load leaves in the database."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from reference_app.catalogue import CATEGORIES
from reference_app.seed import words
from reference_app.seed.database import connect

_ORDERED = {
    "users": "id",
    "companies": "id",
    "jobs": "id",
    "applications": "id",
    "saved_jobs": "user_id, job_id",
}


def _checksums(database: Any) -> dict[str, str]:
    return {table: database.checksum(table, order) for table, order in _ORDERED.items()}


def test_the_summary_and_the_status_agree_with_the_tables(loaded: Any) -> None:
    status = loaded.ask("status")
    assert (status["scale"], status["seed"]) == ("small", 1)
    wanted = words.scale("small")
    for table in _ORDERED:
        assert status[table] == loaded.count(table)
        assert status[table] == getattr(wanted, table)


def test_status_counts_the_jobs_still_open(filled: Any) -> None:
    assert filled.ask("status")["open_jobs"] > 4_000
    filled.do("UPDATE jobs SET expires_at = now() - interval '1 day'")
    assert filled.ask("status")["open_jobs"] == 0


def test_the_day_is_today_unless_another_is_named(empty: Any) -> None:
    before = datetime.now(UTC).date().isoformat()
    empty.ask("load")
    assert before <= empty.ask("status")["day"] <= datetime.now(UTC).date().isoformat()
    empty.ask("load", "--day", "2026-03-02")
    assert empty.ask("status")["day"] == "2026-03-02"
    assert empty.value("SELECT max(created_at) < '2026-03-02 00:00+00' FROM applications")


def test_a_summary_is_one_line_of_json_and_progress_goes_to_stderr(empty: Any) -> None:
    code, out, told = empty.run("load", "--scale", "small", "--seed", "3")
    assert code == 0
    assert out.count("\n") == 1
    summary = json.loads(out)
    assert (summary["scale"], summary["seed"]) == ("small", 3)
    stages = {"plan", "rows", "indexes", "foreign keys", "statistics", "total"}
    assert set(summary["seconds"]) == stages
    assert "\r" not in told
    for stage in stages - {"total"}:
        assert f"seed: {stage} took" in told


def test_loading_again_gives_the_same_rows_and_another_seed_others(filled: Any) -> None:
    filled.load(seed=1, day="2026-03-02")
    first = _checksums(filled)
    filled.do("DELETE FROM applications WHERE id % 7 = 0")
    filled.do("UPDATE users SET full_name = 'changed' WHERE id < 100")
    filled.load(seed=1, day="2026-03-02")
    assert _checksums(filled) == first
    filled.load(seed=2, day="2026-03-02")
    second = _checksums(filled)
    assert not [table for table in first if first[table] == second[table]]
    assert filled.ask("status")["seed"] == 2


def test_indexes_keys_and_foreign_keys_are_as_the_migrations_made_them(empty: Any) -> None:
    before = empty.definitions()
    assert len(before) > 30
    empty.load()
    assert empty.definitions() == before
    assert empty.value("SELECT to_regclass('seed_rebuild')") is None


def test_a_load_restores_indexes_it_has_never_heard_of(empty: Any) -> None:
    empty.do("""CREATE INDEX "Odd Name" ON users (lower(full_name) DESC) WHERE role <> 'admin'""")
    empty.do("ALTER TABLE companies ADD UNIQUE (owner_id, website) DEFERRABLE INITIALLY DEFERRED")
    before = empty.definitions()
    empty.load()
    assert empty.definitions() == before


def test_every_other_table_is_emptied_too(filled: Any) -> None:
    filled.do("INSERT INTO auth_sessions (user_id) VALUES (1)")
    filled.load()
    assert filled.count("auth_sessions") == 0


def test_new_rows_get_ids_behind_the_seeded_ones(filled: Any) -> None:
    filled.do(
        "INSERT INTO users (email, password_hash, role, full_name) "
        "VALUES ('new@person.bs', '-', 'seeker', 'New')"
    )
    number = filled.value("SELECT id FROM users WHERE email = 'new@person.bs'")
    assert number == words.scale("small").users + 1


def test_a_load_is_sent_no_notices(empty: Any) -> None:
    """A generated column may have one to a row: unread during a COPY, both sides would wait."""
    told: list[str] = []
    with connect(empty.url) as connection:
        connection.add_notice_handler(lambda notice: told.append(str(notice.message_primary)))
        connection.execute("DO $$ BEGIN RAISE NOTICE 'of a row'; END $$")
    assert told == []


def test_foreign_keys_hold_and_roles_fit(loaded: Any) -> None:
    orphans = loaded.value(
        "SELECT (SELECT count(*) FROM applications a LEFT JOIN jobs j ON j.id = a.job_id "
        "        LEFT JOIN users u ON u.id = a.applicant_id "
        "        WHERE j.id IS NULL OR u.role IS DISTINCT FROM 'seeker' OR j.status = 'draft') + "
        "(SELECT count(*) FROM jobs j LEFT JOIN companies c ON c.id = j.company_id "
        " LEFT JOIN users u ON u.id = c.owner_id "
        " WHERE u.role IS DISTINCT FROM 'employer' OR j.employer_id <> c.owner_id) + "
        "(SELECT count(*) FROM saved_jobs s LEFT JOIN jobs j ON j.id = s.job_id "
        " LEFT JOIN users u ON u.id = s.user_id WHERE j.id IS NULL OR u.id IS NULL)"
    )
    assert orphans == 0
    assert loaded.value("SELECT count(*) FROM users WHERE role = 'employer'") == 200


def test_nobody_applies_twice_for_one_job(loaded: Any) -> None:
    assert (
        loaded.value("SELECT count(*) - count(DISTINCT (job_id, applicant_id)) FROM applications")
        == 0
    )


def test_e_mails_are_numbered_by_user(loaded: Any) -> None:
    assert loaded.value("SELECT bool_and(email = 'user' || id || '@example.com') FROM users")
    assert loaded.value("SELECT bool_and(email_verified_at = created_at) FROM users")


@pytest.mark.parametrize(
    ("query", "least", "most"),
    [
        # share of all applications that go to the hundredth of the jobs most wanted
        ("SELECT count(*) c FROM applications GROUP BY job_id", 0.10, 0.5),
        # share of all jobs that the hundredth of the companies with most of them have
        ("SELECT count(*) c FROM jobs GROUP BY company_id", 0.03, 0.3),
        # share of all applications that the busiest hundredth of the applicants send
        ("SELECT count(*) c FROM applications GROUP BY applicant_id", 0.02, 0.2),
    ],
)
def test_popularity_is_skewed(loaded: Any, query: str, least: float, most: float) -> None:
    found = sorted((count for (count,) in loaded.rows(query)), reverse=True)
    top = sum(found[: max(1, len(found) // 100)])
    assert least < top / sum(found) < most


def test_every_company_has_a_job(loaded: Any) -> None:
    assert loaded.value("SELECT count(DISTINCT company_id) FROM jobs") == 200


def test_seven_in_ten_live_on_new_providence(loaded: Any) -> None:
    share = loaded.value("SELECT avg((island = 'new-providence')::int)::float FROM users")
    assert 0.64 < share < 0.76


@pytest.mark.parametrize(
    ("words_sought", "category"),
    [
        ("plumber", "plumbing"),
        ("electrician", "electrical"),
        ("nurse", "healthcare"),
        ("bonefish guide", "fishing-and-boating"),
        ("software developer", "technology"),
        ("nanny", "domestic"),
        ("cashier", "retail"),
        ("photographer", "creative"),
    ],
)
def test_search_can_tell_trades_apart(loaded: Any, words_sought: str, category: str) -> None:
    found = loaded.rows(
        "SELECT category, count(*) FROM jobs WHERE status = 'published' "
        "AND search @@ websearch_to_tsquery('english', %s) GROUP BY 1",
        words_sought,
    )
    counts = dict(found)
    assert counts.get(category, 0) >= 3
    assert counts[category] >= 0.95 * sum(counts.values())


def test_every_trades_own_searches_find_its_jobs(loaded: Any) -> None:
    missed = [
        (slug, sought)
        for slug, trade in zip(CATEGORIES, words.trades(), strict=True)
        for sought in trade.searches
        if not loaded.value(
            "SELECT count(*) FROM jobs WHERE status = 'published' AND category = %s "
            "AND search @@ websearch_to_tsquery('english', %s)",
            slug,
            sought,
        )
    ]
    assert missed == []


def test_statistics_and_visibility_are_fresh(loaded: Any) -> None:
    for table in _ORDERED:
        pages, visible, rows = loaded.rows(
            "SELECT relpages, relallvisible, reltuples FROM pg_class WHERE oid = %s::regclass",
            table,
        )[0]
        assert visible == pages > 0
        assert rows == pytest.approx(getattr(words.scale("small"), table), rel=0.01)
        assert loaded.value("SELECT count(*) > 0 FROM pg_stats WHERE tablename = %s", table)
