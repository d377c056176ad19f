"""Logging: one JSON object per line on stderr. Requests are logged by nginx, not here.

No line holds people's data or a token. Errors are the hard part: what a
library says of a value it could not use repeats the value, so of errors
raised in libraries only the kind and the place are logged.
"""

import logging
import sys
from pathlib import Path
from sysconfig import get_path
from typing import Any

import structlog
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import EventDict, Processor

_LIBRARIES = (get_path("stdlib"), get_path("purelib"), get_path("platlib"))
UNTOLD = "not logged: it may repeat what somebody entered"


class _Discreet(ExceptionDictTransformer):
    """Errors without the words of libraries."""

    def __call__(self, exc_info: Any) -> list[dict[str, Any]]:
        stacks = super().__call__(exc_info)
        _hush(stacks)
        return stacks


def _hush(stacks: list[dict[str, Any]]) -> None:
    for stack in stacks:
        frames = stack["frames"]
        if frames and is_library(frames[-1]["filename"]):
            stack["exc_value"] = UNTOLD
            stack["exc_notes"] = []
        for grouped in stack["exceptions"]:
            _hush(grouped)


def _name_database_error(_1: object, _2: str, event: EventDict) -> EventDict:
    # Its words are not logged; its code says as much to whoever mends it.
    sqlstate = getattr(getattr(event.get("exc_info"), "orig", None), "sqlstate", None)
    if sqlstate is not None:
        event["sqlstate"] = sqlstate
    return event


def is_library(filename: str) -> bool:
    """Whether the source `filename` is not ours."""
    # Compiled ones name their sources by a path that leads nowhere here.
    return not Path(filename).is_absolute() or filename.startswith(_LIBRARIES)


def configure(level: str, report: Processor | None = None) -> None:
    """Send the app's log lines of `level` and above to stderr; each passes `report` as well."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _name_database_error,
            *([] if report is None else [report]),
            # Without local variables: they hold passwords and tokens.
            structlog.processors.ExceptionRenderer(_Discreet(show_locals=False, max_frames=14)),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        # Made anew for every line, so that it is today's stderr that is written to.
        logger_factory=lambda *_: structlog.WriteLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )
