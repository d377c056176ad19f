"""Facts of the environment template: its variables, their groups, and which nothing reads."""

import re
from pathlib import Path

from capacity.audit.facts import Fact, Value
from stack import compose
from stack.inventory.files import text

FILE = ".env.production.example"
_NAME = re.compile(r"^(?:# )?([A-Z][A-Z0-9_]+)=", re.M)
_GROUPS = {
    "app": r"ENVIRONMENT",
    "database": r"DB_|DATABASE_|POSTGRES_",
    "redis": r"REDIS_",
    "ttls": r"CACHE_TTL_",
    "security": r"SECRET_KEY|ACCESS_TOKEN|REFRESH_TOKEN",
    "cors": r"CORS_",
    "gunicorn": r"WEB_CONCURRENCY|GRACEFUL_TIMEOUT",
    "files": r"S3_|R2_",
    "stripe": r"STRIPE_",
    "tier limits": r"(?:FREE|PRO|BUSINESS)_|TIER_",
    "email": r"SMTP_|SENDGRID_",
    "push": r"PUSH_|VAPID_|FCM_",
    "monitoring": r"SENTRY_",
    "datadog": r"DD_|DATADOG_",
    "new relic": r"NEW_RELIC_",
    "google": r"GOOGLE_CLIENT_",
    "facebook": r"FACEBOOK_",
    "linkedin": r"LINKEDIN_",
    "search": r"SEARCH_|ELASTIC|MEILI|ALGOLIA_",
    "rate limits": r"API_RATE|RATE_LIMIT",
    "feature flags": r"FEATURE_",
    "logging": r"LOG_",
    "cron": r"CRON_|SCHEDULE",
}
_OF_COMPOSE = re.compile(r"COMPOSE_")


def facts(home: Path) -> dict[str, Fact]:
    """The template's variables, counted, named and grouped by what they begin with."""
    names = tuple(dict.fromkeys(_NAME.findall(text(home, FILE))))
    read = set(re.findall(r"\$\{([A-Z][A-Z0-9_]*)", compose.raw_text(home)))
    unread = [one for one in names if one not in read and not _OF_COMPOSE.match(one)]
    groups = [
        group for group, begins in _GROUPS.items() if any(re.match(begins, name) for name in names)
    ]
    values: dict[str, Value] = {
        "env.variables": len(names),
        "env.names": names,
        "env.groups": tuple(groups),
        "env.unread": len(unread),
    }
    return {name: Fact(value, FILE) for name, value in values.items()}
