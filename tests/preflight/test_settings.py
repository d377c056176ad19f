"""Checks of an environment file, with one fault each."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from capacity.checklist.steps import steps
from capacity.errors import UsageError
from stack.preflight import env_file
from stack.preflight.run import Deployment, go_through

CHECKOUT = Path(__file__).resolve().parents[2]
TODAY = date(2026, 11, 28)
_SECRETS = (
    *("SECRET_KEY", "POSTGRES_PASSWORD", "APP_DB_PASSWORD", "READER_DB_PASSWORD"),
    *("MONITOR_DB_PASSWORD", "REPLICATION_DB_PASSWORD", "REDIS_PASSWORD", "GRAFANA_ADMIN_PASSWORD"),
)
SOUND = {
    **{name: f"{number}f0d3e8cb1a94e7f9b6c2d7a1e4f8b3c9d" for number, name in enumerate(_SECRETS)},
    "APP_TAG": "1.2",
    "CORS_ORIGINS": "https://www.board.example,https://board.example",
    "STRIPE_SECRET_KEY": "sk_live_51a94e7f9b6c2d7a1e4f8",
    "STRIPE_WEBHOOK_SECRET": "whsec_e8cb1a94e7f9b6c2d7a1e4f8",
    "STRIPE_SUCCESS_URL": "https://www.board.example/billing/done",
    "STRIPE_CANCEL_URL": "https://www.board.example/billing",
    "STRIPE_PORTAL_RETURN_URL": "https://www.board.example/billing",
    "S3_ENDPOINT_URL": "https://files.board.example",
    "S3_ACCESS_KEY_ID": "b1a94e7f9b6c",
    "SENTRY_DSN": "https://k@errors.board.example/2",
    "PROMETHEUS_RETENTION": "30d",
    "MAIL_BACKEND": "smtp",
    "SMTP_HOST": "mail.board.example",
    "MAIL_FROM": "Jobs <jobs@board.example>",
    "FRONTEND_URL": "https://www.board.example",
}


@pytest.fixture
def states(tmp_path: Path) -> Callable[..., dict[str, tuple[str, str]]]:
    """The step ids of an environment -> how each stands and what was seen."""

    def look(changes: dict[str, str], mode: int = 0o600) -> dict[str, tuple[str, str]]:
        path = tmp_path / "env"
        lines = [f"{name}={value}" for name, value in (SOUND | changes).items()]
        path.write_text("# ours\n\n" + "\n".join(lines) + "\n")
        path.chmod(mode)
        seen = Deployment(CHECKOUT, env_file.read(path, CHECKOUT))
        found = list(go_through(steps(), seen, {}, TODAY))
        return {one.step.id: (one.outcome.state.value, one.outcome.note) for one in found}

    return look


def test_a_sound_environment_fails_nothing(
    states: Callable[..., dict[str, tuple[str, str]]],
) -> None:
    found = states({})
    assert {name: one for name, one in found.items() if one[0] == "failed"} == {}
    assert sum(one[0] == "passed" for one in found.values()) > 80


@pytest.mark.parametrize(
    ("step", "changes"),
    [
        ("secret-key", {"SECRET_KEY": "short"}),
        ("secret-key", {"SECRET_KEY": "a" * 40}),
        ("secret-redis", {"REDIS_PASSWORD": "please-change-me-0123456789abcdef"}),
        ("secrets-distinct", {"SECRET_KEY": SOUND["REDIS_PASSWORD"]}),
        ("all-required", {"SECRET_KEY": ""}),
        ("nothing-unread", {"DB_POOLSIZE": "30"}),
        ("environment-production", {"ENVIRONMENT": "development"}),
        ("image-tag", {"APP_TAG": "latest"}),
        ("cors-set", {"CORS_ORIGINS": "*"}),
        ("cors-set", {"CORS_ORIGINS": "https://a.example,http://b.example"}),
        ("stripe-live-key", {"STRIPE_SECRET_KEY": "sk_test_51a94e7f9b6c2d7a1e4f8"}),
        ("stripe-webhook-secret", {"STRIPE_WEBHOOK_SECRET": ""}),
        ("pool-budget", {"DB_POOL_SIZE": "200"}),
        ("pool-budget", {"POSTGRES_MAX_CONNECTIONS": "50"}),
        ("pool-budget", {"DB_POOL_SIZE": "many"}),
        ("redis-room", {"REDIS_MAXMEMORY": "512mb"}),
        ("redis-connections", {"REDIS_MAX_CONNECTIONS": "500"}),
        ("password-rounds", {"BCRYPT_ROUNDS": "4"}),
        ("limit-attempts", {"LOGIN_ATTEMPTS": "lots"}),
        ("metrics-kept", {"PROMETHEUS_RETENTION": "15d"}),
        ("mail-real", {"MAIL_BACKEND": "console"}),
    ],
)
def test_each_fault_fails_its_step(
    step: str, changes: dict[str, str], states: Callable[..., dict[str, tuple[str, str]]]
) -> None:
    assert states({})[step][0] == "passed"
    assert states(changes)[step][0] == "failed"


def test_a_file_others_may_read_fails(states: Callable[..., dict[str, tuple[str, str]]]) -> None:
    assert states({}, mode=0o644)["file-is-private"] == (
        "failed",
        "its mode is 644; chmod 600 closes it",
    )


def test_no_secret_is_shown(states: Callable[..., dict[str, tuple[str, str]]]) -> None:
    told = str(states({"SECRET_KEY": "short-and-telling"}))
    hidden = [SOUND[name] for name in SOUND if name.endswith(("_PASSWORD", "_SECRET", "_KEY"))]
    assert not [one for one in [*hidden, "short-and-telling"] if one in told]


def test_a_line_that_sets_nothing_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "env"
    path.write_text("A=1\nnonsense\n")
    with pytest.raises(UsageError, match="line 2 is no NAME=value"):
        env_file.read(path, CHECKOUT)
