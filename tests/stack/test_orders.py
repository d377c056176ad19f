"""A service that has ended is started again by the stack's own keeper."""

import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from capacity.drill import drill
from stack import engine
from stack.drills.disturber import Disturber
from stack.drills.instances import held_still, kill
from stack.drills.kinds import KINDS
from stack.drills.stage import Stage
from stack.errors import StackError
from stack.processes import identity
from stack.state import Running

pytestmark = pytest.mark.stack


@pytest.mark.parametrize("bound", [True, False], ids=["bound", "detached"])
def test_a_killed_service_is_started_again_in_its_place(
    make_home: Callable[..., Path], bound: bool
) -> None:
    home = make_home()
    running = engine.up(home, services={"redis"}, bound=bound)
    before = running.services["redis"]
    with pytest.raises(StackError, match="redis still runs"):
        engine.start_again(running, "redis")
    kill(before)
    assert engine.load_running(home) is None
    after = engine.start_again(running, "redis").services["redis"]
    assert (after.port, after.name) == (before.port, before.name)
    assert after.process.alive
    assert after.process != before.process
    # whoever asks next finds the whole stack, with its new process
    assert engine.load_running(home) == running.model_copy(update={"services": {"redis": after}})
    with pytest.raises(StackError, match="no service postgres runs"):
        engine.start_again(running, "postgres")
    engine.down(home)
    assert identity(after.pid) is None
    with pytest.raises(StackError, match="keeper is gone"):
        engine.start_again(running, "redis")


def test_what_cannot_be_started_again_is_told(make_home: Callable[..., Path]) -> None:
    home = make_home()
    running = engine.up(home, services={"redis"}, bound=True)
    kill(running.services["redis"])
    conf = home / "deploy/redis/redis.conf"
    conf.write_text(conf.read_text() + "\nno-such-setting yes\n")
    with pytest.raises(StackError, match="redis did not start") as told:
        engine.start_again(running, "redis")
    assert "no-such-setting" in told.value.details
    engine.down(home)


def test_who_is_held_still_goes_on_whatever_happens(make_home: Callable[..., Path]) -> None:
    home = make_home()
    running = engine.up(home, services={"redis"}, bound=True)
    pid = running.services["redis"].pid

    def state() -> str:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]

    def fail() -> None:
        with held_still([pid]):
            deadline = time.monotonic() + 60
            while state() != "T" and time.monotonic() < deadline:
                time.sleep(0.01)
            assert state() == "T"
            raise StackError("something else")

    with pytest.raises(StackError, match="something else"):
        fail()
    assert state() != "T"
    engine.down(home)


def test_a_stack_is_whole_again_whoever_started_what_had_ended(
    make_home: Callable[..., Path],
) -> None:
    """A drill that gave up waiting for an instance sees that it has come up after all."""
    home = make_home()
    running = engine.up(home, services={"primary", "redis"}, bound=True)
    stage = Stage(drill("redis-loss"), running)
    assert stage.is_whole()
    kill(running.services["redis"])
    assert not stage.is_whole()
    engine.start_again(running, "redis")
    assert stage.is_whole()
    assert stage.service("redis").process.alive
    engine.down(home)


def test_every_drill_has_a_kind() -> None:
    from capacity.drill import drills

    assert {one.name for one in drills()} == set(KINDS)


def test_of_a_stack_that_stays_broken_is_told_what_went_wrong_first(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fails(_: Stage) -> None:
        raise StackError("backend-2 did not start")

    native, gone = SimpleNamespace(engine="native"), SimpleNamespace()
    running = SimpleNamespace(choices=native, services={"backend-2": gone}, home=tmp_path)
    monkeypatch.setitem(KINDS, "pod-kill", fails)
    monkeypatch.setattr("stack.drills.stage._HEALTHY_SECONDS", 0.0)
    disturber = Disturber(drill("pod-kill"), cast("Running", running))
    disturber.begin(0.0)
    with pytest.raises(StackError, match="backend-2 did not start"):
        disturber.close()
