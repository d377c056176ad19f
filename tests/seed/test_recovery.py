"""Loads that are refused, interrupted or killed."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from reference_app.seed import definitions
from reference_app.seed.database import connect

_PATIENCE_S = 600
_TABLES = ["applications", "companies", "jobs", "saved_jobs", "users"]


def _until(program: "subprocess.Popen[str]", words: str) -> None:
    """Read the program's progress up to a line with these words."""
    assert program.stderr is not None
    for line in program.stderr:
        if words in line:
            return
    raise AssertionError(f"the program never said {words!r}")


@contextmanager
def _held(program: "subprocess.Popen[str]") -> Iterator[None]:
    """The program stands still meanwhile: on a busy machine it would be done too soon."""
    program.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        program.send_signal(signal.SIGCONT)


def _stop(database: Any, signal_number: int, stage: str) -> int:
    """Start a load and send it a signal in the named stage; returns its exit code."""
    with database.start("load", "--scale", "medium") as program:
        _until(program, f"seed: {stage} ...")
        program.send_signal(signal_number)
        program.communicate(timeout=_PATIENCE_S)
    return int(program.returncode)


@pytest.mark.parametrize(
    ("stage", "stopped_by"),
    [
        ("rows", signal.SIGINT),
        ("indexes", signal.SIGTERM),
        pytest.param("rows", signal.SIGTERM, marks=pytest.mark.long),
        pytest.param("indexes", signal.SIGINT, marks=pytest.mark.long),
    ],
)
def test_an_interrupted_load_leaves_whole_empty_tables(
    filled: Any, migrated: Any, stage: str, stopped_by: signal.Signals
) -> None:
    assert _stop(filled, stopped_by, stage) == 130
    assert filled.ask("status") == {"scale": None}
    assert filled.definitions() == migrated
    for table in _TABLES:
        assert filled.count(table) == 0


def test_a_load_the_database_throws_out_fails_in_one_line_and_cleans_up(
    filled: Any, migrated: Any
) -> None:
    with filled.start("load", "--scale", "medium") as program:
        _until(program, "seed: rows ...")
        filled.rows(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE application_name = 'seed' AND datname = current_database()"
        )
        out, told = program.communicate(timeout=_PATIENCE_S)
    assert (program.returncode, out) == (1, "")
    assert "Traceback" not in told
    assert told.splitlines()[-1].startswith("seed: ")
    assert filled.ask("status") == {"scale": None}
    assert filled.definitions() == migrated


@pytest.mark.parametrize(
    "stage",
    [
        pytest.param("rows", marks=pytest.mark.long),
        "indexes",
        pytest.param("statistics", marks=pytest.mark.long),
    ],
)
def test_a_killed_load_is_not_called_seeded_and_the_next_one_recovers(
    filled: Any, migrated: Any, stage: str
) -> None:
    assert _stop(filled, signal.SIGKILL, stage) == -signal.SIGKILL
    assert filled.ask("status") == {"scale": None, "broken_off": True}
    filled.load(seed=4)
    assert filled.definitions() == migrated
    status = filled.ask("status")
    assert (status["scale"], status["seed"], status["users"]) == ("small", 4, 2_000)


def test_a_rebuild_broken_off_half_way_is_finished_by_the_next_load(empty: Any) -> None:
    before = empty.definitions()
    with connect(empty.url) as connection:
        with connection.transaction():
            definitions.take_down(connection, _TABLES)
        # what a rebuild does first: a key's index not yet a key, a foreign key not yet checked
        connection.execute("CREATE UNIQUE INDEX pk_users ON public.users USING btree (id)")
        connection.execute(
            "ALTER TABLE users ADD CONSTRAINT pk_users PRIMARY KEY USING INDEX pk_users"
        )
        connection.execute("CREATE UNIQUE INDEX pk_jobs ON public.jobs USING btree (id)")
        connection.execute(
            "ALTER TABLE companies ADD CONSTRAINT fk_companies_owner_id FOREIGN KEY (owner_id) "
            "REFERENCES users(id) ON DELETE CASCADE NOT VALID"
        )
    empty.load()
    assert empty.definitions() == before


def test_data_that_was_not_seeded_is_refused_in_one_line(empty: Any) -> None:
    empty.do(
        "INSERT INTO users (email, password_hash, role, full_name) "
        "VALUES ('real@person.bs', '-', 'seeker', 'Real Person')"
    )
    code, out, told = empty.run("load", "--scale", "small")
    assert (code, out) == (2, "")
    assert told.count("\n") == 1
    assert "not seeded" in told
    assert "--force" in told
    assert empty.value("SELECT full_name FROM users") == "Real Person"


def test_force_loads_over_it(empty: Any) -> None:
    empty.do(
        "INSERT INTO users (email, password_hash, role, full_name) "
        "VALUES ('real@person.bs', '-', 'seeker', 'Real Person')"
    )
    assert empty.run("load", "--scale", "small", "--force")[0] == 0
    assert empty.value("SELECT count(*) FROM users WHERE full_name = 'Real Person'") == 0


def test_an_unknown_scale_is_refused_before_anything_is_touched(filled: Any) -> None:
    code, out, told = filled.run("load", "--scale", "huge")
    assert (code, out) == (2, "")
    assert "small, medium, large" in told
    assert filled.ask("status")["scale"] == "small"


def test_one_load_at_a_time(filled: Any) -> None:
    with filled.start("load", "--scale", "medium") as first:
        _until(first, "seed: rows ...")
        with _held(first):
            code, _, told = filled.run("load", "--scale", "small")
        first.communicate(timeout=_PATIENCE_S)
    assert first.returncode == 0
    assert code == 1
    assert told == "seed: another load is under way in this database\n"
    assert filled.ask("status")["scale"] == "medium"


def test_status_while_a_load_is_under_way_is_not_seeded(empty: Any) -> None:
    with empty.start("load", "--scale", "medium") as program:
        _until(program, "seed: rows ...")
        with _held(program):
            assert empty.ask("status") == {"scale": None, "broken_off": True}
        program.kill()
        program.communicate(timeout=_PATIENCE_S)


def test_a_database_that_is_not_there_is_one_line(empty: Any) -> None:
    code, out, told = empty.run("status", url="postgresql://nobody:x@127.0.0.1:1/nothing")
    assert (code, out) == (1, "")
    assert told.count("\n") == 1
    assert "cannot be reached" in told


def test_a_database_without_tables_says_what_to_do(empty: Any) -> None:
    with psycopg.connect(empty.url) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    assert empty.ask("status") == {"scale": None}
    code, _, told = empty.run("load")
    assert code == 1
    assert told == "seed: the database has no tables yet: run the migrations first\n"


def test_an_older_schema_says_what_to_do_and_keeps_its_data(filled: Any) -> None:
    filled.do("DROP TABLE saved_jobs")
    code, _, told = filled.run("load")
    assert code == 1
    assert "seed: the database lacks saved_jobs: run the migrations first\n" in told
    assert filled.count("users") == 2_000


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["load", "--seed", "-1"], "--seed"),
        (["load", "--seed", "one"], "--seed"),
        (["load", "--day", "yesterday"], "--day"),
        (["export", "--sessions", "0", "--out", "x"], "--sessions"),
        (["export"], "--out"),
    ],
)
def test_bad_arguments_are_usage_errors(loaded: Any, words: list[str], named: str) -> None:
    code, out, told = loaded.run(*words)
    assert (code, out) == (2, "")
    assert named in told.splitlines()[-1]
    assert "Traceback" not in told
