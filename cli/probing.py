"""`hmb probe`: each tier alone, by its own benchmark."""

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from capacity.errors import HmbError, UsageError
from cli.options import home, runs_dir
from cli.stacking import say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from capacity.tier_probe import TierProbe
    from stack.state import Running

FOLDER = "probes"
"""Under runs/: where probes are kept, the newest of each name."""
_PODS = 2
"""The fewest a stack has: a probe goes past them."""
_ROW = "{:<10} {:<24} {:>24} {:>22}  {}"


def probe(
    name: Annotated[
        str, typer.Argument(help="lb-rps, db-qps or redis-ops; all of them if absent.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="The probes as JSON on stdout.")] = False,
) -> None:
    """Measure the balancer, the database or Redis alone, as hmb audit judges them.

    Uses the stack if it runs, and otherwise starts it and stops it again. Every benchmark is
    bounded in time and goes to this machine; the newest probe of a name replaces the older.
    """
    import json

    from stack import benchmarks

    if name and name not in benchmarks.NAMES:
        raise UsageError(f"no probe is called {name!r}; there are {', '.join(benchmarks.NAMES)}")
    with _stack() as running:
        found = [_probed(one, running) for one in ([name] if name else benchmarks.NAMES)]
    if as_json:
        typer.echo(json.dumps([_document(one) for one in found], indent=2))
    else:
        typer.echo(_ROW.format("probe", "figure", "a second", "of one busy vCPU", "what").rstrip())
        for one in found:
            _tell(one)


@contextmanager
def _stack() -> "Iterator[Running]":
    """The running stack, or one of our own that ends with us; its data is not asked for."""
    from stack import engine

    with engine.kept_for_one(home()):
        running = engine.load_running(home())
        if running is not None:
            _native(running)
            yield running
            return
        running = engine.up(home(), pods=_PODS, replicas=0, bound=True, progress=say)
        try:
            yield running
        finally:
            engine.down(home())


def _native(running: "Running") -> None:
    if running.choices.engine != "native":
        raise HmbError("a probe needs a stack of the native engine; hmb down, then hmb probe")


def _probed(name: str, running: "Running") -> "TierProbe":
    """One probe, measured and kept."""
    from datetime import UTC, datetime

    from capacity.store import write_text
    from capacity.tier_probe import TierProbe
    from scenarios.fingerprint import where
    from stack import benchmarks

    started = datetime.now(UTC)
    found = TierProbe(
        id=f"{name}-{started:%Y%m%d-%H%M%S}",
        name=name,
        started_at=started,
        where=where(home(), topology=running.topology, servers=running.versions),
        figures=benchmarks.run(name, running, say),
    )
    path = runs_dir() / FOLDER / f"{name}.json"
    write_text(path, found.model_dump_json(indent=1) + "\n")
    say(f"kept: {path}")
    return found


def _document(found: "TierProbe") -> dict[str, object]:
    """The record, and each figure's rate and what one vCPU of the tier comes to."""
    told = {}
    for one in found.figures:
        value, bounds = one.per_second
        told[one.name] = {
            "per_second": value,
            "low": bounds.low,
            "high": bounds.high,
            "per_vcpu": one.per_vcpu,
            "unit": one.unit,
            "failures": one.failures,
        }
    return {"probe": found.model_dump(mode="json"), "figures": told}


def _tell(found: "TierProbe") -> None:
    from capacity import figures

    for one in found.figures:
        value, _ = one.per_second
        vcpu = one.per_vcpu
        each = figures.MISSING if vcpu is None else figures.figure(vcpu, one.unit)
        failed = f"; {figures.count(one.failures)} failed" if one.failures else ""
        rate = figures.figure(value, one.unit)
        typer.echo(_ROW.format(found.name, one.name, rate, each, f"{one.what}{failed}"))


def read_probes(folder: Path) -> "list[TierProbe]":
    """The probes kept under `folder`. Raises `HmbError` for a file that is none."""
    from pydantic import ValidationError

    from capacity.tier_probe import TierProbe

    found = []
    for path in sorted((folder / FOLDER).glob("*.json")):
        try:
            found.append(TierProbe.model_validate_json(path.read_bytes()))
        except (OSError, ValidationError) as error:
            why = str(error).partition("\n")[0]
            raise HmbError(f"{path} is no probe's record: {why}; remove it, or hmb probe") from None
    return found
