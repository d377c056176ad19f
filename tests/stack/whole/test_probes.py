import os
import signal
import time
from collections.abc import Iterator
from http.client import HTTPConnection

import psycopg
import pytest

from capacity.probes import Kind, Probe, ProbeError, Reading
from capacity.series import SERIES
from stack import engine
from stack.probes import probes
from stack.probes.postgres import WalHistory
from stack.processes import descendants, identity
from stack.state import Running


def test_a_replica_that_has_everything_has_no_lag_however_old_its_last_commit() -> None:
    history = WalHistory()
    history.add(moment=0.0, position=1000)
    assert history.behind_seconds(1000, now=600.0, last_commit_age=600.0) == 0
    assert history.behind_bytes(1000) == 0
    assert history.behind_bytes(2000) == 0


def test_lag_counts_from_the_last_moment_the_replica_had_everything() -> None:
    history = WalHistory()
    for second, position in enumerate([1000, 1000, 2000, 3000, 4000]):
        history.add(float(second), position)
    assert history.behind_seconds(1000, now=4.0, last_commit_age=None) == 3.0
    assert history.behind_seconds(2500, now=4.0, last_commit_age=None) == 2.0
    assert history.behind_bytes(2500) == 1500


def test_a_recent_commit_on_the_replica_bounds_its_lag() -> None:
    history = WalHistory()
    history.add(0.0, 1000)
    history.add(1.0, 5000)
    assert history.behind_seconds(4000, now=1.0, last_commit_age=0.02) == 0.02
    # A replica's clock may be ahead; lag is never negative.
    assert history.behind_seconds(4000, now=1.0, last_commit_age=-0.01) == 0.0


def test_without_a_primary_nothing_is_known_to_be_lacking() -> None:
    assert WalHistory().behind_seconds(1000, now=5.0, last_commit_age=5.0) == 0


@pytest.fixture(scope="module")
def watching(full_stack: Running) -> Iterator[list[Probe]]:
    made = probes(full_stack)
    yield made
    for probe in made:
        probe.close()


def sampled(watching: list[Probe]) -> dict[str, Reading]:
    return {reading.series: reading for probe in watching for reading in probe.sample()}


def promised(running: Running) -> set[str]:
    """Every series of the tiers, with the names of what runs."""
    servers = ("primary", "replica-1", "replica-2")
    found = set()
    for pattern in SERIES:
        tier = pattern.partition(".")[0]
        names = {
            "service": list(running.services),
            "pod": [name for name in running.services if name.startswith("backend")],
            "postgres": [s for s in servers if "lag" not in pattern or s != "primary"],
        }.get(tier, [""])
        if tier not in ("load", "generator", "endpoint"):
            found |= {pattern.replace("{service}", name).replace("{pod}", name) for name in names}
    return found


def _wait_for_end(pid: int) -> None:
    deadline = time.monotonic() + 60
    while identity(pid) is not None:
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.stack
def test_every_series_promised_is_given(full_stack: Running, watching: list[Probe]) -> None:
    given: set[str] = set()
    for _ in range(200):
        # endpoints have a series once they are asked for
        given |= {name for name in sampled(watching) if not name.startswith("endpoint.")}
        if given >= promised(full_stack):
            break
    assert given == promised(full_stack)


@pytest.mark.stack
def test_work_done_shows_in_the_tiers_that_did_it(
    full_stack: Running, watching: list[Probe]
) -> None:
    before = sampled(watching)
    pages, copies = 30, 10
    connection = HTTPConnection("127.0.0.1", full_stack.services["nginx"].port, timeout=10)
    for number in sorted([*range(pages), *range(copies)]):
        # a page that is asked for twice in a row nginx answers from its own copy
        connection.request("GET", f"/api/v1/jobs?limit=5&q=word{number}")
        response = connection.getresponse()
        response.read()
        assert response.status == 200
    connection.close()
    url = full_stack.environment["DATABASE_URL"]
    # PgBouncer may give each another server, which knows no statement prepared at the one before.
    with psycopg.connect(url, autocommit=True, prepare_threshold=None) as pooled:
        for _ in range(20):
            pooled.execute("SELECT count(*) FROM pg_class")
    with psycopg.connect(full_stack.environment["DATABASE_DIRECT_URL"], autocommit=True) as direct:
        session = direct.info.backend_pid
        # Postgres counts a session's transactions at the latest when it ends.
        for _ in range(20):
            direct.execute("SELECT count(*) FROM pg_class")
    _wait_for_end(session)
    after = sampled(watching)

    def grown(*series: str) -> float:
        assert all(after[name].kind is Kind.COUNTER for name in series)
        # an endpoint nobody had asked for had no series
        earlier = {name: before[name].value if name in before else 0.0 for name in series}
        return sum(after[name].value - earlier[name] for name in series)

    pods = [name for name in full_stack.services if name.startswith("backend")]
    assert grown("nginx.requests") == pages + copies
    assert grown(*(f"pod.{pod}.requests" for pod in pods)) == pages
    assert grown("endpoint.GET /api/v1/jobs.requests") == pages
    assert after["endpoint.GET /api/v1/jobs.cpu"].value > 0
    layers = ("l1", "l2", "db", "app")
    assert grown(*(f"pod.{pod}.served_{at}" for pod in pods for at in layers)) == pages
    assert grown(*(f"pod.{pod}.served_app" for pod in pods)) < pages
    assert grown("postgres.primary.queries") >= 40
    assert grown("postgres.primary.transactions") >= 20
    assert grown("pgbouncer.queries") >= 20
    assert grown("redis.commands") > 0
    assert grown("machine.cpu") > 0


@pytest.mark.stack
def test_cpu_of_a_child_that_ended_is_kept(full_stack: Running, watching: list[Probe]) -> None:
    before = sampled(watching)["service.primary.cpu"].value
    url = full_stack.environment["DATABASE_DIRECT_URL"]
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT count(*) FROM generate_series(1, 2000000) AS n, lateral (SELECT n) x"
        )
        during = sampled(watching)["service.primary.cpu"].value
        backend = connection.info.backend_pid
    _wait_for_end(backend)
    after = sampled(watching)["service.primary.cpu"].value
    assert during > before
    assert after >= during


@pytest.mark.stack
def test_lag_shows_while_a_replica_waits_and_goes_when_it_has_caught_up(
    full_stack: Running, watching: list[Probe]
) -> None:
    password = engine.secrets(full_stack.home)["POSTGRES_PASSWORD"]
    port = full_stack.services["replica-1"].port
    superuser = f"postgresql://postgres:{password}@127.0.0.1:{port}/postgres"
    writer = full_stack.environment["DATABASE_DIRECT_URL"]
    with psycopg.connect(superuser, autocommit=True) as replica:
        sampled(watching)
        replica.execute("SELECT pg_wal_replay_pause()")
        try:
            with psycopg.connect(writer, autocommit=True) as primary:
                primary.execute("CREATE TABLE lagging AS SELECT generate_series(1, 1000) AS n")
                primary.execute("DROP TABLE lagging")
            behind = sampled(watching)
        finally:
            replica.execute("SELECT pg_wal_replay_resume()")
        assert behind["postgres.replica-1.lag"].value > 0
        assert behind["postgres.replica-1.lag_bytes"].value > 1000
        deadline = time.monotonic() + 60
        while (caught_up := sampled(watching))["postgres.replica-1.lag_bytes"].value > 0:
            assert time.monotonic() < deadline
        assert caught_up["postgres.replica-1.lag"].value == 0


@pytest.mark.stack
def test_a_server_that_hangs_is_a_gap_and_then_read_again(
    full_stack: Running, watching: list[Probe]
) -> None:
    probe = next(probe for probe in watching if probe.name == "replica-2")
    list(probe.sample())
    pid = full_stack.services["replica-2"].pid
    family = [pid, *descendants(pid)]
    for one in family:
        os.kill(one, signal.SIGSTOP)
    try:
        with pytest.raises(ProbeError, match="replica-2"):
            list(probe.sample())
    finally:
        for one in family:
            os.kill(one, signal.SIGCONT)
    assert list(probe.sample())
