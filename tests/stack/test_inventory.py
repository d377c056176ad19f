"""The inventory: what the project holds, and that each verdict turns when the file does."""

import shutil
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest

from capacity.audit.audit import Looked, audit
from capacity.audit.blueprint import Blueprint, read_blueprint
from capacity.audit.facts import OPEN, Fact
from capacity.audit.judging import Judged
from capacity.verdicts import Outcome
from stack.errors import StackError
from stack.inventory import gather
from stack.inventory.nginx_conf import read, setting

CHECKOUT = Path(__file__).resolve().parents[2]
COMPOSE = "docker-compose.production.yml"
SITE, HEADERS, PROXY, UPSTREAM = (
    f"deploy/nginx/{name}.conf" for name in ("site", "headers", "proxy", "upstream")
)
NGINX = "nginx-production.conf"
APP = "reference_app"
OF_THE_APP = [
    f"{APP}/{name}"
    for name in (
        "settings.py",
        "errors.py",
        "assembly.py",
        "rate_groups.toml",
        "auth/repository.py",
    )
]


@cache
def _facts() -> Mapping[str, Fact]:
    return gather(CHECKOUT)


def _judged(claim: str, facts: Mapping[str, Fact], *, literally: bool = False) -> Judged:
    ours = read_blueprint()
    alone = Blueprint(ours.sections, tuple(one for one in ours.claims if one.id == claim), (), {})
    (row,) = audit(alone, Looked(facts=facts)).rows
    found = row.literal if literally else row.fair
    assert found is not None
    return found


def test_every_fact_the_blueprint_asks_for_is_looked_for() -> None:
    for claim in read_blueprint().claims:
        for one in (*claim.expects, *(claim.literal.expects if claim.literal else ())):
            assert one.fact in _facts(), claim.id


def test_every_fact_names_a_place_in_the_checkout_or_one_that_lacks() -> None:
    for name, fact in _facts().items():
        there = (CHECKOUT / fact.where).exists()
        assert there or fact.value is None, name


# claim, the file to change, what to replace by what
FLIPS: list[tuple[str, str, str | None, str | None]] = [
    ("nginx-round-robin", UPSTREAM, "zone backend 256k;", "zone backend 256k; least_conn;"),
    ("nginx-round-robin", UPSTREAM, "zone backend 256k;", ""),
    ("nginx-health-checks", UPSTREAM, "max_fails=3", "max_fails=1"),
    ("nginx-failover", PROXY, "proxy_next_upstream error timeout;", "proxy_next_upstream off;"),
    ("nginx-failover", PROXY, "error timeout;", "error timeout non_idempotent;"),
    ("nginx-http2", NGINX, "443 ssl http2", "443 ssl"),
    ("nginx-tls", NGINX, "TLSv1.2 TLSv1.3", "TLSv1.1 TLSv1.2 TLSv1.3"),
    ("nginx-tls", NGINX, "listen 443 ssl http2 default_server;", "listen 443;"),
    ("nginx-keepalive", UPSTREAM, "keepalive 32;", "keepalive 16;"),
    ("nginx-buffering", PROXY, "proxy_request_buffering on;", "proxy_request_buffering off;"),
    ("nginx-gzip", NGINX, "gzip on;", "gzip off;"),
    ("nginx-headers", HEADERS, "add_header X-Frame-Options DENY always;", ""),
    ("nginx-headers", HEADERS, "nosniff always;", "nosniff;"),
    ("nginx-headers", SITE, "location = /metrics {", "location = /metrics {add_header X-A b;"),
    ("nginx-websocket", SITE, "proxy_read_timeout 24h;", "proxy_read_timeout 60s;"),
    ("nginx-status", NGINX, "stub_status;", "return 204;"),
    ("nginx-timeouts", NGINX, "proxy_send_timeout 60s;", "proxy_send_timeout 61s;"),
    ("trap-add-header", SITE, "add_header Retry-After 1 always;", ""),
    ("trap-health", PROXY, "proxy_pass http://backend;", "proxy_pass http://backend-1:8000;"),
    ("pods", COMPOSE, "replicas: 3", "replicas: 2"),
    ("pods-size", COMPOSE, "${POD_CPUS:-1}", "${POD_CPUS:-2}"),
    ("pods-workers", COMPOSE, "${WEB_CONCURRENCY:-4}", "${WEB_CONCURRENCY:-2}"),
    ("pods-python", "deploy/Dockerfile", "python:3.11", "python:3.12"),
    ("pods-recycling", "deploy/gunicorn.conf.py", 'os.environ.get("MAX_REQUESTS"', 'str("0"'),
    ("postgres-replicas", "deploy/postgres/start-replica.sh", "pg_basebackup", "cp -r"),
    ("postgres-max-connections", COMPOSE, "CONNECTIONS:-200}", "CONNECTIONS:-100}"),
    ("trap-replication-refused", "deploy/postgres/pg_hba.conf", "host    replication", "# "),
    ("trap-recovery-conf", "deploy/postgres/start-replica.sh", "set -eu", "cat >recovery.conf"),
    ("trap-ssl", COMPOSE, "hmb_app:${APP_DB", "x:y@z/?sslmode=require ${APP_DB"),
    ("pgbouncer", "deploy/pgbouncer/pgbouncer.ini", "= transaction", "= session"),
    ("redis-lru", "deploy/redis/redis.conf", "allkeys-lru", "noeviction"),
    ("redis-size", COMPOSE, "${REDIS_MAXMEMORY:-384mb}", "${REDIS_MAXMEMORY:-512mb}"),
    ("monitoring", COMPOSE, "profiles: [monitoring]", "profiles: [extra]"),
    ("health-checks", COMPOSE, "interval: 10s", "interval: 60s"),
    ("limits", COMPOSE, 'reservations: {cpus: "0.25", memory: 64M}', "reservations: {}"),
    ("env-count", ".env.production.example", "=", " "),
    ("trap-unread-variables", ".env.production.example", "# LOG_LEVEL=", "# LOG_LEVELS="),
    ("alert-latency", "deploy/prometheus/rules/alerts.yml", "p95 > 0.5", "p95 > 1"),
    ("security-headers", "deploy/vercel.json", "X-Frame-Options", "X-Frames"),
    ("scanning", ".github/workflows/codeql.yml", None, None),
    ("jwt", COMPOSE, "${ACCESS_TOKEN_MINUTES:-30}", "${ACCESS_TOKEN_MINUTES:-60}"),
    ("quota-status", f"{APP}/errors.py", "status = 403", "status = 402"),
    ("response-headers", f"{APP}/kit/middleware.py", 'b"x-process-time"', 'b"x-time"'),
    ("tier-messages", f"{APP}/subscriptions/tiers.toml", "messages = 10,", "messages = 11,"),
    ("webhook-events", f"{APP}/subscriptions/inbox.py", '"invoice.", ', ""),
    ("subscription-routes", f"{APP}/subscriptions/endpoints.py", '"/tiers"', '"/levels"'),
    ("upload-limit", f"{APP}/rate_groups.toml", "[uploads]\nshare = 0.1", "[uploads]\nshare = 1"),
]


@pytest.mark.parametrize("flip", FLIPS, ids=lambda flip: f"{flip[0]}-{flip[2]}")
def test_a_verdict_turns_when_its_file_does(
    tmp_path: Path, flip: tuple[str, str, str | None, str | None]
) -> None:
    claim, name, old, new = flip
    assert _judged(claim, _facts()).outcome is Outcome.MET
    home = _copied(tmp_path, name)
    changed = home / name
    if old is None:
        changed.unlink()
    else:
        text = changed.read_text(encoding="utf-8")
        assert old in text
        changed.write_text(text.replace(old, new or ""), encoding="utf-8")
    if claim == "trap-add-header":
        # The location says a header of its own, and no longer those of all.
        _replace(changed, "    include /etc/nginx/hmb/headers.conf;\n", "    add_header A b;\n")
    assert _judged(claim, gather(home)).outcome is Outcome.NOT_MET


def _copied(folder: Path, name: str) -> Path:
    """A checkout with all that these claims are about, and of the app no more than that."""
    home = folder / "home"
    for one in ("deploy", ".github", f"{APP}/subscriptions", f"{APP}/kit"):
        # Other tests may be compiling what is beside the sources.
        shutil.copytree(CHECKOUT / one, home / one, ignore=shutil.ignore_patterns("__pycache__"))
    for one in (COMPOSE, NGINX, ".env.production.example", *OF_THE_APP, name):
        (home / one).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(CHECKOUT / one, home / one)
    return home


def _replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_documents_and_the_checklist_are_counted(tmp_path: Path) -> None:
    home = _copied(tmp_path, NGINX)
    assert _judged("checklist-steps", gather(home)).outcome is Outcome.NOT_MET
    steps = "".join(f"- [ ] step {number}\n" for number in range(200))
    (home / "docs").mkdir()
    (home / "docs/DEPLOYMENT_CHECKLIST_1M_SCALE.md").write_text(
        f"## Phase 1: Infrastructure (week 1)\n{steps}\n## Phase 2: Go live (week 2)\n"
    )
    found = gather(home)
    assert found["checklist.steps"].value == 200
    assert found["checklist.phases"].value == 2
    assert found["checklist.titles"].value == ("infrastructure", "go live")
    assert found["checklist.weeks"].value == 2
    assert _judged("checklist-steps", found).outcome is Outcome.MET
    assert _judged("document-checklist", found).outcome is Outcome.MET
    assert _judged("document-scaling", found).outcome is Outcome.NOT_MET


def test_a_frontend_is_found_where_it_is(tmp_path: Path) -> None:
    home = _copied(tmp_path, NGINX)
    assert gather(home)["frontend.packages"].value is None
    (home / "frontend").mkdir()
    (home / "frontend/package.json").write_text(
        '{"dependencies": {"react": "^18.3.1"},'
        ' "devDependencies": {"vite": "7", "tailwindcss": "4"}}'
    )
    found = gather(home)
    assert _judged("frontend", found).outcome is Outcome.MET
    assert _judged("frontend", found, literally=True).outcome is Outcome.MET
    assert found["frontend.packages"].where == "frontend/package.json"


def test_literal_readings_are_looked_up_too() -> None:
    for claim in ("nginx-body", "nginx-timeouts", "pods-keepalive", "pods-recycling", "autoscale"):
        assert _judged(claim, _facts(), literally=True).outcome is Outcome.NOT_MET


def test_what_is_gone_has_no_value_but_keeps_its_name(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    shutil.copy(CHECKOUT / COMPOSE, home / COMPOSE)
    found = gather(home)
    families = tuple(f"{family}." for family in OPEN)
    assert {name for name in _facts() if not name.startswith(families)} <= found.keys()
    assert found["nginx.headers"].value is None
    assert _judged("nginx-headers", found).outcome is Outcome.NOT_MET


def test_without_a_compose_file_one_line_says_so(tmp_path: Path) -> None:
    with pytest.raises(StackError, match=r"no docker-compose\.production\.yml"):
        gather(tmp_path)


def test_statements_put_together_at_run_time_are_counted(tmp_path: Path) -> None:
    home = _copied(tmp_path, NGINX)
    before = gather(home)["app.sql_strings"].value
    (home / APP / "repository.py").write_text(
        'from sqlalchemy import text\n\nONE = text("SELECT 1")\nTWO = text(f"SELECT {ONE}")\n\n\n'
        'def find(name: str) -> object:\n    return text(f"SELECT {name}")\n'
    )
    found = gather(home)
    assert found["app.sql_put_together"].value == 1
    assert isinstance(before, int)
    assert found["app.sql_strings"].value == before + 1
    assert _judged("orm-only", found).outcome is Outcome.NOT_MET


def test_nginx_files_are_read_as_nginx_reads_them(tmp_path: Path) -> None:
    (tmp_path / "inner.conf").write_text("gzip on; # a comment; with } in it\n")
    path = tmp_path / "nginx.conf"
    path.write_text(
        "http { include /etc/nginx/hmb/inner.conf;\n"
        " log_format f \"a {b}; c\" '$d'; server { location = /x { return 200; } } }\n"
    )
    (http,) = read(path, tmp_path)
    assert setting("gzip", http.inside) == ("on",)
    assert setting("log_format", http.inside) == ("f", "a {b}; c", "$d")
    server = http.inside[-1]
    assert server.inside[0].words == ("location", "=", "/x")
