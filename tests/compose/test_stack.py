"""The production file under a real Docker: what its users expect of it."""

import json
import ssl
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from websocket import create_connection

from stack import engine
from stack.errors import StackError
from tests.compose.acts import (
    PASSWORD,
    all_answer,
    both_stream,
    changed,
    registered,
    scaled,
    signs_in,
    streaming,
)
from tests.compose.brought_up import BroughtUp, Visitor, until
from tests.compose.guide import add_third_replica, commands_of, follow

pytestmark = [pytest.mark.stack, pytest.mark.long]

_TASKS = {"migrate", "certificates"}
_LASTING = {
    *("nginx", "backend", "pgbouncer", "primary", "replica-1", "replica-2", "redis"),
    *("stripe", "s3", "mail"),
}
_DAY = "2026-11-29"
"""The day of the backup that the guide restores."""
_PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(500)


def test_all_services_are_well_and_the_tasks_are_done(brought_up: BroughtUp) -> None:
    status = engine.status(brought_up.home)
    assert (status.phase, status.engine) == ("running", "compose")
    assert [(one.name, one.state) for one in status.replication] == [
        ("replica-1", "streaming"),
        ("replica-2", "streaming"),
    ]
    budget, use = status.pool_budget, status.pool_use
    assert budget is not None
    assert use is not None
    assert 0 < use.clients <= budget.clients
    for server, most in budget.servers.items():
        assert 0 < use.servers[server] <= most
        assert use.servers[server] <= use.backends[server]
    containers = brought_up.containers()
    assert set(containers) == _LASTING | _TASKS
    for name in _LASTING:
        states = {each["State"]["Health"]["Status"] for each in containers[name]}
        assert states == {"healthy"}, name
    for name in _TASKS:
        assert [each["State"]["ExitCode"] for each in containers[name]] == [0], name
    assert len(containers["backend"]) == 3


def test_containers_have_the_rights_and_bounds_of_the_file(brought_up: BroughtUp) -> None:
    for name, containers in brought_up.containers().items():
        host: dict[str, Any] = containers[0]["HostConfig"]
        assert host["ReadonlyRootfs"], name
        assert host["CapDrop"] == ["ALL"], name
        assert host["SecurityOpt"] == ["no-new-privileges:true"], name
        assert host["Memory"] > 0, name
        assert host["MemoryReservation"] > 0, name
        assert host["NanoCpus"] > 0, name
        assert host["LogConfig"]["Config"] == {"max-file": "3", "max-size": "10m"}, name
        expected = "no" if name in _TASKS else "unless-stopped"
        assert host["RestartPolicy"]["Name"] == expected, name
    refused = brought_up.inside("backend", "touch /app/here")
    assert "Read-only file system" in refused.stderr
    # nginx's master alone stays root.
    for name in _LASTING - {"nginx"}:
        owners = brought_up.owners(name)
        assert owners, name
        assert "0" not in owners, name


def test_nothing_but_nginx_is_open_to_other_machines(brought_up: BroughtUp) -> None:
    published = {
        (name, port["HostIp"])
        for name, containers in brought_up.containers().items()
        for ports in containers[0]["NetworkSettings"]["Ports"].values()
        for port in ports or ()
    }
    assert {name for name, address in published if address != "127.0.0.1"} == {"nginx"}


def test_the_databases_cannot_be_reached_from_nginx(brought_up: BroughtUp) -> None:
    containers = brought_up.containers()
    for name, port in (("primary", 5432), ("redis", 6379), ("pgbouncer", 6432)):
        networks = containers[name][0]["NetworkSettings"]["Networks"].values()
        (address,) = (network["IPAddress"] for network in networks)
        reach = f"curl -s -m 3 telnet://{address}:{port} </dev/null"
        # 7: cannot connect, 28: no answer.
        assert brought_up.inside("nginx", reach).returncode in {7, 28}, name
    (pod,) = {network["IPAddress"] for network in _networks_of(containers["backend"][0], "app")}
    served = f"curl -fsS -m 3 -o /dev/null http://{pod}:8000/health"
    assert brought_up.inside("nginx", served).returncode == 0


def _networks_of(container: dict[str, Any], name: str) -> list[dict[str, Any]]:
    networks = container["NetworkSettings"]["Networks"]
    return [network for full, network in networks.items() if full.endswith(f"_{name}")]


def test_nginx_speaks_tls_and_http_2_and_sends_plain_visitors_there(brought_up: BroughtUp) -> None:
    ports = brought_up.ports
    words = ["curl", "--silent", "--show-error", "--insecure", "--http2", "--output", "/dev/null"]
    words += ["--write-out", "%{http_version} %{response_code}"]
    asked = [*words, f"https://127.0.0.1:{ports['HTTPS']}/api/v1/jobs"]
    assert subprocess.run(asked, check=True, capture_output=True, text=True).stdout == "2 200"
    moved = httpx2.get(f"http://127.0.0.1:{ports['HTTP']}/api/v1/jobs")
    assert moved.status_code == 301
    assert moved.headers["location"] == "https://127.0.0.1/api/v1/jobs"
    with brought_up.client() as client:
        headers = client.get("/health").headers
    assert headers["strict-transport-security"].startswith("max-age=")


def test_requests_go_round_the_pods(brought_up: BroughtUp) -> None:
    with brought_up.client() as client:
        seen = Counter(client.get("/health").headers["x-pod"] for _ in range(12))
    assert set(seen) == brought_up.pods()
    assert set(seen.values()) == {4}


def test_a_socket_opens_through_nginx_over_tls(brought_up: BroughtUp) -> None:
    with brought_up.client() as client:
        signed_in = registered(client, "socket")
        shown = client.post("/api/v1/realtime/ticket", headers=signed_in).json()
    socket = create_connection(
        f"wss://127.0.0.1:{brought_up.ports['HTTPS']}/ws",
        timeout=20,
        subprotocols=[shown["protocol"], shown["ticket"]],
        sslopt={"cert_reqs": ssl.CERT_NONE, "check_hostname": False},
    )
    try:
        assert json.loads(socket.recv())["type"] == "fetch"
    finally:
        socket.close()


def test_the_stand_ins_of_the_profile_local_serve(brought_up: BroughtUp) -> None:
    with brought_up.client() as client:
        signed_in = registered(client, "local")
        bought = client.post(
            "/api/v1/subscriptions/checkout",
            json={"tier": "pro", "interval": "month"},
            headers=signed_in,
        )
        assert bought.status_code in {200, 201}, bought.text
        begun = client.post(
            "/api/v1/uploads",
            json={
                "kind": "avatar",
                "file_name": "me.png",
                "content_type": "image/png",
                "size_bytes": len(_PICTURE),
            },
            headers=signed_in,
        )
        assert begun.status_code == 201, begun.text
        put = begun.json()["put"]
        sent = httpx2.put(put["url"], content=_PICTURE, headers=put["headers"])
        assert sent.status_code == 200, sent.text
        path = f"/api/v1/uploads/{begun.json()['upload']['id']}/confirm"
        assert client.post(path, headers=signed_in).status_code == 200
    page = httpx2.get(bought.json()["url"])
    assert page.status_code == 200
    assert str(page.url).startswith(f"http://127.0.0.1:{brought_up.ports['STRIPE']}/")
    letters = f"http://127.0.0.1:{brought_up.ports['MAIL']}/letters?to=local@example.com"
    until(lambda: len(httpx2.get(letters).json()) == 1, "the letter to who registered")


def test_both_replicas_stream(brought_up: BroughtUp) -> None:
    assert streaming(brought_up) == ["replica_1", "replica_2"]


def test_what_runs_stays_when_all_is_started_again(brought_up: BroughtUp) -> None:
    before = brought_up.ids()
    brought_up.up()
    assert brought_up.ids() == before
    # As many pods as a file of one's own says. All may be made anew: docker-compose 1.29 writes
    # the settings of every service differently when it reads more than one file.
    ours = brought_up.home / "ours.yml"
    ours.write_text("services: {backend: {deploy: {replicas: 4}}}\n", "utf-8")
    # three pods of one worker may open 1,080 connections, four 1,440 of the 1,200 that there are
    files = (
        "COMPOSE_FILE=docker-compose.production.yml:ours.yml\nDB_POOL_SIZE=360\nDB_MAX_OVERFLOW=0"
    )
    told: list[str] = []
    with changed(brought_up.home / ".env", files):
        engine.up(brought_up.home, engine="compose", progress=told.append)
        assert len(brought_up.pods()) == 4
    assert told[-1].startswith("the pool budget does not hold: 4 pods x 1 workers x 360 ")
    ours.unlink()
    brought_up.up()
    assert len(brought_up.pods()) == 3


def test_the_status_tells_of_what_is_down_and_of_what_nobody_recorded(
    brought_up: BroughtUp,
) -> None:
    def told() -> tuple[str, list[str]]:
        status = engine.status(brought_up.home)
        unwell = [one.state for one in status.services if one.state not in {"healthy", "done"}]
        return status.phase, unwell

    brought_up.compose("stop", "redis")
    assert told() == ("damaged", ["exited"])
    brought_up.compose("rm", "--force", "redis")
    assert told() == ("damaged", ["missing"])
    brought_up.compose("up", "--detach", "--no-deps", "redis")
    until(lambda: told() == ("running", []), "Redis is back")
    record = brought_up.home / ".hmb/stack.json"
    kept = record.read_bytes()
    record.unlink()
    assert told() == ("running", [])
    record.write_bytes(kept)
    with pytest.raises(StackError, match="Docker runs a stack here: stop it first"):
        engine.up(brought_up.home, services={"redis"})


def test_pods_come_and_go_without_a_failed_request(brought_up: BroughtUp) -> None:
    with Visitor(brought_up) as visitor:
        for count in (5, 3):
            scaled(brought_up, visitor, count)
            budget = engine.status(brought_up.home).pool_budget
            assert budget is not None
            assert budget.pods == count
    assert visitor.failures == []
    assert visitor.answered > 50


def test_a_new_version_is_deployed_without_a_failed_request(brought_up: BroughtUp) -> None:
    """In the order that docs/guides/operating.md tells: new pods beside the old, which then go."""
    old = brought_up.pods()
    with changed(brought_up.home / ".env", "LOG_LEVEL=WARNING"), Visitor(brought_up) as visitor:
        brought_up.compose("run", "--rm", "--no-deps", "-T", "migrate")
        new = scaled(brought_up, visitor, 6) - old
        for pod in old:
            brought_up.docker("stop", pod)
            brought_up.docker("rm", pod)
            all_answer(brought_up, visitor)
    assert brought_up.pods() == new
    for one in brought_up.containers()["backend"]:
        assert "LOG_LEVEL=WARNING" in one["Config"]["Env"]
    assert visitor.failures == []


def test_a_version_that_never_gets_ready_is_asked_for_nothing(brought_up: BroughtUp) -> None:
    """As when pods start slowly: nginx goes on with those it knows."""
    wrong = changed(brought_up.home / ".env", "READER_DB_PASSWORD=not-this-one")
    with wrong, Visitor(brought_up) as visitor:
        old = brought_up.pods()
        words = ("--detach", "--no-deps", "--no-recreate", "--scale", "backend=6")
        brought_up.compose("up", *words, "backend")
        assert len(brought_up.pods()) == 6
        since = visitor.answered
        # Fifteen a second at most: longer than half a minute.
        until(lambda: visitor.answered > since + 45 * 15, "people go on")
        assert visitor.last_seen.keys() <= old
        for pod in brought_up.pods() - old:
            brought_up.docker("stop", pod)
            brought_up.docker("rm", pod)
        all_answer(brought_up, visitor)
    assert visitor.failures == []


def test_a_pod_is_restarted_without_a_failed_request(brought_up: BroughtUp) -> None:
    pods = brought_up.pods()
    with Visitor(brought_up) as visitor:
        brought_up.docker("restart", sorted(pods)[0])
        back = time.monotonic()
        until(lambda: visitor.seen_since(back) == pods, "the pod answers again")
    assert visitor.failures == []


@pytest.fixture
def monitoring(brought_up: BroughtUp) -> Iterator[Callable[..., str]]:
    """Docker Compose with the profile monitoring, whose services are gone afterwards."""

    def compose(*words: str) -> str:
        return brought_up.compose("--profile", "monitoring", *words)

    yield compose
    compose("rm", "--stop", "--force", "grafana", "prometheus", "uptime")


def test_prometheus_finds_every_pod_and_knows_that_the_site_is_up(
    brought_up: BroughtUp, monitoring: Callable[..., str]
) -> None:
    monitoring("up", "--detach", "--no-deps", "prometheus", "uptime")
    base = f"http://127.0.0.1:{brought_up.ports['PROMETHEUS']}/api/v1"

    def values(query: str) -> list[str]:
        try:
            answer = httpx2.get(f"{base}/query", params={"query": query}).json()
        except httpx2.HTTPError:
            return []
        return [each["value"][1] for each in answer["data"]["result"]]

    until(lambda: values('up{job="backend"}') == ["1"] * 3, "three pods are found")
    until(lambda: values("probe_success") == ["1"], "the probe reaches nginx")
    assert httpx2.get(f"{base}/rules").json()["data"]["groups"]


def test_grafana_shows_the_dashboards(
    brought_up: BroughtUp, monitoring: Callable[..., str]
) -> None:
    if not brought_up.is_official:
        pytest.skip("Debian has no Grafana, and its image cannot be pulled here")
    monitoring("up", "--detach", "--no-deps", "prometheus", "grafana")
    text = (brought_up.home / ".env").read_text(encoding="utf-8")
    made = dict(line.partition("=")[::2] for line in text.splitlines())
    address = f"http://127.0.0.1:{brought_up.ports['GRAFANA']}/api/search?type=dash-db"

    def dashboards() -> set[str]:
        try:
            found = httpx2.get(address, auth=("admin", made["GRAFANA_ADMIN_PASSWORD"]))
        except httpx2.HTTPError:
            return set()
        return {each["uid"] for each in found.json()} if found.status_code == 200 else set()

    files = (brought_up.home / "deploy/grafana/dashboards").glob("*.json")
    there = {json.loads(file.read_text(encoding="utf-8"))["uid"] for file in files}
    until(lambda: dashboards() == there, "the dashboards are there")


def test_every_service_comes_up_a_second_time(brought_up: BroughtUp) -> None:
    """As after an end of its own: in the container it had, whose folders are there already."""
    brought_up.compose("restart", *sorted(_LASTING))

    def is_well() -> bool:
        containers = brought_up.containers()
        states = [each["State"] for name in _LASTING for each in containers[name]]
        return all(state.get("Health", {}).get("Status") == "healthy" for state in states)

    until(is_well, "all are healthy again")


def test_a_certificate_of_one_s_own_is_served_and_left_alone(
    brought_up: BroughtUp, tmp_path: Path
) -> None:
    live = tmp_path / "live/www.example.com"
    live.mkdir(parents=True)
    new = ["openssl", "req", "-newkey", "rsa:2048", "-nodes"]
    signer = ["-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2"]
    for words in (
        [*new, "-x509", "-subj", "/CN=signer", "-keyout", "ca.key", "-out", "ca.crt"],
        [*new, "-subj", "/CN=www.example.com", "-keyout", "privkey.pem", "-out", "asked"],
        ["openssl", "x509", "-req", "-in", "asked", "-out", "fullchain.pem", *signer],
    ):
        subprocess.run(words, cwd=live, check=True, capture_output=True)
    (copying,) = (block for block in commands_of("Start") if "fullchain" in block)
    follow(brought_up, copying.replace("--volume /etc/letsencrypt:", f"--volume {tmp_path}:"))
    ours = ssl.PEM_cert_to_DER_cert((live / "fullchain.pem").read_text())

    def served() -> bytes:
        address = ("127.0.0.1", brought_up.ports["HTTPS"])
        return ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate(address))

    until(lambda: served() == ours, "nginx serves it")
    brought_up.compose("run", "--rm", "-T", "certificates")
    there = brought_up.inside("nginx", "cat /etc/nginx/tls/tls.crt").stdout
    assert ssl.PEM_cert_to_DER_cert(there) == ours


def test_a_lost_primary_is_replaced_and_comes_back_as_the_guide_tells(
    brought_up: BroughtUp,
) -> None:
    with brought_up.client() as client:
        registered(client, "before")
        until(lambda: both_stream(brought_up), "both replicas stream")
        follow(brought_up, *commands_of("Fail over"))
        until(lambda: signs_in(client, "before"), "writes work again")
        registered(client, "meanwhile")
        # the only one that knows of it comes up a second time, with nobody to ask
        brought_up.compose("restart", "replica-1")
        until(lambda: signs_in(client, "meanwhile"), "writes work again")
        *going_back, tidying_up = commands_of("And back")
        follow(brought_up, *going_back)
        until(lambda: signs_in(client, "meanwhile"), "writes work again")
        registered(client, "afterwards")
    until(lambda: both_stream(brought_up), "both replicas stream again")
    follow(brought_up, tidying_up)


def test_a_backup_is_made_and_restored_as_the_guide_tells(
    brought_up: BroughtUp, tmp_path: Path
) -> None:
    making, restoring = (
        block.replace("/backup:/backup", f"{tmp_path}:/backup").replace("$(date -u +%F)", _DAY)
        for block in commands_of("Back up")
    )
    assert _DAY in restoring
    with brought_up.client() as client:
        registered(client, "saved")
        follow(brought_up, making)
        registered(client, "unsaved")
        follow(brought_up, restoring)
        until(lambda: signs_in(client, "saved"), "writes work again")
        unsaved = {"email": "unsaved@example.com", "password": PASSWORD}
        assert client.post("/api/v1/auth/login", json=unsaved).status_code == 401
    until(lambda: both_stream(brought_up), "both replicas stream again")
    for name in ("primary", "replica-1", "replica-2"):
        kept = brought_up.inside(name, 'ls -d "$PGDATA".before-*').stdout.split()
        assert len(kept) == 1, name


def test_a_third_replica_is_added_as_the_guide_tells(brought_up: BroughtUp) -> None:
    add_third_replica(brought_up.home)
    follow(brought_up, *commands_of("A third replica"))
    third = ["replica_1", "replica_2", "replica_3"]
    until(lambda: streaming(brought_up) == third, "it follows the primary")
    asked = (
        "PGPASSWORD=$READER_DB_PASSWORD psql -h 127.0.0.1 -p 6432 -U hmb_reader "
        "-At -d hiremebahamas_replica_3 -c 'SELECT pg_is_in_recovery()'"
    )
    until(lambda: brought_up.inside("pgbouncer", asked).stdout == "t\n", "PgBouncer leads there")


def test_at_the_end_only_the_data_is_left(brought_up: BroughtUp) -> None:
    engine.down(brought_up.home)
    ours = f"label=com.docker.compose.project={brought_up.project}"
    assert brought_up.docker("ps", "--all", "--quiet", "--filter", ours) == ""
    assert brought_up.docker("network", "ls", "--quiet", "--filter", ours) == ""
    volumes = brought_up.docker("volume", "ls", "--format", "{{.Name}}", "--filter", ours).split()
    assert f"{brought_up.project}_primary-data" in volumes
