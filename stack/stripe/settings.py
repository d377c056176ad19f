"""What the server takes from its environment, read once at start."""

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Settings:
    """See the package docstring for the variables; times in seconds."""

    secret_key: str
    webhook_url: str
    webhook_secret: str
    public_url: str
    state_file: Path | None
    backoff_s: float
    attempts: int
    timeout_s: float


def read() -> Settings:
    """The settings of this process. Raises `ValueError` on a number that is none."""
    state_file = os.environ.get("STRIPE_STATE_FILE", "")
    return Settings(
        secret_key=os.environ.get("STRIPE_SECRET_KEY", ""),
        webhook_url=os.environ.get("STRIPE_WEBHOOK_URL", ""),
        webhook_secret=os.environ.get("STRIPE_WEBHOOK_SECRET", ""),
        public_url=os.environ.get("STRIPE_PUBLIC_URL", "").rstrip("/"),
        state_file=Path(state_file) if state_file else None,
        backoff_s=float(os.environ.get("STRIPE_WEBHOOK_BACKOFF_SECONDS", "1")),
        attempts=int(os.environ.get("STRIPE_WEBHOOK_ATTEMPTS", "8")),
        timeout_s=float(os.environ.get("STRIPE_WEBHOOK_TIMEOUT_SECONDS", "5")),
    )
