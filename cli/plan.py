"""`hmb plan`: measured demands to resources, a bill and a margin; or a budget to users."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from capacity.errors import UsageError
from cli.audit import KEPT, recorded
from cli.calibrate import DEFAULT_NAME
from cli.options import home, runs_dir
from cli.probing import read_probes
from cli.stacking import say

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from capacity.cost.catalogue import Catalogue
    from capacity.plan.asking import Answer
    from capacity.plan.assumed import Assumed
    from capacity.plan.shapes import Simulation
    from capacity.plan.tail_grid import GridJob, Points
    from capacity.plan.tails import Job


def plan(
    users: Annotated[
        float | None, typer.Option(help="Registered users to plan for, 1,000 to 100 million.")
    ] = None,
    budget: Annotated[
        float | None, typer.Option(help="USD a month instead: how many users does it carry?")
    ] = None,
    model: Annotated[
        str, typer.Option(help="A model hmb calibrate made: its name, folder or file.")
    ] = DEFAULT_NAME,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="NAME=VALUE", help="An assumption or rule; also low:mid:high."
        ),
    ] = None,
    compare: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="A second plan beside it, with this set as well."),
    ] = None,
    providers: Annotated[
        list[str] | None,
        typer.Option("--provider", metavar="NAME", help="Buy from it what it offers."),
    ] = None,
    ledger: Annotated[
        Path | None, typer.Option(help="The board's own revenue and growth figures, as JSON.")
    ] = None,
    indices: Annotated[
        bool,
        typer.Option("--indices", help="Also Sobol indices: which assumptions matter together."),
    ] = False,
    html: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Where its pages go: runs/plan."),
    ] = None,
    simulate: Annotated[
        bool,
        typer.Option("--simulate", help="Also p95 and p99 by simulation, for each number of pods."),
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Same number, same draws.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable.")] = False,
) -> None:
    """Plan for so many users, or for a budget: pods, databases, bill, cost per user, margin.

    Every figure is an interval over seeded draws of all assumptions, each of which can be set.
    The founder's and the engineer's page are written, and the plan is kept for hmb audit.
    """
    from datetime import UTC, datetime

    from capacity.cost.catalogue import read_catalogues
    from capacity.plan.asking import Question, answer
    from capacity.plan.assumed import assumed
    from capacity.store import read_model
    from cli.plan_table import show

    if (users is None) == (budget is None):
        raise UsageError("give either --users N or --budget USD")
    if html and compare:
        raise UsageError("--html tells one plan, --compare two: give one of them")
    question = Question(
        users=users,
        budget=budget,
        start=datetime.now(UTC).date(),
        providers=tuple(providers or ()),
        seed=seed,
        indices=indices,
    )
    found = read_model(_model_folder(model))
    own = _ledger(ledger) if ledger else None
    if indices:
        say("some thousand evaluations for the Sobol indices")
    catalogues = read_catalogues()
    tails = _simulated if simulate else None
    answers = [answer(question, found, settings or (), catalogues, own, tails)]
    if compare:
        also = [*(settings or ()), *compare]
        answers.append(answer(question, found, also, catalogues, own, tails))
    if as_json:
        told = [one.model_dump(mode="json") for one in answers]
        typer.echo(json.dumps(told if compare else told[0], indent=1))
    else:
        show(answers, [" ".join(settings or ()) or "as assumed", " ".join(compare or ())])
    if compare:
        return
    sys.stdout.flush()
    given = assumed(found, settings or (), own)
    folder = html or runs_dir() / KEPT.parent
    _write_pages(folder, answers[0], given, catalogues, question.providers)


def _write_pages(
    folder: Path,
    found: "Answer",
    given: "Assumed",
    catalogues: "Sequence[Catalogue]",
    providers: "Sequence[str]",
) -> None:
    """The plan's pages; the blueprint's claims are judged by it and the newest runs."""
    from capacity.audit.audit import Looked
    from capacity.audit.audit import audit as judge
    from capacity.audit.blueprint import read_blueprint
    from capacity.audit.plan_document import figures_of
    from capacity.plan.kept import keep
    from capacity.store import write_text
    from reports.audit import render
    from stack.inventory import gather

    kept = keep(found, given, catalogues, providers, _sliders_tails)
    planned = figures_of(kept.model_dump(mode="json"))
    looked = Looked(recorded([]), gather(home()), planned, read_probes(runs_dir()))
    write_text(folder / KEPT.name, kept.model_dump_json() + "\n")
    for path in render.write_reports(folder, judge(read_blueprint(), looked), kept):
        say(f"report: {path}")


def _simulated(job: "Job") -> "Simulation":
    """The simulation, or what is kept of one with the same inputs."""
    from capacity.plan.shapes import Simulation
    from capacity.store import SIMULATIONS, kept

    file = runs_dir() / SIMULATIONS / f"{job.key}.json"
    return kept(file, Simulation, lambda: job.run(say))


def _sliders_tails(job: "GridJob") -> "Points":
    """The same for the sliders' grid."""
    from capacity.plan.tail_grid import Points
    from capacity.store import SIMULATIONS, kept

    file = runs_dir() / SIMULATIONS / f"{job.key}.json"
    return kept(file, Points, lambda: job.run(say))


def _model_folder(named: str) -> Path:
    from capacity.store import MODEL, model_folder

    path = Path(named)
    if path.name == MODEL:
        return path.parent
    return path if path.is_dir() else model_folder(runs_dir(), named)


def _ledger(path: Path) -> "Mapping[str, Any]":
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UsageError(f"no ledger at {path}") from error
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise UsageError(f"cannot read the ledger {path}: {error}") from error
    if not isinstance(document, dict):
        raise UsageError(f"{path} is no ledger: a JSON object with revenue and growth is")
    return document
