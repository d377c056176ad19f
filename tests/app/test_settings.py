"""What the environment may ask for, and what the app refuses to run with."""

import os
import subprocess
import sys
from typing import Any

import pytest
from pydantic import ValidationError

from reference_app.settings import Settings, SettingsError, asyncpg_url, secret_weakness
from tests.app.conftest import ALEMBIC

STRONG = "5f0d3e8cb1a94e7f9b6c2d7a1e4f8b3c9d0e6a7f"


def _settings(**given: Any) -> Settings:
    ordinary = {
        "database_url": "postgresql://a:GsXPlRw3Zq8nVd@c/d",
        "redis_url": "redis://:GsXPlRw3Zq8nVd@e",
        "secret_key": STRONG,
    }
    return Settings(**{**ordinary, **given})


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "short",
        "x" * 64,
        "change-me-change-me-change-me-0123456789",
        "abcabcabc" * 6,
        "my-super-SECRET-key-0123456789-abcdef",
    ],
)
def test_production_refuses_a_weak_secret_and_does_not_repeat_it(secret: str) -> None:
    assert secret_weakness(secret)
    with pytest.raises(ValidationError) as refused:
        _settings(environment="production", secret_key=secret)
    assert not secret or secret not in str(refused.value.errors(include_input=False))
    _settings(environment="development", secret_key=secret)


@pytest.mark.parametrize(
    ("name", "weak"),
    [
        ("database_url", "postgresql://hmb_app:{}@db/board"),
        ("database_primary_read_url", "postgresql://hmb_reader:{}@db/board"),
        ("database_replica_urls", "postgresql://a:GsXPlRw3Zq8nVd@db/board,postgresql://a:{}@e/f"),
        ("redis_url", "redis://:{}@cache:6379/0"),
        ("stripe_secret_key", "{}"),
        ("stripe_webhook_secret", "{}"),
    ],
)
@pytest.mark.parametrize("secret", ["", "postgres", "change-me-please", "aaaaaaaaaaaaaaaa"])
def test_production_refuses_every_other_weak_secret_too(name: str, weak: str, secret: str) -> None:
    given = {name: weak.format(secret)}
    if name.startswith("stripe") and not secret:
        # Without it nothing is sold, or listened to.
        assert getattr(_settings(environment="production", **given), name) is None
        return
    with pytest.raises(ValidationError, match=name.upper()) as refused:
        _settings(environment="production", **given)
    assert not secret or secret not in str(refused.value.errors(include_input=False))
    _settings(environment="development", **given)


def test_no_secret_is_left_out() -> None:
    """Whatever looks like one is held as one, and so is refused when it is weak, and not shown."""
    for name, field in Settings.model_fields.items():
        if any(word in name for word in ("secret", "password", "_key")):
            assert "SecretStr" in str(field.annotation), name


def test_production_takes_a_strong_secret_and_refuses_other_carelessness() -> None:
    assert secret_weakness(STRONG) is None
    _settings(environment="production")
    unencrypted = {"smtp_user": "a", "smtp_password": "b", "smtp_starttls": False}
    for careless in ({"bcrypt_rounds": 8}, {"cors_origins": "*"}, unencrypted):
        with pytest.raises(ValidationError):
            _settings(environment="production", **careless)


@pytest.mark.parametrize(
    "wrong",
    [
        {"trusted_proxies": "everyone"},
        {"web_concurrency": 0},
        {"environment": "staging"},
        {"db_pool_size": -1},
        {"mail_backend": "smtp"},
        {"mail_backend": "pigeon"},
        {"smtp_user": "board"},
        {"smtp_password": "secret-word"},
        {"google_client_id": "board"},
        {"google_client_secret": "secret-word"},
    ],
)
def test_values_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        _settings(**wrong)


def test_a_worker_gets_its_share_of_the_pod() -> None:
    settings = _settings(web_concurrency=4, db_pool_size=20, db_max_overflow=40)
    assert settings.worker_db_connections == 15
    assert _settings(web_concurrency=4, redis_max_connections=50).worker_redis_connections == 12


def test_lists_are_separated_by_commas() -> None:
    urls = "postgresql://a:b@c/d , postgresql://a:b@e/f,"
    settings = _settings(database_replica_urls=urls, trusted_proxies="127.0.0.1, 10.0.0.0/8")
    assert settings.replica_urls == ("postgresql://a:b@c/d", "postgresql://a:b@e/f")
    assert len(settings.trusted_networks) == 2


def test_secrets_do_not_show() -> None:
    shown = repr(_settings(database_url="postgresql://user:hidden@c/d"))
    assert "hidden" not in shown
    assert STRONG not in shown


def test_addresses_are_spelled_as_the_driver_wants_them() -> None:
    assert asyncpg_url("postgresql://u:p%40@h:1/d") == "postgresql+asyncpg://u:p%40@h:1/d"
    spelled = asyncpg_url("postgres://u:p@h/d?sslmode=require&application_name=x")
    assert spelled == "postgresql+asyncpg://u:p@h/d?ssl=require&application_name=x"
    for wrong in ("mysql://u:p@h/d", "nonsense", "postgresql://u:p@h/d?sslmode=maybe"):
        with pytest.raises(SettingsError):
            asyncpg_url(wrong)


def test_the_app_does_not_start_with_settings_it_refuses() -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "ENVIRONMENT": "production",
        "SECRET_KEY": "hunter2",
        "DATABASE_URL": "postgresql://user:hidden@c/d",
    }
    run = subprocess.run(
        [sys.executable, "-c", "import reference_app.app"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode != 0
    last = run.stderr.strip().splitlines()[-1]
    assert "SettingsError" in last
    assert "REDIS_URL" in last
    assert "hunter2" not in run.stderr
    assert "hidden" not in run.stderr


def test_the_migrations_make_the_schema_the_models_describe(app_servers: dict[str, str]) -> None:
    environment = {**os.environ, **app_servers}
    check = subprocess.run(
        [*ALEMBIC, "check"], env=environment, capture_output=True, text=True, check=False
    )
    assert check.returncode == 0, check.stdout + check.stderr
