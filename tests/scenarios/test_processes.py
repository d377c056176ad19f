"""A load that several processes send, against one process of the same seed and a known server."""

from pathlib import Path

from capacity.run import Run
from scenarios.arrivals.constant import Constant
from scenarios.request import Workers
from tests.scenarios.conftest import Loaded, Server

DRAW = """
class Person(FastHttpUser):
    @task
    def draw(self):
        self.client.get("/draw")
"""


def the_spool(run: Run, tmp_path: Path) -> list[str]:
    return (tmp_path / "runs" / run.id / "load.jsonl").read_text().splitlines()


def test_several_processes_are_one_load(loaded: Loaded, server: Server, tmp_path: Path) -> None:
    run = loaded(
        DRAW, users=40, load=Constant(rate=60), duration_s=3, workers=Workers(2, here=True)
    )
    print(run.model_dump_json(exclude={"endpoints"}, indent=1))
