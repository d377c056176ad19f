"""`hmb calibrate`: from load tests, made here or before, to a model that says how far it is off."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count, groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from capacity.errors import UsageError
from cli import completing
from cli.load import load_stack, own_stack
from cli.options import home, runs_dir
from cli.records import find_run
from cli.stacking import Scale, say

if TYPE_CHECKING:
    from capacity.model.material import Material
    from scenarios.design import Planned

DEFAULT_NAME = "reference"
FEWEST_SIZES = 2


def calibrate(
    fit_from: Annotated[
        list[str] | None,
        typer.Option(
            "--from",
            metavar="RUN",
            autocompletion=completing.runs,
            help="Fit this recorded run instead of loading; may be repeated.",
        ),
    ] = None,
    held_out: Annotated[
        list[str] | None,
        typer.Option(
            metavar="RUN",
            autocompletion=completing.runs,
            help="With --from: keep this run out of the fit and predict it.",
        ),
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Fewer and shorter runs: about eight minutes.")
    ] = False,
    users: Annotated[
        int | None, typer.Option(min=20, help="Virtual users of the heaviest level.")
    ] = None,
    name: Annotated[str, typer.Option(help="What to call the model.")] = DEFAULT_NAME,
    seed: Annotated[int, typer.Option(help="Same number, same decisions of the users.")] = 1,
    scale: Annotated[Scale, typer.Option(help="Data to fill an empty stack with.")] = Scale.SMALL,
    sizes: Annotated[
        str | None,
        typer.Option(
            metavar="SCALE,SCALE...",
            help="Measure at these sizes of data, e.g. small,medium,large, and fit how demands "
            "grow. Replaces the data; the largest stays.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The model as JSON on stdout.")] = False,
) -> None:
    """Measure what each class of request costs at each tier, and check it on runs held out.

    Loads the stack with several mixes and levels (starting it if none runs), fits the model,
    predicts runs that the fit has not seen, and keeps all of it under runs/models/. From runs
    with several sizes of data it also fits how demands grow with them.
    """
    from capacity.model.calibration import calibrate as fit_and_validate
    from capacity.store import model_folder, write_model
    from cli.model_table import show

    folder = model_folder(runs_dir(), name)
    if fit_from is None and held_out:
        raise UsageError("--held-out keeps recorded runs out of the fit: name those with --from")
    if fit_from is None:
        grown = sizes_named(sizes) if sizes is not None else []
        fitted, kept = _measured(quick=quick, users=users, seed=seed, scale=scale, sizes=grown)
    else:
        if quick or users is not None or sizes is not None:
            raise UsageError("--quick, --users, --sizes are for runs made now; --from has its own")
        fitted = [find_run(run) for run in fit_from]
        kept = [find_run(run) for run in held_out or []]
    say(f"fitting {len(fitted)} runs, predicting {len(kept)} held out")
    model = fit_and_validate(
        [_material(one) for one in fitted],
        [_material(one) for one in kept],
        made_at=datetime.now(UTC),
        seed=seed,
    )
    path = write_model(folder, model)
    if as_json:
        typer.echo(model.model_dump_json(indent=2))
    else:
        show(model)
    say(f"model: {path}")


def sizes_named(words: str) -> list[Scale]:
    """The scales in `words`, the smallest first. Raises `UsageError` for fewer than two."""
    order = list(Scale)
    try:
        named = {Scale(word.strip()) for word in words.split(",")}
    except ValueError:
        raise UsageError(f"--sizes {words}: sizes are {', '.join(order)}") from None
    if len(named) < FEWEST_SIZES:
        raise UsageError(
            f"--sizes {words}: one size shows no growth; name two or more, e.g. small,large, or "
            f"measure one with --scale"
        )
    return sorted(named, key=order.index)


def _material(folder: Path) -> "Material":
    from capacity.model.material import Material
    from capacity.observation import Observation
    from capacity.store import read_cells, read_run, read_timeline

    return Material(Observation(read_run(folder), read_timeline(folder)), read_cells(folder))


def _measured(
    *, quick: bool, users: int | None, seed: int, scale: Scale, sizes: list[Scale]
) -> tuple[list[Path], list[Path]]:
    """Run the design; the folders of the runs to fit, and of those held out.

    On all `sizes` of data when there are some, on the smaller ones only what growth needs.
    """
    from scenarios.design import for_growth, plan
    from stack import engine

    planned = plan(quick=quick, users=users)
    running = engine.load_running(home())
    if running is not None:
        pods = int(running.topology["pods"])
        say(f"a stack of {pods} pods runs here: other numbers of pods are left out")
        planned = [one.with_pods(pods) for one in planned if not one.about_pods]
    stages = [(one, for_growth(planned)) for one in sizes[:-1]]
    stages.append((sizes[-1] if sizes else scale, planned))
    fitted: list[Path] = []
    kept: list[Path] = []
    whole, number = sum(len(runs) for _, runs in stages), 0
    for data, runs in stages:
        for one, folder in _runs(runs, seed, data, exactly=bool(sizes)):
            number += 1
            say(f"{number}/{whole} done: {folder.name}")
            (kept if one.held_out else fitted).append(folder)
    return fitted, kept


def _runs(
    planned: "list[Planned]", seed: int, scale: Scale, *, exactly: bool
) -> Iterator[tuple["Planned", Path]]:
    """Each planned run with its record's folder; one stack for all of the same pods.

    Each has a seed of its own, `seed` and up: people who decide as in the run before ask for what
    caches remember, more than any other load does.
    """
    from capacity.store import read_run
    from scenarios.fingerprint import where
    from scenarios.runner import RunRequest

    seeds = count(seed)
    for pods, group in groupby(planned, key=lambda one: one.pods):
        with own_stack(pods, scale, exactly=exactly) as running:
            for one in group:
                of_data = f", {scale} data" if exactly else ""
                say(f"{one.scenario.name}, {one.users} users, {pods} pods{of_data}: {one.why}")
                request = RunRequest(one.scenario, "", where(home()), one.users, seed=next(seeds))
                folder = load_stack(request, running)
                if read_run(folder).invalid:
                    say(f"{folder.name} is invalid: once more")
                    folder = load_stack(replace(request, seed=next(seeds)), running)
                yield one, folder
