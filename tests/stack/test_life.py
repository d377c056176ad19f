"""How a stack starts, ends and fails: nothing may be left behind, everything must be told."""

import json
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from stack import engine, places, state
from stack.errors import StackError
from stack.native import site
from stack.processes import identity
from stack.state import Choices, Phase, ProcessId, Record, Running
from tests.conftest import SMALL_PODS

pytestmark = pytest.mark.stack

Family = dict[int, float]
SMALL = {"primary", "redis"}
_OWNER = """
import sys, time
from pathlib import Path
from stack import engine
engine.up(Path(sys.argv[1]), services=eval(sys.argv[2]), bound=sys.argv[3] == "bound", pods=2,
          replicas=1)
print("ready", flush=True)
time.sleep(60)
"""


@contextmanager
def owner(home: Path, services: set[str] | None, how: str) -> Iterator[subprocess.Popen[str]]:
    """A process of its own that starts a stack and stays."""
    process = subprocess.Popen(
        [sys.executable, "-c", _OWNER, str(home), repr(services), how],
        stdout=subprocess.PIPE,
        env=os.environ | SMALL_PODS,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def wait_until(true: Callable[[], bool], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.02)


def test_down_leaves_no_process_and_up_works_again(
    make_home: Callable[[], Path],
    family: Callable[[Path], Family],
    survivors: Callable[[Family], list[int]],
) -> None:
    home = make_home()
    first = engine.up(home, services=SMALL)
    living = family(home)
    assert len(living) > 5
    assert engine.down(home) == ["the stack is stopped"]
    assert survivors(living) == []
    assert engine.load_running(home) is None
    assert engine.status(home).phase == "stopped"
    assert engine.down(home) == ["no stack is running here"]
    second = engine.up(home, services=SMALL)
    assert {n: s.port for n, s in second.services.items()} == {
        n: s.port for n, s in first.services.items()
    }
    engine.down(home)


def test_services_stop_after_those_that_use_them(make_home: Callable[[], Path]) -> None:
    home = make_home()
    choices = Choices(engine="native", pods=2, replicas=2)
    stack = site.build(places.prepare(home), choices, {})

    def stops_after(service: str) -> set[str]:
        return {a.service.name for a in stack.adapters.values() if service in a.uses()}

    assert stops_after("nginx") == set()
    assert stops_after("backend") == {"nginx"}
    assert stops_after("pgbouncer") == {"backend", "migrate"}
    assert stops_after("replica-1") == {"pgbouncer"}
    assert stops_after("primary") >= {"replica-1", "replica-2", "pgbouncer", "backend"}


@pytest.mark.long
def test_a_bound_stack_dies_with_its_killed_owner(
    make_home: Callable[[], Path],
    family: Callable[[Path], Family],
    survivors: Callable[[Family], list[int]],
) -> None:
    home = make_home()
    with owner(home, None, "bound") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        living = family(home)
        process.kill()
        assert survivors(living) == []
    record = state.read(home)
    assert record is not None
    assert record.phase is Phase.STOPPED


def test_a_detached_stack_outlives_its_owner_and_dies_with_its_killed_keeper(
    make_home: Callable[[], Path],
    family: Callable[[Path], Family],
    survivors: Callable[[Family], list[int]],
) -> None:
    home = make_home()
    with owner(home, None, "detached") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    running = engine.load_running(home)
    assert running is not None
    assert set(running.services) == {
        *("nginx", "backend-1", "backend-2", "pgbouncer", "primary", "replica-1", "redis"),
        *("stripe", "s3"),
    }
    assert "replica_2" not in running.environment["DATABASE_REPLICA_URLS"]
    assert "replica_1" in running.environment["DATABASE_REPLICA_URLS"]
    living = family(home)
    assert len(living) > 25  # nginx's and the pods' workers, the servers' own children
    record = state.read(home)
    assert record is not None
    assert record.keeper is not None
    os.kill(record.keeper.pid, signal.SIGKILL)
    assert survivors(living) == []
    assert engine.load_running(home) is None
    assert engine.status(home).phase == "stopped"
    said: list[str] = []
    engine.up(home, services=SMALL, progress=said.append)
    assert "clearing up after a stack that is gone" in said
    engine.down(home)


def test_a_start_that_is_killed_leaves_nothing(
    make_home: Callable[[], Path],
    family: Callable[[Path], Family],
    survivors: Callable[[Family], list[int]],
) -> None:
    home = make_home()
    with owner(home, None, "detached") as process:

        def starting() -> bool:
            record = state.read(home)
            return record is not None and record.keeper is not None and len(family(home)) > 3

        wait_until(starting)
        living = family(home)
        process.kill()
    assert survivors(living) == []
    wait_until(lambda: engine.status(home).phase == "stopped")


def test_a_second_up_finds_the_first(make_home: Callable[[], Path]) -> None:
    home = make_home()
    first = engine.up(home, services=SMALL)
    said: list[str] = []
    assert engine.up(home, services=SMALL, progress=said.append) == first
    assert said == ["the stack is running already"]
    with pytest.raises(StackError, match="stop it first with `hmb down`"):
        engine.up(home, services=SMALL, pods=5)
    assert engine.load_running(home) == first
    engine.down(home)


def test_a_half_dead_stack_is_told_and_restarted(make_home: Callable[[], Path]) -> None:
    home = make_home()
    first = engine.up(home, services=SMALL)
    os.kill(first.services["redis"].pid, signal.SIGKILL)
    wait_until(lambda: engine.status(home).phase == "damaged")
    states = {service.name: service.state for service in engine.status(home).services}
    assert states == {"primary": "running", "redis": "dead"}
    assert engine.load_running(home) is None
    said: list[str] = []
    second = engine.up(home, services=SMALL, progress=said.append)
    assert "redis died: restarting the stack" in said
    assert second.services["primary"].pid != first.services["primary"].pid
    engine.down(home)


def test_a_record_naming_another_process_harms_nobody(make_home: Callable[[], Path]) -> None:
    home = make_home()
    (home / ".hmb").mkdir()
    bystander = subprocess.Popen(["sleep", "60"])
    try:
        began = identity(bystander.pid)
        assert began is not None
        # The number of a process that lives, but not since then: the machine reused it.
        other = ProcessId(pid=bystander.pid, began=began - 1)
        state.write(home, Record(phase=Phase.STARTING, keeper=other))
        assert engine.status(home).phase == "stopped"
        engine.down(home)
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_a_record_that_cannot_be_read_is_no_stack(make_home: Callable[[], Path]) -> None:
    home = make_home()
    (home / ".hmb").mkdir()
    (home / ".hmb/stack.json").write_text('{"phase": "run', encoding="utf-8")
    assert engine.status(home).phase == "stopped"
    assert engine.load_running(home) is None
    engine.up(home, services={"redis"})
    engine.down(home)


def test_a_stack_of_another_version_can_still_be_ended(
    make_home: Callable[[], Path],
    family: Callable[[Path], Family],
    survivors: Callable[[Family], list[int]],
) -> None:
    home = make_home()
    engine.up(home, services=SMALL)
    living = family(home)
    record = home / ".hmb/stack.json"
    known = json.loads(record.read_text(encoding="utf-8"))
    known["running"]["moon_phase"] = "full"
    record.write_text(json.dumps(known), encoding="utf-8")
    assert engine.load_running(home) is None
    assert engine.down(home) == ["the stack is stopped"]
    assert survivors(living) == []


def test_a_stack_whose_record_was_damaged_can_still_be_ended(
    make_home: Callable[[], Path],
    family: Callable[[Path], Family],
    survivors: Callable[[Family], list[int]],
) -> None:
    home = make_home()
    engine.up(home, services=SMALL)
    living = family(home)
    (home / ".hmb/stack.json").write_text('{"phase": "run', encoding="utf-8")
    assert engine.load_running(home) is None
    assert engine.down(home) == ["the stack is stopped"]
    assert survivors(living) == []


def test_two_homes_at_once(make_home: Callable[[], Path]) -> None:
    homes = [make_home(), make_home()]
    one, two = (engine.up(home, services=SMALL) for home in homes)
    ports = [service.port for running in (one, two) for service in running.services.values()]
    assert len(set(ports)) == 4
    engine.down(homes[0])
    assert engine.load_running(homes[1]) == two
    engine.down(homes[1])


_AS_ORDINARY_USER = """
import json, os, sys
from pathlib import Path
from stack import engine
from stack.processes import descendants
from stack import state
home = Path(sys.argv[1])
running = engine.up(home, pods=2, replicas=1)
keeper = state.read(home).keeper.pid
owners = {os.stat(f"/proc/{pid}").st_uid for pid in descendants(keeper)}
lines = engine.down(home)
print(json.dumps({"services": sorted(running.services), "owners": sorted(owners), "down": lines}))
"""


def _run_as(uid: int, words: list[str], home: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        words,
        user=uid,
        group=uid,
        extra_groups=[],
        env={"PATH": "/usr/bin:/bin", "HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1"}
        | SMALL_PODS,
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
    )


def _python_for(uid: int, home: Path) -> str:
    """A Python with our packages that `uid` can run: root's own may lie in root's home.

    A virtual environment on the system's Python of the same version, reading our packages.
    """
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    system = shutil.which(version, path="/usr/bin:/usr/local/bin")
    if system is None:
        pytest.skip(f"no {version} that an ordinary user can run")
    packages = home / "venv/lib" / version / "site-packages"
    packages.mkdir(parents=True)
    ours = [sysconfig.get_path("purelib"), str(Path(engine.__file__).parents[1])]
    # Pythons before 3.11.3 need this package for redis; ours may be newer and lack it.
    (packages / "async_timeout.py").write_text("from asyncio import timeout\n", encoding="utf-8")
    (packages / "ours.pth").write_text("\n".join(ours), encoding="utf-8")
    (home / "venv/pyvenv.cfg").write_text("home = /usr/bin\n", encoding="utf-8")
    (home / "venv/bin").mkdir()
    python = home / "venv/bin/python"
    python.symlink_to(system)
    if _run_as(uid, [str(python), "-c", "import psycopg, stack"], home).returncode != 0:
        pytest.skip("the checkout or its packages are closed to other users")
    return str(python)


@pytest.mark.skipif(os.geteuid() != 0, reason="every other test runs as an ordinary user then")
def test_an_ordinary_user_runs_everything_as_themselves(make_home: Callable[[], Path]) -> None:
    home = make_home()
    nobody = 65534
    python = _python_for(nobody, home)
    for path in [home, *home.rglob("*")]:
        os.chown(path, nobody, nobody, follow_symlinks=False)
    result = _run_as(nobody, [python, "-c", _AS_ORDINARY_USER, str(home)], home)
    assert result.returncode == 0, result.stderr
    told = json.loads(result.stdout)
    assert told["owners"] == [nobody]
    assert told["down"] == ["the stack is stopped"]
    assert set(told["services"]) == {
        *("nginx", "backend-1", "backend-2", "pgbouncer", "primary", "replica-1", "redis"),
        *("stripe", "s3"),
    }


def test_monitoring_runs_prometheus_and_says_that_grafana_does_not(
    make_home: Callable[[], Path],
) -> None:
    home = make_home()
    said: list[str] = []
    running: Running = engine.up(
        home, services={"prometheus", "grafana"}, profiles={"monitoring"}, progress=said.append
    )
    assert set(running.services) == {"prometheus"}
    assert any("grafana" in line and "Debian has no Grafana package" in line for line in said)
    engine.down(home)
