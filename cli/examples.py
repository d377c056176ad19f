"""How a command is made known: with examples of its use at the end of its help."""

import inspect
from collections.abc import Callable

import typer

from cli.plain_help import PlainCommand

EXAMPLES = {
    "doctor": ("hmb doctor",),
    "up": ("hmb up", "hmb up --pods 3 --replicas 2 --profile monitoring"),
    "down": ("hmb down", "hmb down --purge"),
    "status": ("hmb status", "hmb status --json"),
    "seed": ("hmb seed --scale small",),
    "loadtest": (
        "hmb loadtest mixed",
        "hmb loadtest mixed --users 50 --duration 60s",
        "hmb loadtest mixed --rate 150",
        "hmb loadtest mine.py --host http://127.0.0.1:8000 --slo slo.toml",
    ),
    "sweep": ("hmb sweep mixed", "hmb sweep mine.py --host http://127.0.0.1:8000 --slo slo.toml"),
    "calibrate": ("hmb calibrate", "hmb calibrate --quick"),
    "drill": ("hmb drill --list", "hmb drill pod-kill"),
    "probe": ("hmb probe db-qps",),
    "scenarios": ("hmb scenarios",),
    "compare": ("hmb compare BASE CHANGED", "hmb compare gate/base gate/head --format markdown"),
    "gate": (
        "hmb gate --base main --head HEAD",
        'hmb gate mine.py --base main --base-cmd "./serve {port}" --head-cmd "./serve {port}"',
    ),
    "history add": ("hmb history add latest",),
    "history list": ("hmb history list --json",),
    "history trend": ("hmb history trend --branch main",),
    "import": ("hmb import results_stats.csv", "hmb import k6.json --scenario checkout"),
    "audit": ("hmb audit", "hmb audit --strict"),
    "plan": (
        "hmb plan --users 1000000",
        "hmb plan --budget 2000",
        "hmb plan --users 50000 --set activity.daily_share=0.1:0.12:0.15",
    ),
    "preflight": (
        "hmb preflight --env-file .env",
        "hmb preflight --env-file .env --url http://127.0.0.1:8080",
    ),
    "documents": ("hmb documents",),
    "report": ("hmb report latest", "hmb report latest --format markdown"),
    "runs": ("hmb runs",),
}


def register(app: typer.Typer, path: str, command: Callable[..., None]) -> None:
    """Add `command` to `app` under the last word of its `path`, such as `history add`."""
    lines = "\n".join(f"  {one}" for one in EXAMPLES[path])
    # \b keeps each example on its line
    epilog = f"\b\nFor example:\n{lines}"
    made_known = app.command(
        path.split()[-1], cls=PlainCommand, short_help=_summary(command), epilog=epilog
    )
    made_known(command)


def _summary(command: Callable[..., None]) -> str:
    """The first sentence of what a command says of itself, whole: a list would cut it off."""
    paragraph = (inspect.getdoc(command) or "").split("\n\n")[0]
    return " ".join(paragraph.split()).split(". ")[0].rstrip(".") + "."
