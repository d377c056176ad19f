"""What the runner tells the generator process: a JSON file that its environment names.

The text itself may be too long for an environment: a replay has a rate for every second.
"""

import os
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from capacity.load_model import LoadModel, OpenLoad, Piece
from capacity.run import Phase
from capacity.spool import PlannedStep
from capacity.store import write_text
from scenarios.catalogue import Scenario
from scenarios.share import Share

VARIABLE = "HMB_ORDERS"
"""The environment variable that names the file with the orders."""
BUILT_IN = Path(__file__).with_name("locustfile.py")
"""The locustfile of the built-in scenarios."""
FILE = "orders.json"
SPOOL = "load.jsonl"


class Post(BaseModel):
    """A place in a load that several processes send, by Locust's own master and workers.

    The master binds `host` and `port`, workers come there; it waits `wait_s` for `workers`
    of them. Workers started `elsewhere` run on another machine than the master.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    role: Literal["master", "worker"]
    host: str
    port: int
    workers: int
    wait_s: float
    elsewhere: bool = False


class Orders(BaseModel):
    """One generator process's part of a run. Times in seconds.

    `load` is the whole load, of which this process sends its `share`. `scenario` is None for
    a person's own locustfile. `duration_s` is that of `load`, where it says so itself.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    generator: str
    locustfile: Path
    spool: Path
    host: str
    load: LoadModel
    warmup_s: float
    duration_s: float
    finish_s: float
    seed: int
    scenario: Scenario | None = None
    data_file: Path | None = None
    share: Share = Share()
    post: Post | None = None
    web_port: int | None = None

    @property
    def users(self) -> int:
        """Virtual users of this process, or the people its arrivals are of; a master has none."""
        return 0 if self.role == "master" else self.share.count(self.load.users)

    @property
    def role(self) -> Literal["master", "worker"] | None:
        """What this process is among several; None when it is alone."""
        return None if self.post is None else self.post.role

    @property
    def is_open(self) -> bool:
        """Whether arrivals come on a schedule."""
        return isinstance(self.load, OpenLoad)

    @property
    def lasts_s(self) -> float:
        """Seconds from the opening to the end of the load."""
        return self.warmup_s + self.duration_s

    @property
    def steps(self) -> tuple[PlannedStep, ...]:
        """The warm-up (if there is one) and the measured steps, from the opening on."""
        steps = []
        if self.warmup_s:
            steps.append(PlannedStep("warmup", Phase.WARMUP, 0.0, self.warmup_s))
        if not isinstance(self.load, OpenLoad):
            end = self.lasts_s
            return (*steps, PlannedStep("measured", Phase.MEASURED, self.warmup_s, end))
        began = self.warmup_s
        for stage in self.load.stages:
            steps.append(PlannedStep(stage.name, Phase.MEASURED, began, began + stage.seconds))
            began += stage.seconds
        return tuple(steps)

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """The rate of an open load from the opening on: warmed up at what it begins with."""
        if not isinstance(self.load, OpenLoad):
            return ()
        pieces = [piece for stage in self.load.stages for piece in stage.pieces]
        if self.warmup_s:
            rate = pieces[0].start
            pieces.insert(0, Piece(seconds=self.warmup_s, start=rate, end=rate))
        return tuple(pieces)

    @property
    def offered_rate(self) -> float | None:
        """Requests per second its closed users would send if every answer were instant."""
        if isinstance(self.load, OpenLoad) or self.load.offered_rate is None:
            return None
        return self.load.offered_rate * self.users / self.load.users


def in_environment(orders: Orders) -> dict[str, str]:
    """The orders, written beside the spool, as the environment variable that names them.

    Raises `capacity.store.RecordError` when they cannot be written.
    """
    name = FILE if orders.role != "worker" else f"{orders.generator}.json"
    file = orders.spool.with_name(name)
    write_text(file, orders.model_dump_json() + "\n")
    return {VARIABLE: str(file)}


def read_orders() -> Orders:
    """The orders this process was started with."""
    return Orders.model_validate_json(Path(os.environ[VARIABLE]).read_text(encoding="utf-8"))
