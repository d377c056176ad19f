import json
import os
import signal
import stat
import time
import urllib.request
from collections import Counter
from pathlib import Path

import psycopg
import pytest

from stack import data
from stack.errors import StackError
from stack.settling import Patience, settle
from stack.state import Running
from stack.superuser import superuser

pytestmark = pytest.mark.stack


def test_data_is_loaded_once_and_exported_for_its_owner_only(
    full_stack: Running, tmp_path: Path
) -> None:
    said: list[str] = []
    loaded = data.seed_anew(full_stack, "small", 7, said.append)
    assert loaded["scale"] == "small"
    assert loaded["seed"] == 7
    assert said
    said.clear()
    # Data that is there stays, whatever it is.
    assert data.ensure_seeded(full_stack, "small", 8, said.append)["seed"] == 7
    assert said == []
    out = tmp_path / "load.json"
    wanted = {"seeker": {"free": 30, "pro": 4}, "employer": {"any": 6}}
    exported = data.export_load_data(full_stack, wanted, 1, out)
    assert Counter(one["tier"] for one in exported["seekers"]) == {"free": 30, "pro": 4}
    assert len(exported["employers"]) == 6
    assert stat.S_IMODE(out.stat().st_mode) == 0o600


def test_databases_are_at_rest_after_a_load(full_stack: Running) -> None:
    """The log of the load is replayed everywhere, and a checkpoint has passed it."""
    with superuser(full_stack, full_stack.services["primary"].port) as primary:
        ((before,),) = primary.execute("SELECT pg_current_wal_insert_lsn()::text").fetchall()
    said: list[str] = []
    data.seed_anew(full_stack, "small", 7, said.append)
    assert said[-1].startswith("databases at rest after ")
    for name in ("primary", "replica-1", "replica-2"):
        with superuser(full_stack, full_stack.services[name].port) as server:
            asked = "SELECT redo_lsn > %s::pg_lsn FROM pg_control_checkpoint()"
            assert server.execute(asked, (before,)).fetchall() == [(True,)], name
            assert server.execute("SELECT count(*) FROM users").fetchall() == [(2_000,)], name


def test_databases_that_do_not_come_to_rest_are_told(full_stack: Running) -> None:
    """A replica that does not replay is waited for in vain."""
    with superuser(full_stack, full_stack.services["replica-2"].port) as replica:
        replica.execute("SELECT pg_wal_replay_pause()")
        try:
            with superuser(full_stack, full_stack.services["primary"].port) as primary:
                primary.execute("CHECKPOINT")
            with pytest.raises(StackError, match="replica-2 has not replayed"):
                settle(full_stack, lambda line: None, Patience(unmoved_s=2, at_most_s=60))
        finally:
            replica.execute("SELECT pg_wal_replay_resume()")


_SLOW_VACUUM = """
CREATE TABLE slow_vacuum (n int) WITH (
    fillfactor = 10, autovacuum_vacuum_threshold = 1, autovacuum_vacuum_scale_factor = 0,
    autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1);
INSERT INTO slow_vacuum SELECT generate_series(1, 3300);
DELETE FROM slow_vacuum WHERE n % 2 = 0;
ALTER SYSTEM SET autovacuum_naptime = '1s';
SELECT pg_reload_conf();
"""
_ITS_WORKER = """
SELECT pid FROM pg_stat_activity
 WHERE backend_type = 'autovacuum worker' AND query LIKE '%slow_vacuum%'
"""


@pytest.mark.long
def test_a_vacuum_is_waited_for_while_it_moves_and_told_when_it_does_not(
    full_stack: Running,
) -> None:
    with superuser(full_stack, full_stack.services["primary"].port) as primary:
        try:
            for one in _SLOW_VACUUM.strip().split(";\n"):
                primary.execute(one.rstrip(";").encode())
            deadline = time.monotonic() + 120
            while not (workers := primary.execute(_ITS_WORKER).fetchall()):
                assert time.monotonic() < deadline, "no vacuum began"
                time.sleep(0.1)
            ((pid,),) = workers
            said: list[str] = []
            os.kill(int(str(pid)), signal.SIGSTOP)
            try:
                settle(full_stack, said.append, Patience(unmoved_s=1, at_most_s=60))
            finally:
                os.kill(int(str(pid)), signal.SIGCONT)
            assert "still at autovacuum: VACUUM" in said[-1]
            assert "slow_vacuum" in said[-1]
            began = time.monotonic()
            settle(full_stack, said.append, Patience(unmoved_s=8, at_most_s=300))
            # or it would show nothing: it took longer than anything may stand still
            assert time.monotonic() - began > 8
            assert said[-1].startswith("databases at rest after ")
        finally:
            primary.execute("DROP TABLE slow_vacuum")
            primary.execute("ALTER SYSTEM RESET autovacuum_naptime")
            primary.execute("SELECT pg_reload_conf()")


def test_a_seeding_that_fails_says_why_in_one_line(full_stack: Running) -> None:
    with pytest.raises(StackError, match=r"`reference_app.seed load` failed") as raised:
        data.seed_anew(full_stack, "gigantic", 7, lambda line: None)
    assert "gigantic" in str(raised.value)


def test_how_many_people_there_are_is_told_of_new_data_and_of_old(full_stack: Running) -> None:
    made = data.seed_anew(full_stack, "small", 7, lambda line: None)
    found = data.ensure_seeded(full_stack, "small", 7, lambda line: None)
    assert data.users_in(made) == data.users_in(found) == 2_000


def test_data_whose_jobs_have_expired_is_made_anew(full_stack: Running) -> None:
    data.seed_anew(full_stack, "small", 7, lambda line: None)
    with psycopg.connect(full_stack.environment["DATABASE_DIRECT_URL"]) as connection:
        connection.execute("UPDATE jobs SET expires_at = now() - interval '1 day'")
    said: list[str] = []
    again = data.ensure_seeded(full_stack, "medium", 8, said.append)
    assert said[0] == "most of the seeded jobs have expired: seeding anew"
    # as it was, only fresh
    assert (again["scale"], again["seed"]) == ("small", 7)
    assert data.ensure_seeded(full_stack, "small", 7, said.append)["open_jobs"] > 2_500


def test_pods_forget_what_they_cached_of_older_data(full_stack: Running) -> None:
    data.seed_anew(full_stack, "small", 7, lambda line: None)
    pods = [one for name, one in full_stack.services.items() if name.startswith("backend")]
    job = f"{full_stack.base_url}/api/v1/jobs/1"
    before = {_title(job) for _ in range(8 * len(pods))}
    assert len(before) == 1
    data.seed_anew(full_stack, "small", 8, lambda line: None)
    deadline = time.monotonic() + 30
    while (found := {_title(job) for _ in range(8 * len(pods))}) & before:
        assert time.monotonic() < deadline, "a worker still remembers the old data"
    assert len(found) == 1


def _title(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - our own stack
        return str(json.load(answer)["title"])
