"""The commands `load`, `status` and `export`. Results go to stdout, progress and errors to stderr.

Exit codes: 0 done, 1 the database or the environment fails, 2 refused, 130 interrupted.
"""

import argparse
import json
import logging
import signal
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import psycopg
from pydantic import ValidationError

from reference_app.seed.database import connect, first_line
from reference_app.seed.errors import RefusedError, SeedError
from reference_app.seed.export import ANY, Accounts, export
from reference_app.seed.loading import Wanted, load
from reference_app.seed.progress import Progress
from reference_app.seed.state import state
from reference_app.settings import SessionSettings, SettingsError, direct_url
from reference_app.subscriptions.tiers import Tier

_EMPLOYERS = 0.15
"""The share of employers among sessions of which nobody says who they are."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    chosen = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # Breaking off is told in our one line, not by the driver as well.
    logging.getLogger("psycopg").addHandler(logging.NullHandler())
    try:
        print(json.dumps(_run(chosen)))  # noqa: T201  (the command's result)
    except KeyboardInterrupt:
        return _fail("interrupted", 130)
    except RefusedError as error:
        return _fail(str(error), 2)
    except (SeedError, SettingsError) as error:
        return _fail(str(error), 1)
    except ValidationError as error:
        names = ", ".join(str(each["loc"][0]).upper() for each in error.errors())
        return _fail(f"the environment lacks or mistypes {names}", 1)
    except (psycopg.Error, OSError) as error:
        return _fail(first_line(error), 1)
    return 0


def _run(chosen: argparse.Namespace) -> dict[str, Any]:
    url = direct_url()
    if chosen.command == "load":
        wanted = Wanted(chosen.scale, chosen.seed, chosen.day or datetime.now(UTC).date())
        return load(url, wanted, force=chosen.force, progress=Progress())
    if chosen.command == "export":
        settings = SessionSettings()  # type: ignore[call-arg]
        with connect(url) as connection:
            return export(connection, _accounts(chosen), chosen.seed, chosen.out, settings)
    with connect(url) as connection:
        return state(connection)


def _fail(reason: str, code: int) -> int:
    # On a terminal a line of progress may still stand there.
    clear = "\r\x1b[K" if sys.stderr.isatty() else ""
    sys.stderr.write(f"{clear}seed: {reason}\n")
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m reference_app.seed", description="Test data.")
    commands = parser.add_subparsers(dest="command", required=True)
    loading = commands.add_parser("load", help="replace everything by generated data")
    loading.add_argument("--scale", default="small", help="small (the default), medium or large")
    loading.add_argument("--seed", type=_seed, default=1, help="same number, same data")
    loading.add_argument(
        "--day", type=date.fromisoformat, help="the day the data is as of (default: today)"
    )
    loading.add_argument(
        "--force", action="store_true", help="delete data even if it was not seeded"
    )
    commands.add_parser("status", help="which data the database holds")
    exporting = commands.add_parser("export", help="sign users in and write data to load with")
    exporting.add_argument(
        "--sessions", type=_sessions, default=1_000, help="of any tier, 85 %% seekers"
    )
    exporting.add_argument("--seekers", type=_tiers, help="instead, by tier: free=80,pro=2")
    exporting.add_argument("--employers", type=_tiers, help="the same; any=5 of whichever tier")
    exporting.add_argument("--seed", type=_seed, default=1, help="which users are chosen")
    exporting.add_argument("--out", type=Path, required=True)
    return parser


def _seed(text: str) -> int:
    number = int(text)
    if not 0 <= number < 2**63:
        raise argparse.ArgumentTypeError("must be between 0 and 2^63 - 1")
    return number


def _accounts(chosen: argparse.Namespace) -> Accounts:
    """The accounts asked for by tier, else so many sessions of any."""
    if chosen.seekers is None and chosen.employers is None:
        employers = round(chosen.sessions * _EMPLOYERS)
        return Accounts({ANY: chosen.sessions - employers}, {ANY: employers})
    return Accounts(chosen.seekers or {}, chosen.employers or {})


def _tiers(text: str) -> dict[str, int]:
    counts = {}
    for part in filter(None, text.split(",")):
        name, _, count = part.partition("=")
        if name not in (ANY, *Tier):
            raise argparse.ArgumentTypeError(f"no tier is called {name!r}")
        counts[name] = int(count)
        if counts[name] < 1:
            raise argparse.ArgumentTypeError(f"{name} must be at least 1")
    return counts


def _sessions(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


if __name__ == "__main__":
    sys.exit(main())
