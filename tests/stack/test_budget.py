from pathlib import Path

from stack import compose
from stack.budget import PoolBudget, pgbouncer_servers, postgres_settings
from stack.interpolation import required_names
from stack.native.pgbouncer import settings
from stack.native.site import pgbouncer_ini

CHECKOUT = Path(__file__).resolve().parents[2]


def budget(**changes: object) -> PoolBudget:
    fitting: dict[str, object] = {
        "pods": 3,
        "workers": 4,
        "per_pod": 60,
        "pgbouncer_clients": 1200,
        "servers": {"primary": 100, "replica-1": 60},
        "max_connections": 200,
        "reserved": 5,
    }
    return PoolBudget.model_validate(fitting | changes)


def test_a_pod_shares_its_pool_among_its_workers() -> None:
    assert budget().clients == 180
    # 62 does not divide by 4: each worker rounds down.
    assert budget(per_pod=62).clients == 180


def test_a_budget_that_fits_has_no_problem() -> None:
    assert budget().problems == []
    assert "180 of 1200" in budget().line()


def test_too_many_clients_and_too_many_servers_are_told() -> None:
    assert len(budget(pgbouncer_clients=179).problems) == 1
    problems = budget(servers={"primary": 196, "replica-1": 195}).problems
    assert len(problems) == 1
    assert "196" in problems[0]


def test_the_shipped_configuration_fits_ten_pods() -> None:
    secret = required_names(compose.raw_text(CHECKOUT))
    file = compose.read(CHECKOUT, dict.fromkeys(secret, "x"))
    text = pgbouncer_ini(file.services["pgbouncer"], CHECKOUT)
    limits = settings(text, "pgbouncer")
    postgres = postgres_settings(file.services["primary"], CHECKOUT)
    values = file.services["backend"].environment
    shipped = PoolBudget(
        pods=10,
        workers=int(values["WEB_CONCURRENCY"]),
        per_pod=int(values["DB_POOL_SIZE"]) + int(values["DB_MAX_OVERFLOW"]),
        pgbouncer_clients=int(limits["max_client_conn"]),
        servers=pgbouncer_servers(settings(text, "databases"), int(limits["default_pool_size"])),
        max_connections=int(postgres["max_connections"]),
        reserved=int(postgres["superuser_reserved_connections"]),
    )
    assert shipped.clients == 600
    assert shipped.servers == {"primary": 100, "replica-1": 60, "replica-2": 60}
    assert shipped.problems == []


def test_a_command_word_wins_over_the_file() -> None:
    secret = required_names(compose.raw_text(CHECKOUT))
    primary = compose.read(CHECKOUT, dict.fromkeys(secret, "x")).services["primary"]
    assert postgres_settings(primary, CHECKOUT)["config_file"] == "/etc/postgresql/postgresql.conf"
    assert postgres_settings(primary, CHECKOUT)["max_connections"] == "200"


def test_pgbouncer_settings_are_read_by_section() -> None:
    text = "; a = 1\n[databases]\nx = host=h port=1 pool_size=7\n[pgbouncer]\na = 2\n"
    assert settings(text, "databases") == {"x": "host=h port=1 pool_size=7"}
    assert settings(text, "pgbouncer") == {"a": "2"}
    assert pgbouncer_servers({"x": "host=h port=1 pool_size=7", "y": "host=h port=1"}, 20) == {
        "h": 27
    }
