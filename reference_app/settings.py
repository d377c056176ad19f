"""Everything the environment decides. The only module of the app that reads it.

Pool sizes and connection limits in the environment are per pod; a pod runs
`web_concurrency` worker processes, each with its own pools, so the properties
here give every worker its share.
"""

import socket
from collections.abc import Iterator
from functools import cached_property
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Literal, Self
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from pydantic import (
    Field,
    PositiveFloat,
    PositiveInt,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from reference_app.kit.known_flags import read_settings

_WEAK_SECRETS = (
    *("change", "secret", "default", "example", "password"),
    *("your-", "your_", "development", "placeholder", "postgres", "1234567"),
)
_SHORTEST_SECRET = 32
_FEWEST_LETTERS = 10
# Of what others make and give us.
_SHORTEST_CREDENTIAL = 12
_FEWEST_LETTERS_OF_CREDENTIAL = 6
_SSL_MODES = {"disable", "allow", "prefer", "require", "verify-ca", "verify-full"}

Listed = Annotated[tuple[str, ...], NoDecode]
"""Comma-separated in the environment."""


class SettingsError(Exception):
    """The environment asks for something the app refuses to run with. Names, never values."""


class Settings(BaseSettings):
    """The app's settings; the names in the environment are these in capitals."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    # the process
    environment: Literal["production", "development", "test"] = "development"
    pod_name: str = Field(default_factory=socket.gethostname)
    web_concurrency: PositiveInt = 4
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    request_timeout_seconds: PositiveFloat = 30.0
    request_slots: PositiveInt = 64
    """Requests one worker works on at once; what comes on top is refused.

    Ten pods of four workers then have 2,560 under way: at 5,000 a second each has half a
    second, the promised p99. More slots would only let requests wait longer than that; the
    blueprint's 4 would have 160, and refuse bursts that are answered in time.
    """
    warm_start: bool = True
    """Whether a worker opens its connections and asks for common pages before it serves."""
    max_body_bytes: PositiveInt = 1_000_000
    cors_origins: Listed = ()
    trusted_proxies: Listed = ("127.0.0.1/32",)

    # the database
    database_url: SecretStr
    database_primary_read_url: SecretStr | None = None
    database_replica_urls: Annotated[tuple[SecretStr, ...], NoDecode] = ()
    database_prepared_statements: bool = False
    db_pool_size: PositiveInt = 20
    db_max_overflow: int = Field(default=40, ge=0)
    db_pool_timeout: PositiveFloat = 5.0
    db_connect_timeout: PositiveFloat = 3.0
    replica_max_lag_seconds: PositiveFloat = 10.0
    own_writes_seconds: PositiveInt = 60

    # the cache
    redis_url: SecretStr
    redis_max_connections: PositiveInt = 50
    redis_timeout_seconds: PositiveFloat = 0.5
    cache_l1_bytes: PositiveInt = 16_000_000
    cache_ttl_default: PositiveInt = 300
    cache_ttl_user: PositiveInt = 600
    cache_ttl_jobs: PositiveInt = 60
    cache_ttl_job_page: PositiveInt = 600
    cache_ttl_feed: PositiveInt = 300
    cache_ttl_trending: PositiveInt = 600

    # sockets
    realtime_ticket_seconds: PositiveInt = 30
    realtime_ping_seconds: PositiveInt = 25
    realtime_queue_frames: PositiveInt = 64
    realtime_frame_bytes: PositiveInt = 4_096
    realtime_sockets_per_user: PositiveInt = 10
    realtime_handshakes: PositiveInt = 32
    """Sockets one worker opens at once. Each asks Redis, over the ten or so connections that a
    worker has for everything: more would make those who ask for pages wait."""

    prometheus_multiproc_dir: str | None = None
    """Set, `/metrics` answers for all workers of the pod; prometheus-client reads it too."""

    # who may come in
    secret_key: SecretStr
    access_token_minutes: PositiveInt = 30
    refresh_token_days: PositiveInt = 7
    bcrypt_rounds: int = Field(default=10, ge=4, le=15)
    login_attempts: PositiveInt = 5
    login_window_seconds: PositiveInt = 900
    login_account_attempts: PositiveInt = 50
    api_rate_per_minute: PositiveInt = 100
    feature_flags: Listed = ()
    """What is switched otherwise than `kit/flags.toml` has it: name=on, name=off, name=25."""

    # letters, and where their links lead
    frontend_url: str = "http://localhost:5173"
    mail_backend: Literal["console", "smtp"] = "console"
    mail_from: str = "HireMeBahamas <no-reply@localhost>"
    smtp_host: str | None = None
    smtp_port: PositiveInt = 587
    smtp_user: str | None = None
    smtp_password: SecretStr | None = None
    smtp_starttls: bool = True

    # signing in with Google: not offered without an id and a secret
    google_client_id: str | None = None
    google_client_secret: SecretStr | None = None
    google_issuer_url: str = "https://accounts.google.com"
    google_timeout_seconds: PositiveFloat = 3.0

    # advertising
    ads_assumed_cpm_cents: PositiveInt = 100
    """What a thousand impressions are assumed to bring: nobody has measured it."""
    ads_click_seconds: PositiveInt = 3_600

    # where people's files are kept: nothing is uploaded without an address and a key
    s3_endpoint_url: str | None = None
    s3_public_url: str | None = None
    """Where browsers reach the store, if elsewhere."""
    s3_region: str = "auto"
    s3_bucket: str = "hiremebahamas"
    s3_access_key_id: SecretStr | None = None
    s3_secret_access_key: SecretStr | None = None
    s3_timeout_seconds: PositiveFloat = 5.0
    upload_max_bytes: PositiveInt = 50_000_000

    # where errors and traces go besides the log, if anywhere: measured runs have neither
    sentry_dsn: SecretStr | None = None
    otel_exporter_otlp_endpoint: str | None = None
    otel_traces_share: float = Field(default=0.01, ge=0, le=1)

    # what it costs
    stripe_secret_key: SecretStr | None = None
    """Without it nothing can be bought."""
    stripe_webhook_secret: SecretStr | None = None
    """Without it Stripe is not listened to."""
    stripe_api_url: str = "https://api.stripe.com"
    stripe_timeout_seconds: PositiveFloat = 5.0
    stripe_success_url: str = "http://localhost:5173/billing/done"
    stripe_cancel_url: str = "http://localhost:5173/billing"
    stripe_portal_return_url: str = "http://localhost:5173/billing"
    past_due_grace_days: PositiveInt = 7

    @field_validator(
        "cors_origins", "trusted_proxies", "feature_flags", "database_replica_urls", mode="before"
    )
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator(
        "stripe_secret_key",
        "stripe_webhook_secret",
        "smtp_host",
        "smtp_user",
        "smtp_password",
        "google_client_id",
        "google_client_secret",
        "s3_endpoint_url",
        "s3_public_url",
        "s3_access_key_id",
        "s3_secret_access_key",
        "sentry_dsn",
        "otel_exporter_otlp_endpoint",
        mode="before",
    )
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        # An empty secret would accept what anybody signs with nothing.
        return value or None

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for network in value:
            ip_network(network)
        return value

    @field_validator("feature_flags")
    @classmethod
    def _known_flags(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        read_settings(value)
        return value

    @model_validator(mode="after")
    def _refuse_unsafe_production(self) -> Self:
        if self.environment == "production":
            weakness = secret_weakness(self.secret_key.get_secret_value())
            if weakness:
                raise ValueError(f"SECRET_KEY {weakness}; make one with `openssl rand -hex 32`")
            if self.bcrypt_rounds < 10:
                raise ValueError("BCRYPT_ROUNDS must be at least 10 in production")
            for name, secret in self._other_secrets():
                if weakness := credential_weakness(secret):
                    raise ValueError(f"{name.upper()} {weakness}")
            if "*" in self.cors_origins:
                raise ValueError("CORS_ORIGINS must list origins in production, not *")
        return self

    @model_validator(mode="after")
    def _refuse_incomplete(self) -> Self:
        if self.mail_backend == "smtp" and self.smtp_host is None:
            raise ValueError("MAIL_BACKEND=smtp needs an SMTP_HOST")
        if (self.smtp_user is None) != (self.smtp_password is None):
            raise ValueError("SMTP_USER and SMTP_PASSWORD go together")
        if self.smtp_password and not self.smtp_starttls and self.environment == "production":
            raise ValueError("SMTP_PASSWORD must not travel without SMTP_STARTTLS in production")
        if (self.google_client_id is None) != (self.google_client_secret is None):
            raise ValueError("GOOGLE_CLIENT_ID and GOOGLE_CLIENT_SECRET go together")
        s3 = (self.s3_endpoint_url, self.s3_access_key_id, self.s3_secret_access_key)
        if any(s3) and not all(s3):
            raise ValueError(
                "S3_ENDPOINT_URL, S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY go together"
            )
        return self

    def _other_secrets(self) -> Iterator[tuple[str, str]]:
        """Every other secret there is, by name; of an address its password."""
        for name, value in self:
            for each in value if isinstance(value, tuple) else (value,):
                # Sentry's address says where to send errors to, and opens nothing.
                if isinstance(each, SecretStr) and name not in {"secret_key", "sentry_dsn"}:
                    secret = each.get_secret_value()
                    is_address = name.endswith(("url", "urls"))
                    yield name, urlsplit(secret).password or "" if is_address else secret

    @cached_property
    def trusted_networks(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """The addresses whose X-Forwarded-For is believed."""
        return tuple(ip_network(network) for network in self.trusted_proxies)

    @cached_property
    def flags(self) -> dict[str, int]:
        """What FEATURE_FLAGS says, in per cent by name."""
        return read_settings(self.feature_flags)

    @cached_property
    def replica_urls(self) -> tuple[str, ...]:
        """The replicas' addresses, in order."""
        return tuple(url.get_secret_value() for url in self.database_replica_urls)

    @property
    def slots_for_one_thing(self) -> int:
        """How many requests at once may wait for passwords, Stripe or storage, each of these.

        A quarter of the slots, so that all of them together leave room for the rest; not
        fewer than the two calls that one event of Stripe's may take.
        """
        return max(2, self.request_slots // 4)

    @property
    def primary_read_url(self) -> str:
        """Where reads go that no replica can serve; the writer's address if none is set apart."""
        return (self.database_primary_read_url or self.database_url).get_secret_value()

    @property
    def worker_db_connections(self) -> int:
        """The most database connections one worker may open, writer and readers together."""
        return max(2, (self.db_pool_size + self.db_max_overflow) // self.web_concurrency)

    @property
    def worker_redis_connections(self) -> int:
        """The most Redis connections one worker may open; four of them listen to pub/sub."""
        return max(5, self.redis_max_connections // self.web_concurrency)


def load_settings() -> Settings:
    """The settings of the environment. Raises `SettingsError` with one line on what is wrong."""
    try:
        return Settings()  # type: ignore[call-arg]
    except ValidationError as error:
        wrong = (
            f"{'.'.join(str(part) for part in each['loc']).upper() or 'settings'}: {each['msg']}"
            for each in error.errors(include_input=False)
        )
        raise SettingsError("; ".join(wrong)) from None


class MigrationSettings(BaseSettings):
    """What a migration or a bulk load needs: the primary itself, past every pooler."""

    database_direct_url: SecretStr


class SessionSettings(BaseSettings):
    """What decides whether the app accepts a session made outside it, and for how long."""

    secret_key: SecretStr
    access_token_minutes: PositiveInt = 30
    refresh_token_days: PositiveInt = 7


def direct_url() -> str:
    """DATABASE_DIRECT_URL as it stands, which is libpq's spelling."""
    url = MigrationSettings().database_direct_url.get_secret_value()  # type: ignore[call-arg]
    _after_scheme(url)
    return url


def migration_url() -> str:
    """DATABASE_DIRECT_URL in SQLAlchemy's spelling for psycopg."""
    url = MigrationSettings().database_direct_url.get_secret_value()  # type: ignore[call-arg]
    return "postgresql+psycopg://" + _after_scheme(url)


def asyncpg_url(url: str) -> str:
    """A `postgresql://` address in SQLAlchemy's spelling for asyncpg.

    asyncpg calls `sslmode` `ssl`. Raises `SettingsError` on another scheme or mode.
    """
    parts = urlsplit("postgresql+asyncpg://" + _after_scheme(url))
    query = []
    for name, value in parse_qsl(parts.query):
        if name == "sslmode":
            if value not in _SSL_MODES:
                raise SettingsError(f"unknown sslmode {value!r}")
            query.append(("ssl", value))
        else:
            query.append((name, value))
    return urlunsplit(parts._replace(query=urlencode(query)))


def _after_scheme(url: str) -> str:
    scheme, found, rest = url.partition("://")
    if not found or scheme not in {"postgresql", "postgres"}:
        raise SettingsError("a database address must begin with postgresql://")
    return rest


def secret_weakness(secret: str) -> str | None:
    """Why `secret` must not sign tokens in production, or None when it may."""
    return _weakness(secret, _SHORTEST_SECRET, _FEWEST_LETTERS)


def credential_weakness(secret: str) -> str | None:
    """Why `secret` must not open anything in production, or None when it may."""
    return _weakness(secret, _SHORTEST_CREDENTIAL, _FEWEST_LETTERS_OF_CREDENTIAL)


def _weakness(secret: str, shortest: int, fewest_letters: int) -> str | None:
    if len(secret) < shortest:
        return f"must have a secret of at least {shortest} characters"
    if len(set(secret)) < fewest_letters:
        return "repeats too few characters"
    if any(word in secret.lower() for word in _WEAK_SECRETS):
        return "looks like a placeholder"
    return None
