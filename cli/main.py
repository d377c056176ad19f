"""The command `hmb`: its commands, and the one place where errors become lines and exit codes."""

import os
import signal
import sys
from collections.abc import Sequence
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
from cli.examples import register

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
    epilog="hmb COMMAND --help tells a command's options, with examples.",
)


register(app, "doctor", doctor.doctor)
register(app, "up", stacking.up)
register(app, "down", stacking.down)
register(app, "status", stacking.status)
register(app, "seed", stacking.seed)
register(app, "loadtest", load.loadtest)
register(app, "sweep", sweep.sweep)
register(app, "calibrate", calibrate.calibrate)
register(app, "drill", drills.drill)
register(app, "probe", probing.probe)
register(app, "scenarios", load.scenarios)
register(app, "compare", comparing.compare)
register(app, "gate", gate.gate)
register(app, "import", importing.import_)
app.add_typer(history.app, name="history")
register(app, "audit", audit.audit)
register(app, "plan", plan.plan)
register(app, "preflight", preflight.preflight)
register(app, "documents", documents.documents)
register(app, "report", records.report)
register(app, "runs", records.runs)
