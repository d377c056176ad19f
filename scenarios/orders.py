"""What the runner tells the generator process, as JSON in its environment."""

import os
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from capacity.run import Phase
from capacity.spool import PlannedStep
from scenarios.catalogue import Scenario

VARIABLE = "HMB_ORDERS"
"""The environment variable that carries the orders."""
SPOOL = "load.jsonl"


class Orders(BaseModel):
    """One generator process's part of a run. Times in seconds.

    `scenario` is None for a person's own locustfile.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    generator: str
    locustfile: Path
    spool: Path
    host: str
    users: int
    warmup_s: float
    duration_s: float
    finish_s: float
    seed: int
    scenario: Scenario | None = None
    data_file: Path | None = None

    @property
    def steps(self) -> tuple[PlannedStep, ...]:
        """The warm-up (if there is one) and the measured step, from the opening on."""
        end = self.warmup_s + self.duration_s
        measured = PlannedStep("measured", Phase.MEASURED, self.warmup_s, end)
        if self.warmup_s == 0:
            return (measured,)
        return (PlannedStep("warmup", Phase.WARMUP, 0.0, self.warmup_s), measured)

    @property
    def offered_rate(self) -> float | None:
        """Requests per second the users would send if every answer were instant."""
        return None if self.scenario is None else self.users / self.scenario.think.mean_s


def in_environment(orders: Orders) -> dict[str, str]:
    """The orders as the environment variable that carries them."""
    return {VARIABLE: orders.model_dump_json()}


def read_orders() -> Orders:
    """The orders this process was started with."""
    return Orders.model_validate_json(os.environ[VARIABLE])
