"""Errors nobody foresaw, sent to Sentry. Imported only where SENTRY_DSN is set.

As little is sent as is logged: no request, no local variables, no breadcrumbs, and of errors raised
in libraries only the kind and the place, because their words may repeat what somebody entered.
"""

from collections.abc import MutableMapping
from typing import Any

import sentry_sdk
from sentry_sdk.types import Event, Hint

from reference_app.logs import UNTOLD, is_library

_LAST_WORDS_S = 2.0


def start(dsn: str, *, environment: str, release: str, pod: str) -> None:
    """Begin to send, from this process. Raises `ValueError` on an address that is none."""
    sentry_sdk.init(
        dsn,
        environment=environment,
        release=release,
        server_name=pod,
        send_default_pii=False,
        include_local_variables=False,
        include_source_context=True,
        max_request_body_size="never",
        max_breadcrumbs=0,
        # They would wrap every request, and send what they see of it.
        default_integrations=False,
        auto_enabling_integrations=False,
        before_send=_discreet,
    )


def report(_1: object, _2: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A processor of structlog's: what is logged with an error is sent as well."""
    error = event.get("exc_info")
    if isinstance(error, BaseException):
        with sentry_sdk.new_scope() as scope:
            for name in ("event", "request_id"):
                if name in event:
                    scope.set_tag(name, str(event[name]))
            scope.capture_exception(error)
    return event


def stop() -> None:
    """Send what is not sent yet, for two seconds at most."""
    sentry_sdk.flush(timeout=_LAST_WORDS_S)


def _discreet(event: Event, _: Hint) -> Event:
    for each in (event.get("exception") or {}).get("values", []):
        frames = (each.get("stacktrace") or {}).get("frames") or []
        if frames and is_library(frames[-1].get("abs_path") or ""):
            each["value"] = UNTOLD
    return event
