"""The load model a person asked for, from the options that name one."""

from pathlib import Path
from typing import TYPE_CHECKING

from capacity.errors import UsageError
from cli.options import Spacing, levels

if TYPE_CHECKING:
    from scenarios.arrivals.model import OpenModel


def asked_for(
    users: int | None,
    rate: float | None,
    ramp: float | None,
    stages: str | None,
    replay: Path | None,
    spacing: Spacing | None,
) -> "OpenModel | None":
    """The open model these options name; None when they name none.

    Raises `UsageError` for options that exclude each other, in one line.
    """
    named = {
        "--users": users is not None,
        "--rate": rate is not None,
        "--stages": stages is not None,
        "--replay": replay is not None,
    }
    given = [name for name, is_given in named.items() if is_given]
    if len(given) > 1:
        raise UsageError(
            f"{' and '.join(given)} exclude each other: users wait for answers, arrivals do not"
        )
    if ramp is not None and rate is None:
        raise UsageError("--ramp needs --rate: arrivals go from the one to the other")
    if spacing is not None and (not given or users is not None):
        raise UsageError("--spacing is of arrivals: give --rate, --stages or --replay")
    model = _named(rate, ramp, stages, replay)
    if model is None or spacing is None:
        return model
    return model.model_copy(update={"spacing": spacing.value})


def _named(
    rate: float | None, ramp: float | None, stages: str | None, replay: Path | None
) -> "OpenModel | None":
    from scenarios.arrivals.constant import Constant
    from scenarios.arrivals.ramp import Ramp
    from scenarios.arrivals.replay import read_replay

    if stages is not None:
        return levels(stages)
    if replay is not None:
        return read_replay(replay)
    if rate is None:
        return None
    return Constant(rate=rate) if ramp is None else Ramp(rate=rate, to=ramp)
