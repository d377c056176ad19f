"""A master and its workers, each a command of its own, and what they refuse."""

import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgpack
import pytest
import zmq

from capacity.errors import HmbError, UsageError
from capacity.load_model import ClosedLoad
from cli import hosts, several
from scenarios import joining, messages
from scenarios.errors import ScenarioError
from scenarios.orders import Orders, Post
from scenarios.request import Workers
from scenarios.share import Share
from tests.cli.conftest import Going, Said, processes_of
from tests.scenarios.conftest import server
from tests.scenarios.known import Server

Hmb = Callable[..., Said]
EVERYWHERE = "0.0.0.0"  # noqa: S104  # nothing is bound to it: it stands for another machine's
__all__ = ["server"]

JOURNEYS = """
from locust import FastHttpUser, constant, task

class Caller(FastHttpUser):
    wait_time = constant(0.05)
    @task
    def page(self):
        self.client.get("/page")
"""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


def test_workers_join_send_and_are_let_go(
    begin: Callable[..., Going], hmb: Hmb, server: Server, tmp_path: Path
) -> None:
    for name in ("master", "first", "second"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "mine.py").write_text(JOURNEYS)
    (tmp_path / "second" / "other.py").write_text(JOURNEYS + "# another load\n")
    port = str(free_port())
    to = ("--worker", "--master-port", port)
    master = begin(
        tmp_path / "master",
        *("loadtest", "mine.py", "--host", server.host, "--users", "5", "--duration", "60s"),
        *("--warmup", "0s", "--master", "--expect-workers", "2", "--master-bind-port", port),
    )
    master.wait_for(f"waiting up to 60 s for 2 workers at 127.0.0.1:{port}")
    first = begin(tmp_path / "first", "loadtest", "mine.py", *to)
    first.wait_for("worker-1 of 2: 3 users, load on http://127.0.0.1")
    stranger = hmb(tmp_path / "second", "loadtest", "other.py", *to)
    assert stranger.code == 1
    assert stranger.err.count("\n") == 1
    assert "refuses: the master loads by locustfile" in stranger.err
    second = begin(tmp_path / "second", "loadtest", "mine.py", *to)
    master.wait_for("5 users")
    late = hmb(tmp_path / "second", "loadtest", "mine.py", *to)
    assert (late.code, "has the 2 workers it expects" in late.err) == (1, True)
    said = master.interrupt()
    assert (said.code, "Traceback" in said.err) == (130, False), said.err
    for worker, name in ((first, "worker-1"), (second, "worker-2")):
        assert worker.process.wait(120) == 0, worker.log.read_text()
        assert worker.log.read_text().endswith(f"{name}: done, the master has its counts\n")
    assert processes_of(tmp_path) == []
    (record,) = tmp_path.glob("master/runs/*/run.json")
    document = json.loads(record.read_text())
    assert document["status"] == "interrupted"
    assert [one["users"] for one in document["senders"]] == [0, 3, 2]
    counted = sum(one["requests"] for one in document["endpoints"])
    assert counted == len(server.report()["arrivals"])


def named(**options: Any) -> Workers | None:
    nothing = dict.fromkeys(("processes", "expect_workers", "bind_host", "bind_port", "wait_s"))
    return several.asked_for(**{**nothing, "master": False, **options})


def test_options_name_processes() -> None:
    assert named() is None
    assert named(processes=1) is None
    assert named(processes=4) == Workers(4, here=True)
    assert named(master=True) == Workers(1, here=False, port=5557)
    assert named(master=True, expect_workers=3, bind_host=EVERYWHERE, wait_s=9.0) == Workers(
        3,
        here=False,
        host=EVERYWHERE,
        port=5557,
        wait_s=9.0,
    )
    with pytest.raises(UsageError, match="--processes starts its own master"):
        named(master=True, processes=2)
    with pytest.raises(UsageError, match="--expect-workers says what a master waits for"):
        named(processes=2, expect_workers=2)


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("--worker", "--users", "9"), "--users is not a worker's to say"),
        (("--worker", "--master"), "--master is not a worker's to say"),
        (("--worker", "--seed", "2"), "--seed is not a worker's to say"),
        (("--master-host", "10.0.0.1"), "--master-host says where a worker's master is"),
    ],
)
def test_what_does_not_go_together_is_one_line(
    here: Hmb, tmp_path: Path, words: tuple[str, ...], line: str
) -> None:
    said = here(tmp_path, "loadtest", "smoke", *words)
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert line in said.err


@contextmanager
def a_master_that_says(data: dict[str, Any]) -> Iterator[int]:
    """Something at the master's port that answers one question."""
    with zmq.Context() as context, context.socket(zmq.ROUTER) as door:
        port = door.bind_to_random_port("tcp://127.0.0.1")

        def answer() -> None:
            if door.poll(5000):
                who, question = door.recv_multipart()
                kind, asked, _ = msgpack.loads(question)
                assert (kind, asked["version"]) == (messages.JOIN, messages.version())
                door.send_multipart([who, msgpack.dumps((messages.JOIN, data, who.decode()))])

        answering = threading.Thread(target=answer)
        answering.start()
        yield port
        answering.join()


def orders(host: str) -> str:
    return Orders(
        generator="worker-1",
        locustfile=Path("mine.py"),
        spool=Path("load.jsonl"),
        host=host,
        load=ClosedLoad(users=2),
        warmup_s=0,
        duration_s=1,
        finish_s=1,
        seed=1,
        share=Share(),
        post=Post(role="worker", host=EVERYWHERE, port=1, workers=1, wait_s=1),
    ).model_dump_json()


def joined(host: str, port: int) -> None:
    joining.join(
        "smoke",
        joining.Place(host, port, 1.0),
        lambda target: hosts.check(target, None),
        lambda _line: None,
    )


def refuses(answer: dict[str, Any], line: str, host: str = "127.0.0.1") -> None:
    with a_master_that_says(answer) as port, pytest.raises(HmbError, match=re.escape(line)):
        joined(host, port)


def test_a_worker_loads_only_what_it_may() -> None:
    own = {"orders": orders("http://127.0.0.1:9")}
    # by an address that other machines could reach, the master is taken to be on one
    refuses(own, "from here would be this machine", EVERYWHERE)
    refuses({"orders": orders("http://192.0.2.1:80")}, "192.0.2.1 is not this machine")
    refuses({"refusal": "no"}, "refuses: no")
    refuses({"other": 1}, "no hmb master")
    with pytest.raises(ScenarioError, match="no master answers"):
        joined("127.0.0.1", free_port())
