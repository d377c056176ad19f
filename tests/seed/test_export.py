"""Exported sessions: accepted by the app's own token code, and stored as it stores them."""

import json
import stat
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from reference_app.kit.tokens import read_access_token, refresh_token_hash


def _export(database: Any, out: Path, sessions: int = 100, seed: int = 1) -> dict[str, Any]:
    summary = database.ask(
        "export", "--sessions", str(sessions), "--seed", str(seed), "--out", str(out)
    )
    assert summary["seekers"] + summary["employers"] == sessions
    content: dict[str, Any] = json.loads(out.read_bytes())
    return content


@pytest.fixture(scope="module")
def exported(loaded: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return _export(loaded, tmp_path_factory.mktemp("export") / "load.json")


def test_sessions_are_split_and_distinct(exported: dict[str, Any]) -> None:
    assert (len(exported["seekers"]), len(exported["employers"])) == (85, 15)
    people = exported["seekers"] + exported["employers"]
    assert len({each["id"] for each in people}) == 100
    assert len({each["refresh_token"] for each in people}) == 100


def test_accounts_are_of_the_tiers_asked_for(filled: Any, tmp_path: Path) -> None:
    out = tmp_path / "x"
    words = ("--seekers", "free=50,pro=30,business=1", "--employers", "business=20")
    told = filled.ask("export", *words, "--out", str(out))
    assert (told["seekers"], told["employers"]) == (81, 20)
    content = json.loads(out.read_bytes())
    counted = Counter(each["tier"] for each in content["seekers"])
    assert counted == {"free": 50, "pro": 30, "business": 1}
    assert {each["tier"] for each in content["employers"]} == {"business"}
    # of whichever tier, they are as they come: next to all on Free
    filled.ask("export", "--seekers", "any=200", "--employers", "", "--out", str(out))
    content = json.loads(out.read_bytes())
    assert Counter(each["tier"] for each in content["seekers"])["free"] > 185
    assert content["employers"] == []


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--seekers", "pro=41"), "only 40 seekers with Pro are seeded, not 41: load with fewer"),
        (
            ("--employers", "any=9000"),
            "have jobs to review, not 9000: load with fewer users, or seed",
        ),
        (("--employers", "enterprise=1"), "only 0 employers with Enterprise have jobs to review"),
        (("--seekers", "premium=1"), "no tier is called 'premium'"),
        (("--seekers", "pro=0"), "pro must be at least 1"),
        (("--seekers", "pro"), "--seekers"),
    ],
)
def test_accounts_that_are_not_there_are_refused(
    loaded: Any, tmp_path: Path, words: tuple[str, str], why: str
) -> None:
    code, out, told = loaded.run("export", *words, "--out", str(tmp_path / "x"))
    assert (code, out) == (2, "")
    assert why in told
    assert not list(tmp_path.iterdir())


def test_access_tokens_are_the_apps_own(loaded: Any, exported: dict[str, Any]) -> None:
    secret = loaded.environment["SECRET_KEY"]
    for role in ("seeker", "employer"):
        for each in exported[f"{role}s"]:
            access = read_access_token(each["access_token"], secret=secret)
            assert (access.user_id, access.role) == (each["id"], role)
            assert loaded.rows(
                "SELECT user_id, ended_at FROM auth_sessions WHERE id = %s", access.session_id
            ) == [(each["id"], None)]


def test_contacts_are_connected_and_here_too(loaded: Any, exported: dict[str, Any]) -> None:
    people = {each["id"]: each for each in exported["seekers"] + exported["employers"]}
    for each in people.values():
        assert len(each["contacts"]) <= 5
        for other in each["contacts"]:
            assert other in people
            assert loaded.rows(
                "SELECT status FROM connections WHERE low_user_id = %s AND high_user_id = %s",
                min(each["id"], other),
                max(each["id"], other),
            ) == [("accepted",)]
    # chosen as contacts of each other: of 85 in 2,000 drawn blindly next to none would be
    with_contacts = [each for each in exported["seekers"] if each["contacts"]]
    assert len(with_contacts) > 30


def test_refresh_tokens_are_stored_as_hashes_of_their_session(
    loaded: Any, exported: dict[str, Any]
) -> None:
    for each in exported["seekers"] + exported["employers"]:
        found = loaded.rows(
            "SELECT t.user_id, s.user_id, u.email, t.used_at, t.expires_at > now() + '6 days' "
            "FROM refresh_tokens t JOIN auth_sessions s ON s.id = t.session_id "
            "JOIN users u ON u.id = t.user_id WHERE token_hash = %s",
            refresh_token_hash(each["refresh_token"]),
        )
        assert found == [(each["id"], each["id"], each["email"], None, True)]


def test_employers_own_published_jobs_that_people_applied_for(
    loaded: Any, exported: dict[str, Any]
) -> None:
    for each in exported["employers"]:
        expected = loaded.value(
            "SELECT array_agg(id ORDER BY id) FROM jobs WHERE employer_id = %s AND company_id = %s "
            "AND status = 'published' AND id IN (SELECT job_id FROM applications)",
            each["id"],
            each["company_id"],
        )
        assert each["job_ids"] == expected
        assert expected


def test_jobs_are_published_and_the_most_wanted_first(
    loaded: Any, exported: dict[str, Any]
) -> None:
    wanted = dict(
        loaded.rows(
            "SELECT j.id, (SELECT count(*) FROM applications a WHERE a.job_id = j.id) FROM jobs j "
            "WHERE status = 'published' AND expires_at > now()"
        )
    )
    counts = [wanted[job] for job in exported["jobs"]]
    assert counts == sorted(counts, reverse=True)
    assert len(set(exported["jobs"])) == len(counts) == len(wanted)


def test_companies_with_most_jobs_come_first(loaded: Any, exported: dict[str, Any]) -> None:
    offers = dict(
        loaded.rows("SELECT company_id, count(*) FROM jobs WHERE status = 'published' GROUP BY 1")
    )
    counts = [offers.get(company, 0) for company in exported["companies"]]
    assert counts == sorted(counts, reverse=True)
    assert len(counts) == 200


def test_people_most_follow_come_first(loaded: Any, exported: dict[str, Any]) -> None:
    followers = dict(loaded.rows("SELECT user_id, count(*) FROM user_follows GROUP BY 1"))
    counts = [followers[person] for person in exported["people"]]
    assert counts == sorted(counts, reverse=True)
    assert len(set(exported["people"])) == len(counts) == len(followers)


def test_everyone_is_known_by_their_tier(loaded: Any, exported: dict[str, Any]) -> None:
    people = {each["id"]: each["tier"] for each in exported["seekers"] + exported["employers"]}
    paying = dict(
        loaded.rows("SELECT user_id, tier FROM subscriptions WHERE user_id = ANY(%s)", [*people])
    )
    assert people == {person: paying.get(person, "free") for person in people}
    assert {each["tier"] for each in exported["employers"]} <= {"pro", "business"}


def test_requests_wait_for_those_who_were_asked(loaded: Any, exported: dict[str, Any]) -> None:
    people = {each["id"]: each for each in exported["seekers"] + exported["employers"]}
    waiting = loaded.rows(
        "SELECT id, low_user_id + high_user_id - asked_by FROM connections WHERE status = 'pending'"
    )
    for person, each in people.items():
        assert (
            each["requests"] == sorted(number for number, asked in waiting if asked == person)[:5]
        )
    assert any(each["requests"] for each in people.values())


def test_people_follow_and_watch_what_is_said(loaded: Any, exported: dict[str, Any]) -> None:
    for each in exported["seekers"] + exported["employers"]:
        follows = {
            person
            for (person,) in loaded.rows(
                "SELECT user_id FROM user_follows WHERE follower_id = %s", each["id"]
            )
        }
        assert set(each["follows"]) <= follows
        assert len(each["follows"]) == min(5, len(follows))
        assert each["saved_searches"] == [
            number
            for (number,) in loaded.rows(
                "SELECT id FROM saved_searches WHERE user_id = %s ORDER BY id", each["id"]
            )
        ]


def test_those_one_may_review_are_known(loaded: Any, exported: dict[str, Any]) -> None:
    decided = "applications.status NOT IN ('submitted', 'withdrawn')"
    for each in exported["seekers"]:
        companies = loaded.value(
            "SELECT array_agg(DISTINCT company_id ORDER BY company_id) FROM applications"  # noqa: S608 - words of ours
            f" JOIN jobs ON jobs.id = job_id WHERE applicant_id = %s AND {decided}",
            each["id"],
        )
        assert each["met_companies"] == (companies or [])[:5]
    for each in exported["employers"]:
        workers = loaded.value(
            "SELECT array_agg(DISTINCT applicant_id ORDER BY applicant_id) FROM applications"
            " JOIN jobs ON jobs.id = job_id WHERE employer_id = %s"
            " AND applications.status = 'hired'",
            each["id"],
        )
        assert each["hired"] == (workers or [])[:5]
    assert sum(bool(each["met_companies"]) for each in exported["seekers"]) > 60
    assert any(each["hired"] for each in exported["employers"])


def test_searches_are_weighted_the_commonest_first(exported: dict[str, Any]) -> None:
    weights = [each["weight"] for each in exported["searches"]]
    assert weights == sorted(weights, reverse=True)
    assert min(weights) > 0
    sought = [each["q"] for each in exported["searches"]]
    assert len(set(sought)) == len(sought)
    assert {"plumber", "plummer"} <= set(sought)


def test_what_else_a_load_needs_is_there(exported: dict[str, Any]) -> None:
    assert (exported["scale"], exported["seed"]) == ("small", 1)
    assert exported["password"] == "Bahamas-2026!"
    assert "new-providence" in exported["islands"]
    assert "plumbing" in exported["categories"]


def test_the_seed_chooses_the_users_even_after_others_registered(
    filled: Any, tmp_path: Path
) -> None:
    first = _export(filled, tmp_path / "first.json", seed=5)
    filled.do(
        "INSERT INTO users (email, password_hash, role, full_name) SELECT 'new' || n || '@x.bs', "
        "'-', 'seeker', 'New' FROM generate_series(1, 500) n"
    )
    again = _export(filled, tmp_path / "again.json", seed=5)
    other = _export(filled, tmp_path / "other.json", seed=6)

    def ids(content: dict[str, Any]) -> list[int]:
        return [each["id"] for each in content["seekers"] + content["employers"]]

    assert ids(first) == ids(again) != ids(other)
    tokens = {each["refresh_token"] for each in first["seekers"]}
    assert tokens.isdisjoint(each["refresh_token"] for each in again["seekers"])


def test_an_export_ends_earlier_ones_and_no_other_session(filled: Any, tmp_path: Path) -> None:
    filled.do(
        "INSERT INTO auth_sessions (id, user_id) "
        "VALUES ('5eed5eec-ffff-4fff-bfff-ffffffffffff', 1), (DEFAULT, 2)"
    )
    filled.do(
        "INSERT INTO refresh_tokens (token_hash, session_id, user_id, expires_at) "
        "SELECT sha256('x'), id, 2, now() FROM auth_sessions WHERE user_id = 2"
    )
    first = _export(filled, tmp_path / "load.json", sessions=40)
    second = _export(filled, tmp_path / "load.json", sessions=20)
    assert filled.value("SELECT count(*) FROM auth_sessions") == 20 + 2
    assert filled.value("SELECT count(*) FROM refresh_tokens") == 21
    stored = {row[0] for row in filled.rows("SELECT token_hash FROM refresh_tokens")}
    assert refresh_token_hash(first["seekers"][0]["refresh_token"]) not in stored
    assert refresh_token_hash(second["seekers"][0]["refresh_token"]) in stored


def test_the_file_is_its_owners_alone_and_nothing_lies_beside_it(
    loaded: Any, tmp_path: Path, exported: dict[str, Any]
) -> None:
    out = tmp_path / "load.json"
    out.write_text("old")
    out.chmod(0o644)
    content = _export(loaded, out, sessions=10)
    assert len(content["seekers"]) + len(content["employers"]) == 10
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [out]


def test_an_export_that_cannot_be_written_is_one_line(loaded: Any, tmp_path: Path) -> None:
    code, out, told = loaded.run("export", "--sessions", "5", "--out", str(tmp_path / "no" / "x"))
    assert (code, out) == (1, "")
    assert told.count("\n") == 1


def test_too_many_sessions_are_refused(loaded: Any, tmp_path: Path) -> None:
    code, out, told = loaded.run("export", "--sessions", "99999", "--out", str(tmp_path / "x"))
    assert (code, out) == (2, "")
    assert told.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_nothing_seeded_nothing_exported(empty: Any, tmp_path: Path) -> None:
    code, _, told = empty.run("export", "--sessions", "5", "--out", str(tmp_path / "x"))
    assert code == 1
    assert told == "seed: nothing is seeded here: load first\n"


def test_a_missing_secret_is_named(loaded: Any, tmp_path: Path) -> None:
    environment = {k: v for k, v in loaded.environment.items() if k != "SECRET_KEY"}
    bare = type(loaded)(loaded.url, environment)
    code, _, told = bare.run("export", "--sessions", "5", "--out", str(tmp_path / "x"))
    assert code == 1
    assert told == "seed: the environment lacks or mistypes SECRET_KEY\n"
