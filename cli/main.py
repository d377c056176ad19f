"""The command `hmb`: its commands, and the one place where errors become lines and exit codes."""

import os
import signal
import sys
from collections.abc import Callable, Sequence
from typing import Any

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from capacity.errors import HmbError
from cli import (
    audit,
    calibrate,
    comparing,
    doctor,
    documents,
    drills,
    gate,
    history,
    importing,
    load,
    plan,
    preflight,
    probing,
    records,
    stacking,
    sweep,
)
from cli.examples import EXAMPLES

INTERRUPTED = 130


def _say(message: str, details: str = "") -> None:
    sys.stderr.write(f"error: {message}\n")
    if details:
        sys.stderr.write(f"{details.rstrip()}\n")


def _end_in_order() -> None:
    """Take a request to end, or a terminal that closes, as a Ctrl-C: what was begun is undone."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:  # not under nohup
            signal.signal(number, signal.default_int_handler)


class _OneLineErrors(TyperGroup):
    """A command group that never shows a traceback for something a person can mend."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        if standalone_mode:
            _end_in_order()
        words = list(sys.argv[1:] if args is None else args)
        if not words and not any(name.endswith("_COMPLETE") for name in os.environ):
            sys.stdout.write(doctor.GREETING)
            return 0
        try:
            code = super().main(words, prog_name, complete_var, False, windows_expand_args, **extra)
        except TyperException as error:
            _say(error.format_message())
            code = error.exit_code
        except HmbError as error:
            _say(str(error), error.details)
            code = error.exit_code
        except BrokenPipeError:
            sys.stderr.close()
            code = 1
        if not standalone_mode:
            return code
        if code == INTERRUPTED:
            sys.stderr.write("interrupted\n")
        sys.exit(code or 0)


app = typer.Typer(
    cls=_OneLineErrors,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Can this system carry a million users, and what does it cost? Answers with evidence.",
)


def _add(name: str, command: Callable[..., None]) -> None:
    app.command(name, epilog=f"For example: {EXAMPLES[name]}")(command)


_add("doctor", doctor.doctor)
_add("up", stacking.up)
_add("down", stacking.down)
_add("status", stacking.status)
_add("seed", stacking.seed)
_add("loadtest", load.loadtest)
_add("sweep", sweep.sweep)
_add("calibrate", calibrate.calibrate)
_add("drill", drills.drill)
_add("probe", probing.probe)
_add("scenarios", load.scenarios)
_add("compare", comparing.compare)
_add("gate", gate.gate)
_add("import", importing.import_)
app.add_typer(history.app, name="history")
_add("audit", audit.audit)
_add("plan", plan.plan)
_add("preflight", preflight.preflight)
_add("documents", documents.documents)
_add("report", records.report)
_add("runs", records.runs)
