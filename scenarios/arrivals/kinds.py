"""All open load models, told apart by what they call themselves."""

from typing import Annotated

from pydantic import Field

from capacity.load_model import OpenLoad
from scenarios.arrivals.constant import Constant
from scenarios.arrivals.day import Day
from scenarios.arrivals.model import OpenModel
from scenarios.arrivals.ramp import Ramp
from scenarios.arrivals.replay import Replay
from scenarios.arrivals.soak import Soak
from scenarios.arrivals.spike import Spike
from scenarios.arrivals.stages import Stages

TabledModel = Annotated[Constant | Ramp | Stages | Spike | Soak | Day, Field(discriminator="model")]
"""Those a scenario's `[load]` table can name; a replay takes a file."""
AnyModel = Annotated[TabledModel | Replay, Field(discriminator="model")]


def planned(model: OpenModel, people: int, duration_s: float) -> OpenLoad:
    """`model` as the record tells it."""
    return OpenLoad(
        kind=model.model,
        users=people,
        spacing=model.spacing,
        stages=model.stages(duration_s),
        source=model.source,
    )
