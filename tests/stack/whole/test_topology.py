"""The whole stack, as it runs: what `hmb up` promises of it."""

import json
import re
import ssl
import time
from collections import Counter
from contextlib import closing
from email.message import Message
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import psutil
import psycopg
import pytest

from stack import engine
from stack.state import Running

pytestmark = pytest.mark.stack


class Answer(NamedTuple):
    status: int
    headers: Message
    body: bytes


def get(
    url: str | None, path: str, headers: dict[str, str] | None = None, address: str = "127.0.0.1"
) -> Answer:
    """The answer to a GET sent from `address`; any certificate will do."""
    assert url is not None
    parts = urlsplit(url)
    assert parts.hostname is not None
    kept: dict[str, Any] = {"timeout": 10, "source_address": (address, 0)}
    if parts.scheme == "https":
        trusting = ssl.create_default_context()
        trusting.check_hostname = False
        trusting.verify_mode = ssl.CERT_NONE
        connection: HTTPConnection = HTTPSConnection(
            parts.hostname, parts.port, context=trusting, **kept
        )
    else:
        connection = HTTPConnection(parts.hostname, parts.port, **kept)
    with closing(connection):
        connection.request("GET", path, headers=headers or {})
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())


def superuser(running: Running, service: str, database: str = "hiremebahamas") -> str:
    password = engine.secrets(running.home)["POSTGRES_PASSWORD"]
    port = running.services[service].port
    return f"postgresql://postgres:{password}@127.0.0.1:{port}/{database}"


def one(url: str, query: str) -> Any:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(query.encode()).fetchone()
        assert row is not None
        return row[0]


def test_every_service_of_the_file_runs(full_stack: Running) -> None:
    assert set(full_stack.services) == {
        *("nginx", "backend-1", "backend-2", "backend-3", "pgbouncer"),
        *("primary", "replica-1", "replica-2", "redis", "stripe", "s3"),
    }
    assert full_stack.topology["pods"] == 3
    assert full_stack.topology["replicas"] == 2
    assert full_stack.topology["workers_per_pod"] == 4
    assert full_stack.topology["postgres_fsync"] is True
    assert set(full_stack.versions) == {"nginx", "pgbouncer", "postgres", "redis-server"}


def test_pods_take_turns(full_stack: Running) -> None:
    names = [get(full_stack.base_url, "/health").headers["X-Pod"] for _ in range(9)]
    # One rotation for all of nginx's workers; where it begins is not ours to say.
    assert Counter(names) == {"backend-1": 3, "backend-2": 3, "backend-3": 3}
    assert names[:3] == names[3:6] == names[6:]


def test_a_setting_in_the_file_reaches_every_pod(full_stack: Running) -> None:
    for pod in ("backend-1", "backend-2", "backend-3"):
        environ = Path(f"/proc/{full_stack.services[pod].pid}/environ").read_bytes().split(b"\0")
        assert b"POD_CAPITAL=nassau" in environ
        assert f"POD_NAME={pod}".encode() in environ
    assert full_stack.environment["POD_CAPITAL"] == "nassau"


def test_settings_of_the_configuration_files_reach_postgres(full_stack: Running) -> None:
    for service in ("primary", "replica-1", "replica-2"):
        assert one(superuser(full_stack, service), "SHOW max_connections") == "200"
        assert one(superuser(full_stack, service), "SHOW shared_buffers") == "512MB"
        assert one(superuser(full_stack, service), "SHOW listen_addresses") == "127.0.0.1"


def test_replicas_stream_what_the_primary_writes(full_stack: Running) -> None:
    with psycopg.connect(superuser(full_stack, "primary"), autocommit=True) as primary:
        primary.execute("CREATE TABLE IF NOT EXISTS streamed (word text)")
        primary.execute("INSERT INTO streamed VALUES ('conch')")
        written = one(superuser(full_stack, "primary"), "SELECT pg_current_wal_lsn()::text")
        for replica in ("replica-1", "replica-2"):
            with psycopg.connect(superuser(full_stack, replica), autocommit=True) as standby:
                standby.execute("SET statement_timeout = '10s'")
                standby.execute(
                    "DO $$ BEGIN WHILE pg_last_wal_replay_lsn() < '%s'::pg_lsn LOOP "
                    "PERFORM pg_sleep(0.02); END LOOP; END $$".replace("%s", written).encode()
                )
                found = standby.execute("SELECT word FROM streamed").fetchall()
                assert ("conch",) in found
                with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
                    standby.execute("INSERT INTO streamed VALUES ('no')")
        primary.execute("DROP TABLE streamed")


def test_replicas_use_slots(full_stack: Running) -> None:
    query = (
        "SELECT string_agg(slot_name, ',' ORDER BY slot_name) "
        "FROM pg_replication_slots WHERE active"
    )
    assert one(superuser(full_stack, "primary"), query) == "replica_1,replica_2"


def test_pgbouncer_leads_to_the_right_server_as_the_right_role(full_stack: Running) -> None:
    environment = full_stack.environment
    writer = environment["DATABASE_URL"]
    readers = [environment["DATABASE_PRIMARY_READ_URL"]]
    replicas = environment["DATABASE_REPLICA_URLS"].split(",")
    assert len(replicas) == 2
    where = "SELECT pg_is_in_recovery()"
    assert one(writer, where) is False
    assert [one(url, where) for url in [*readers, *replicas]] == [False, True, True]
    ports = [one(url, "SELECT inet_server_port()") for url in replicas]
    assert ports == [full_stack.services[f"replica-{n}"].port for n in (1, 2)]
    assert one(readers[0], "SHOW transaction_read_only") == "on"
    assert one(writer, "SHOW transaction_read_only") == "off"


def test_pgbouncer_gives_a_server_for_a_transaction_only(full_stack: Running) -> None:
    url = full_stack.environment["DATABASE_URL"]
    with (
        psycopg.connect(url, autocommit=True, prepare_threshold=None) as client,
        psycopg.connect(url, autocommit=True, prepare_threshold=None) as other,
    ):
        # Two at once have a server each, so that two have turns afterwards.
        with client.transaction(), other.transaction():
            both = {_server(client), _server(other)}
        assert len(both) == 2
        # By turns: a server of one's own would be the same each time.
        assert len({_server(client) for _ in range(50)}) > 1


def _server(client: psycopg.Connection[tuple[int]]) -> int:
    row = client.execute("SELECT pg_backend_pid()").fetchone()
    assert row is not None
    return row[0]


def test_a_server_of_pgbouncer_has_met_every_table_before_its_first_statement(
    full_stack: Running,
) -> None:
    def own_bytes(url: str) -> int:
        with psycopg.connect(url, autocommit=True, prepare_threshold=None) as client:
            found = Path(f"/proc/{_server(client)}/smaps_rollup").read_text(encoding="ascii")
        return sum(int(row.split()[1]) for row in found.splitlines() if "Private_Dirty" in row)

    direct = own_bytes(full_stack.environment["DATABASE_DIRECT_URL"])
    assert own_bytes(full_stack.environment["DATABASE_URL"]) > 2 * direct
    for replica in full_stack.environment["DATABASE_REPLICA_URLS"].split(","):
        assert own_bytes(replica) > 2 * direct


def test_what_a_server_of_pgbouncer_does_first_fits_its_buffer(full_stack: Running) -> None:
    """A longer one would close every connection to a server. The buffer holds 512 bytes."""
    process = psutil.Process(full_stack.services["pgbouncer"].pid)
    text = Path(process.cmdline()[-1]).read_text(encoding="utf-8")
    queries = re.findall(r"connect_query='((?:[^']|'')+)'", text)
    assert len(queries) == 4
    assert all(len(query.encode()) < 500 for query in queries)


def test_prepared_statements_are_off_where_pgbouncer_loses_them(full_stack: Running) -> None:
    version = tuple(int(part) for part in full_stack.versions["pgbouncer"].split(".")[:2])
    tracked = version >= (1, 21)
    assert full_stack.topology["prepared_statements"] is tracked
    assert full_stack.environment["DATABASE_PREPARED_STATEMENTS"] == str(tracked).lower()


SECURITY_HEADERS = (
    *("X-Frame-Options", "X-Content-Type-Options", "Referrer-Policy"),
    *("Content-Security-Policy", "Permissions-Policy", "X-Request-ID"),
)


@pytest.mark.parametrize(
    ("path", "status"), [("/health", 200), ("/no/such/page", 404), ("/metrics", 404)]
)
def test_every_answer_has_the_security_headers_once(
    full_stack: Running, path: str, status: int
) -> None:
    got, headers, _ = get(full_stack.base_url, path)
    assert got == status
    for name in SECURITY_HEADERS:
        assert len(headers.get_all(name, [])) == 1, name


def test_the_request_id_is_nginx_s_own(full_stack: Running) -> None:
    _, headers, _ = get(full_stack.base_url, "/health", {"X-Request-ID": "forged"})
    assert headers["X-Request-ID"] != "forged"
    assert len(headers["X-Request-ID"]) == 32


def test_metrics_and_status_are_closed_to_the_outside(full_stack: Running) -> None:
    assert get(full_stack.base_url, "/metrics").status == 404
    assert get(full_stack.base_url, "/nginx-status").status == 404
    inside = full_stack.services["nginx"].urls["status"]
    assert get(inside, "/nginx-status").status == 200
    assert get(inside, "/nginx-status", address="127.0.0.9").status == 403
    assert get(full_stack.services["backend-1"].urls["http"], "/metrics").status == 200


def test_tls_serves_the_same_and_only_it_asks_for_tls(full_stack: Running) -> None:
    status, headers, _ = get(full_stack.base_url_tls, "/health")
    assert status == 200
    assert headers["Strict-Transport-Security"]
    assert "Strict-Transport-Security" not in get(full_stack.base_url, "/health").headers


def test_a_flood_from_one_address_is_limited_and_another_address_is_not(
    full_stack: Running,
) -> None:
    url = full_stack.base_url
    statuses = Counter(get(url, "/no-such", address="127.0.0.77").status for _ in range(400))
    assert statuses[429] > 0
    assert statuses[404] >= 100
    assert get(url, "/no-such", address="127.0.0.78").status == 404


def test_the_access_log_is_json_with_the_pod_and_its_time(full_stack: Running) -> None:
    _, headers, _ = get(full_stack.base_url, "/health")
    log = full_stack.home / ".hmb/native/run/nginx/var/log/nginx/access.log"
    wanted = headers["X-Request-ID"]
    for _ in range(100):
        lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
        found = [line for line in lines if line["request_id"] == wanted]
        if found:
            break
        time.sleep(0.1)
    (entry,) = found
    assert entry["uri"] == "/health"
    assert float(entry["upstream_seconds"]) >= 0
    pods = [service.port for name, service in full_stack.services.items() if "backend" in name]
    assert int(entry["upstream"].rpartition(":")[2]) in pods


def test_status_tells_all(full_stack: Running) -> None:
    status = engine.status(full_stack.home)
    assert status.phase == "running"
    assert {service.name for service in status.services} == set(full_stack.services)
    for service in status.services:
        assert service.state == "running"
        assert service.memory_bytes is not None
        assert service.memory_bytes > 1_000_000
        assert service.uptime_s is not None
        assert service.uptime_s > 0
    assert {replica.state for replica in status.replication} == {"streaming"}
    assert len(status.replication) == 2
    assert status.pool_problems == []
    assert status.pool_budget is not None
    assert "3 pods x 4 workers x 15 = 180 of 1200" in status.pool_budget.line()
    use = status.pool_use
    assert use is not None
    # Warm workers keep all their connections open.
    assert 0 < use.clients <= status.pool_budget.clients
    for server, most in status.pool_budget.servers.items():
        assert 0 < use.servers[server] <= most
        assert use.servers[server] <= use.backends[server] <= status.pool_budget.max_connections
    json.loads(status.model_dump_json())


def test_only_the_owner_reads_the_state(full_stack: Running) -> None:
    for name in ("stack.json", "credentials.json"):
        assert (full_stack.home / ".hmb" / name).stat().st_mode & 0o077 == 0


def test_passwords_are_in_no_process_list(full_stack: Running) -> None:
    secrets = set(engine.secrets(full_stack.home).values())
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue
        assert not any(secret in words for secret in secrets)
