"""The pool budget: what it counts, what it refuses, and that the shipped configuration keeps it."""

import re
from pathlib import Path

import pytest

from capacity.errors import UsageError
from reference_app.database import Database
from reference_app.settings import Settings
from stack import compose, engine
from stack.budget import (
    MONITORS,
    PoolBudget,
    budget_of,
    check,
    ini_settings,
    pgbouncer_ini,
    pgbouncer_servers,
    postgres_settings,
)
from stack.interpolation import required_names

CHECKOUT = Path(__file__).resolve().parents[2]
TIERS = {"backend", "pgbouncer", "primary", "replica-1", "replica-2"}


def budget(**changes: object) -> PoolBudget:
    fitting: dict[str, object] = {
        "pods": 3,
        "workers": 4,
        "per_pod": 60,
        "replicas": 2,
        "pgbouncer_clients": 1200,
        "servers": {"primary": 100, "replica-1": 60},
        "max_connections": 200,
        "reserved": 20,
    }
    return PoolBudget.model_validate(fitting | changes)


def production(**variables: str) -> compose.ComposeFile:
    secret = required_names(compose.raw_text(CHECKOUT))
    return compose.read(CHECKOUT, dict.fromkeys(secret, "x") | variables)


def test_a_pod_shares_its_pool_among_its_workers() -> None:
    assert budget().clients == 180
    # 62 does not divide by 4: each worker rounds down.
    assert budget(per_pod=62).clients == 180


@pytest.mark.parametrize("replicas", [0, 1, 2])
@pytest.mark.parametrize("workers", [1, 4, 7, 30])
@pytest.mark.parametrize("pool", [1, 4, 20, 60])
async def test_a_worker_opens_no_more_than_the_budget_counts(
    replicas: int, workers: int, pool: int
) -> None:
    settings = Settings.model_validate(
        {
            "database_url": "postgresql://a:b@127.0.0.1:1/c",
            "database_replica_urls": ",".join(["postgresql://a:b@127.0.0.1:1/c"] * replicas),
            "redis_url": "redis://127.0.0.1:1",
            "secret_key": "x",
            "web_concurrency": workers,
            "db_pool_size": pool,
            "db_max_overflow": 2 * pool,
        }
    )
    database = Database(settings, *[None] * 4)  # type: ignore[arg-type]  # nothing is asked of them
    _, _, limit = database.pool_use()
    counted = budget(workers=workers, per_pod=3 * pool, replicas=replicas)
    assert limit <= counted.per_worker
    await database.close()


def test_a_budget_that_fits_has_no_problem() -> None:
    assert budget().problems == []
    assert "180 of 1200" in budget().line()
    assert "of 180 Postgres connections" in budget().line()


def test_too_many_clients_and_too_many_servers_are_told() -> None:
    (clients,) = budget(pgbouncer_clients=179).problems
    assert "180" in clients
    assert "PGBOUNCER_MAX_CLIENTS" in clients
    (servers,) = budget(servers={"primary": 181, "replica-1": 180}).problems
    assert "181 connections to primary" in servers
    assert "POSTGRES_MAX_CONNECTIONS" in servers


def test_the_shipped_configuration_fits_ten_pods() -> None:
    shipped = budget_of(production(), CHECKOUT, pods=10, running=TIERS)
    assert shipped is not None
    assert shipped.clients == 600
    assert shipped.servers == {"primary": 100, "replica-1": 60, "replica-2": 60}
    assert shipped.problems == []


def test_a_replica_that_does_not_run_takes_no_part() -> None:
    one = budget_of(production(), CHECKOUT, pods=2, running=TIERS - {"replica-2"})
    assert one is not None
    assert one.servers.keys() == {"primary", "replica-1"}
    assert budget_of(production(), CHECKOUT, pods=2, running={"primary", "redis"}) is None


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"DB_MAX_OVERFLOW": "200"}, "10 pods x 4 workers x 55 may open 2200"),
        ({"WEB_CONCURRENCY": "30"}, "10 pods x 30 workers x 5 may open 1500"),
        ({"PGBOUNCER_MAX_CLIENTS": "500"}, "PgBouncer takes 500"),
        ({"PGBOUNCER_WRITE_POOL": "141"}, "181 connections to primary, which has 180"),
        ({"PGBOUNCER_REPLICA_POOL": "181"}, "181 connections to replica-1"),
        ({"POSTGRES_MAX_CONNECTIONS": "100"}, "primary, which has 80 for it"),
    ],
)
def test_a_setting_that_breaks_the_rule_is_refused_in_one_line(
    variables: dict[str, str], told: str
) -> None:
    with pytest.raises(UsageError, match=re.escape(told)) as refused:
        check(production(**variables), CHECKOUT, pods=10, running=TIERS)
    assert "\n" not in str(refused.value)


def test_a_size_that_is_no_number_is_told() -> None:
    with pytest.raises(UsageError, match="DB_POOL_SIZE is 'many'"):
        check(production(DB_POOL_SIZE="many"), CHECKOUT, pods=3, running=TIERS)


def test_up_refuses_before_anything_starts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in (compose.FILE, "deploy"):
        (tmp_path / name).symlink_to(CHECKOUT / name)
    monkeypatch.setenv("DB_POOL_SIZE", "900")
    for kind in engine.ENGINES:
        with pytest.raises(UsageError, match="the pool budget does not hold: 3 pods x 4 workers"):
            engine.up(tmp_path, engine=kind)
    assert not (tmp_path / ".hmb").exists()


def test_the_reserve_for_monitors_is_what_their_role_may_open() -> None:
    roles = (CHECKOUT / "deploy/postgres/init/10-roles.sh").read_text(encoding="utf-8")
    (limit,) = re.findall(r"ROLE hmb_monitor .* CONNECTION LIMIT (\d+)", roles)
    assert int(limit) == MONITORS


def test_a_command_word_wins_over_the_file() -> None:
    primary = production(POSTGRES_MAX_CONNECTIONS="333").services["primary"]
    settings = postgres_settings(primary, CHECKOUT)
    assert settings["config_file"] == "/etc/postgresql/postgresql.conf"
    assert settings["max_connections"] == "333"
    assert settings["superuser_reserved_connections"] == "5"


def test_pgbouncer_settings_are_read_by_section() -> None:
    text = "; a = 1\n[databases]\nx = host=h port=1 pool_size=7\n[pgbouncer]\na = 2\n"
    assert ini_settings(text, "databases") == {"x": "host=h port=1 pool_size=7"}
    assert ini_settings(text, "pgbouncer") == {"a": "2"}
    assert pgbouncer_servers({"x": "host=h port=1 pool_size=7", "y": "host=h port=1"}, 20) == {
        "h": 27
    }


def test_pgbouncer_ini_is_filled_in_and_nothing_is_left_open() -> None:
    text = pgbouncer_ini(production(PGBOUNCER_QUERY_WAIT="7").services["pgbouncer"], CHECKOUT)
    assert ini_settings(text, "pgbouncer")["query_wait_timeout"] == "7"
    assert "${PGB" not in text
