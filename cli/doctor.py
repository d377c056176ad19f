"""`hmb doctor` and the greeting of `hmb` alone."""

import json
import sys
from typing import Annotated

import typer

from cli.options import home
from cli.stacking import say

GREETING = """\
hmb: can this system carry a million users, and what does it cost?

  hmb doctor                what is missing on this machine, and how to get it
  hmb loadtest mixed        start the stack, load it, read the report it names
  hmb sweep mixed           find the largest load within the targets
  hmb plan --users 1000000  pods, pools, cost and margin
  hmb audit                 every claim of the blueprint, and its verdict
  hmb preflight             hold a deployment against the checklist

Your own service: hmb loadtest my_journeys.py --host http://127.0.0.1:8000
All commands: hmb --help. Completion in your shell: hmb --install-completion
"""


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Findings as JSON on stdout.")] = False,
) -> None:
    """Say what is missing on this machine, and how to get it.

    Exits 1 when something is missing that the stack cannot do without.
    """
    from stack.doctor import look
    from stack.outcome import State

    found = list(look(home()))
    if as_json:
        names = ("state", "what", "note", "mend")
        rows = [(one.outcome.state, one.what, one.outcome.note, one.mend) for one in found]
        told = [dict(zip(names, row, strict=True)) for row in rows]
        typer.echo(json.dumps(told, indent=1))
    else:
        for one in found:
            mend = f"; {one.mend}" if one.mend else ""
            typer.echo(f"{one.outcome.state:<8} {one.what:<13} {one.outcome.note}{mend}")
    missing = [one.what for one in found if one.outcome.state is State.FAILED]
    sys.stdout.flush()
    if missing:
        say(f"the stack cannot start without: {', '.join(missing)}")
    else:
        say("all that the stack needs is here: hmb loadtest mixed")
    raise typer.Exit(1 if missing else 0)
