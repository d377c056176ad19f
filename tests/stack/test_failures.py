"""What goes wrong with a stack is told in one clear line, and nothing is left running."""

import fcntl
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from capacity.errors import UsageError
from stack import engine
from stack.errors import StackError
from stack.processes import descendants
from tests.conftest import checkouts

pytestmark = pytest.mark.stack

Family = dict[int, float]
SMALL = {"primary", "redis"}


def test_a_service_that_does_not_start_shows_its_log_and_stops_all(
    make_home: Callable[[], Path], survivors: Callable[[Family], list[int]]
) -> None:
    home = make_home()
    with (home / "deploy/redis/redis.conf").open("a", encoding="utf-8") as file:
        file.write("parrot yes\n")
    before = descendants(os.getpid())
    with pytest.raises(StackError, match="redis did not start: it exited with status 1") as raised:
        engine.up(home, services=SMALL)
    assert "Bad directive or wrong number of arguments" in raised.value.details
    assert (
        survivors({pid: b for pid, b in descendants(os.getpid()).items() if pid not in before})
        == []
    )
    assert engine.status(home).phase == "stopped"


def test_a_damaged_data_directory_is_told(make_home: Callable[[], Path]) -> None:
    home = make_home()
    engine.up(home, services={"primary"})
    engine.down(home)
    data = home / ".hmb/native/volumes/primary-data/pgdata"
    control = data / "global/pg_control"
    kept = control.read_bytes()
    control.write_bytes(b"\0" * len(kept))
    with pytest.raises(StackError, match="primary did not start") as raised:
        engine.up(home, services={"primary"})
    assert "FATAL" in raised.value.details
    (data / "PG_VERSION").unlink()
    with pytest.raises(StackError, match=r"damaged .*; remove it to start afresh"):
        engine.up(home, services={"primary"})


def test_data_made_halfway_is_made_again(make_home: Callable[[], Path]) -> None:
    home = make_home()
    volume = home / ".hmb/native/volumes/primary-data"
    (volume / "pgdata").mkdir(parents=True)
    (volume / "pgdata/PG_VERSION").write_text("15\n", encoding="utf-8")
    running = engine.up(home, services={"primary"})
    assert running.services["primary"].process.alive
    engine.down(home)


def test_a_replica_of_another_primary_is_built_anew(make_home: Callable[[], Path]) -> None:
    home = make_home()
    wanted = {"primary", "replica-1"}
    engine.up(home, services=wanted)
    engine.down(home)
    volumes = home / ".hmb/native/volumes"
    (volumes / "primary-data/made").unlink()
    running = engine.up(home, services=wanted)
    assert [r.state for r in engine.status(home).replication] == ["streaming"]
    assert set(running.services) == wanted
    # what may be the last copy of the lost primary's data is there still
    (kept,) = (volumes / "replica-1-data").glob("pgdata.before-*")
    assert (kept / "standby.signal").exists()
    engine.down(home)


def test_a_chosen_port_that_is_taken_is_told(
    make_home: Callable[[], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        monkeypatch.setenv("PLAIN_PORT", str(taken))
        with pytest.raises(StackError, match=f"port {taken}, wanted for nginx:8080, is taken"):
            engine.up(make_home(), services={"nginx"})


def test_two_starts_at_once_in_one_home(make_home: Callable[[], Path]) -> None:
    home = make_home()
    (home / ".hmb").mkdir()
    with (home / ".hmb/up.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(StackError, match="another start of the stack is under way"):
            engine.up(home, services=SMALL)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"pods": 1}, "1 pods: choose 2 to 10"),
        ({"pods": 11}, "11 pods: choose 2 to 10"),
        ({"replicas": 3}, "3 replicas: choose 0 to 2"),
        ({"engine": "kubernetes"}, "no engine 'kubernetes'"),
    ],
)
def test_what_cannot_be_asked_for(
    make_home: Callable[[], Path], asked: dict[str, object], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        engine.up(make_home(), **asked)  # type: ignore[arg-type]


def test_a_folder_that_is_no_checkout_is_told(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="run this from the checkout"):
        engine.up(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_service_is_told(make_home: Callable[[], Path]) -> None:
    with pytest.raises(StackError, match="no service mysql"):
        engine.up(make_home(), services={"mysql"})


def test_a_test_that_fails_leaves_no_checkout_behind() -> None:
    homes = []

    def fails() -> None:
        with checkouts() as make:
            homes.append(make())
            homes.append(make())
            engine.up(homes[0], services={"no such service"})

    with pytest.raises(StackError):
        fails()
    assert not any(home.exists() for home in homes)
