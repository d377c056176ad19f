"""Facts of the servers behind nginx: Gunicorn, Postgres, PgBouncer, Redis, and who scales pods."""

import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

from capacity.audit.facts import Fact, Value
from stack.compose import Service
from stack.inventory.files import number, text
from stack.inventory.services import Compose, megabytes

_GUNICORN = "deploy/gunicorn.conf.py"
_POSTGRES = "deploy/postgres/postgresql.conf"
_HBA = "deploy/postgres/pg_hba.conf"
_REPLICA = "deploy/postgres/start-replica.sh"
_PGBOUNCER = "deploy/pgbouncer/pgbouncer.ini"
_REDIS = "deploy/redis/redis.conf"
_SCALING = "deploy/kubernetes/scaling.yaml"
_TLS_MODES = {"require", "verify-ca", "verify-full"}
_FROM_ENVIRONMENT = {
    "workers": "WEB_CONCURRENCY",
    "timeout": "TIMEOUT",
    "graceful_timeout": "GRACEFUL_TIMEOUT",
    "keepalive": "KEEPALIVE",
    "backlog": "BACKLOG",
    "max_requests": "MAX_REQUESTS",
    "max_requests_jitter": "MAX_REQUESTS_JITTER",
    "threads": "WEB_THREADS",
}


def facts(home: Path, compose: Compose) -> dict[str, Fact]:
    """What each server is told, by its file and the compose file's command and environment."""
    return {
        **_gunicorn(home, compose),
        **_postgres(home, compose),
        **_pgbouncer(home, compose),
        **_redis(home, compose),
        **_scaling(home),
    }


def _gunicorn(home: Path, compose: Compose) -> dict[str, Fact]:
    told, pod = text(home, _GUNICORN), compose.pod()
    environment = pod.environment if pod else {}
    values: dict[str, Value | None] = {}
    for name, variable in _FROM_ENVIRONMENT.items():
        read = re.search(rf'^{name} = int\(os\.environ\.get\("{variable}", "(\d+)"\)\)', told, re.M)
        fixed = re.search(rf"^{name} = (\d+)$", told, re.M)
        if read:
            values[name] = number(environment.get(variable, read[1]))
        else:
            values[name] = int(fixed[1]) if fixed else None
    values["recycling_is_a_setting"] = 'os.environ.get("MAX_REQUESTS"' in told
    return {f"gunicorn.{name}": Fact(value, _GUNICORN) for name, value in values.items()}


def _postgres(home: Path, compose: Compose) -> dict[str, Fact]:
    primary = next(iter(compose.of_kind("postgres-primary")), None)
    replicas = compose.of_kind("postgres-replica")
    connections = _told(home, primary, "max_connections")
    fewest = [_told(home, one, "max_connections") for one in replicas]
    short = max((int(connections or 0) - int(one or 0) for one in fewest), default=0)
    name = primary.name if primary else ""
    cpus = compose.limit(name, "cpus")
    script, hba = text(home, _REPLICA), text(home, _HBA)
    addresses = _database_addresses(compose)
    modes = {found[1] for one in addresses if (found := re.search(r"sslmode=([a-z-]+)", one))}
    tls = bool(re.search(r"^\s*ssl\s*=\s*'?on", text(home, _POSTGRES), re.M))
    deployed = home / "deploy"
    recovery = any(
        "recovery.conf" in path.name or "recovery.conf" in path.read_text("utf-8", "replace")
        for path in sorted(deployed.rglob("*"))
        if path.is_file()
    )
    compose_file = "docker-compose.production.yml"
    return {
        "postgres.replicas": Fact(len(replicas), compose_file),
        "postgres.streaming": Fact(
            "pg_basebackup" in script and "primary_conninfo" in script, _REPLICA
        ),
        "postgres.cpus": Fact(float(cpus) if cpus else None, compose_file),
        "postgres.memory_mb": Fact(megabytes(compose.limit(name, "memory")), compose_file),
        "postgres.max_connections": Fact(int(connections) if connections else None, compose_file),
        "postgres.shared_buffers_mb": Fact(
            megabytes(_told(home, primary, "shared_buffers")), compose_file
        ),
        "postgres.max_wal_senders": Fact(_int(_in_file(home, "max_wal_senders")), _POSTGRES),
        "postgres.replica_connections_short": Fact(short, compose_file),
        "postgres.replication_allowed": Fact(
            bool(re.search(r"^host(?:ssl)?\s+replication\s+\S+\s+\S+\s+(?!reject)\S+", hba, re.M)),
            _HBA,
        ),
        "postgres.recovery_conf": Fact(recovery, "deploy"),
        "database.sslmodes": Fact(tuple(sorted(modes)), compose_file),
        "database.tls_asked_in_vain": Fact(bool(modes & _TLS_MODES) and not tls, compose_file),
    }


def _told(home: Path, server: Service | None, name: str) -> str | None:
    """A setting of Postgres: of the command, which wins, or the file."""
    for word in server.command if server else ():
        if word.startswith(f"{name}="):
            return word.partition("=")[2]
    return _in_file(home, name)


def _in_file(home: Path, name: str) -> str | None:
    found = re.search(rf"^{name}\s*=\s*'?([^'#\s]+)", text(home, _POSTGRES), re.M)
    return found[1] if found else None


def _int(words: str | None) -> int | None:
    return int(words) if words else None


def _database_addresses(compose: Compose) -> list[str]:
    pod = compose.pod()
    environment = pod.environment if pod else {}
    return [value for name, value in environment.items() if name.startswith("DATABASE_")]


def _pgbouncer(home: Path, compose: Compose) -> dict[str, Fact]:
    mode = re.search(r"^pool_mode\s*=\s*(\w+)", text(home, _PGBOUNCER), re.M)
    bouncers = {one.name for one in compose.of_kind("pgbouncer")}
    # Migrations go past it on purpose.
    pod = compose.pod()
    passing = [
        value
        for name, value in (pod.environment if pod else {}).items()
        if name.startswith("DATABASE_") and "://" in value and name != "DATABASE_DIRECT_URL"
    ]
    hosts = {host for address in passing for host in re.findall(r"@([^:/,]+)", address)}
    return {
        "pgbouncer.pool_mode": Fact(mode[1] if mode else None, _PGBOUNCER),
        "pgbouncer.in_front": Fact(
            bool(hosts) and hosts <= bouncers, "docker-compose.production.yml"
        ),
    }


def _redis(home: Path, compose: Compose) -> dict[str, Fact]:
    policy = re.search(r"^maxmemory-policy\s+(\S+)", text(home, _REDIS), re.M)
    redis = next(iter(compose.of_kind("redis")), None)
    name = redis.name if redis else ""
    command = redis.command if redis else ()
    most = dict(pairwise(command)).get("--maxmemory")
    written = re.search(r"^maxmemory\s+(\S+)", text(home, _REDIS), re.M)
    cpus = compose.limit(name, "cpus")
    compose_file = "docker-compose.production.yml"
    return {
        "redis.policy": Fact(policy[1] if policy else None, _REDIS),
        "redis.maxmemory_mb": Fact(
            megabytes(most or (written[1] if written else None)), compose_file
        ),
        "redis.cpus": Fact(float(cpus) if cpus else None, compose_file),
        "redis.memory_mb": Fact(megabytes(compose.limit(name, "memory")), compose_file),
    }


def _scaling(home: Path) -> dict[str, Fact]:
    """The autoscaler's rule as it stands for Kubernetes, in the blueprint's words."""
    documents = [one for one in yaml.safe_load_all(text(home, _SCALING)) if one]
    rule = next((one for one in documents if one.get("kind") == "HorizontalPodAutoscaler"), None)
    values: dict[str, Value | None] = dict.fromkeys(("pods", "up", "down"))
    if rule is not None:
        values = _rule(rule["spec"])
    return {f"autoscale.{name}": Fact(value, _SCALING) for name, value in values.items()}


def _rule(spec: dict[str, Any]) -> dict[str, Value | None]:
    targets = {
        one["resource"]["name"]: one["resource"]["target"].get("averageUtilization")
        for one in spec.get("metrics", [])
    }
    wait = {
        way: spec.get("behavior", {}).get(way, {}).get("stabilizationWindowSeconds")
        for way in ("scaleUp", "scaleDown")
    }
    both = f"CPU {targets.get('cpu')} %, memory {targets.get('memory')} %"
    return {
        "pods": f"{spec.get('minReplicas')} to {spec.get('maxReplicas')}",
        "up": f"{both}, {wait['scaleUp']} s",
        "down": f"{both}, {wait['scaleDown']} s",
    }
