"""Starts, stops and describes the production stack. What the commands use.

The native engine's services are children of a keeper process (`stack.keeper`); here is
its owner's side. All functions are synchronous.
"""

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO, Any

import psutil

from capacity import figures
from capacity.errors import UsageError
from stack import budget, compose, credentials, docker, orders, state
from stack.errors import StackError
from stack.interpolation import required_names
from stack.keeper import DETACH
from stack.native import site
from stack.places import remove, state_folder
from stack.processes import alive, descendants
from stack.report import Status, report
from stack.state import Choices, Phase, ProcessId, Record, Running

FEWEST_PODS, MOST_PODS = 2, 10
MOST_REPLICAS = 2
ENGINES = ("native", "compose")

_STOP_SECONDS = 120.0
_KILL_SECONDS = 10.0
_POLL_SECONDS = 0.05
_START_AGAIN_SECONDS = 180.0

Progress = Callable[[str], None]

_keepers: dict[Path, subprocess.Popen[bytes]] = {}
"""Keepers this process started, by home. The pipe to a bound one is held open here."""


def up(
    home: Path,
    *,
    engine: str = "native",
    pods: int | None = None,
    replicas: int = 2,
    bound: bool = False,
    services: Collection[str] | None = None,
    profiles: Collection[str] = (),
    progress: Progress = lambda line: None,
) -> Running:
    """Start the stack of the checkout `home`, or find it running.

    `bound`: it ends with this process, however that ends; otherwise with `down`. If this
    process ends before the stack is ready, the stack ends too. `pods`: as many as the compose
    file says, if None. `services` starts only these, `profiles` adds the compose file's
    optional ones. `progress` gets one line per step. Raises `UsageError` for numbers out of
    range, `StackError` for the rest.
    """
    home = home.resolve()
    count = pods if pods is not None else compose.pods(home) or FEWEST_PODS
    _check(engine, count, replicas)
    choices = Choices(
        engine=engine,
        pods=count,
        replicas=replicas,
        services=None if services is None else tuple(sorted(services)),
        profiles=tuple(sorted(profiles)),
    )
    _check_budget(home, choices)
    with _alone(home, "up.lock", f"another start of the stack is under way in {home}"):
        present = _present(home, choices, progress)
        if present is not None:
            return present
        if engine == "compose":
            return docker.up(home, choices, progress, scale=pods is not None)
        return _start(home, choices, bound, progress)


def kept_for_one(home: Path) -> AbstractContextManager[None]:
    """Keep the stack of `home` to oneself: two load tests at once would measure each other.

    Raises `StackError` when another command has it.
    """
    home = home.resolve()
    compose.raw_text(home)
    busy = f"a load test or a seeding of the stack in {home} is under way: wait for its end"
    return _alone(home, "use.lock", busy)


def down(home: Path) -> list[str]:
    """Stop the stack of `home`. Returns a line for each thing a person should know.

    Raises `StackError` when something of it still lives afterwards.
    """
    home = home.resolve()
    record = state.read(home)
    if record is None or record.phase is Phase.STOPPED:
        if _docker_runs(home, record):
            return docker.down(home, record or Record(phase=Phase.STOPPED))
        return ["no stack is running here"]
    if _is_dockers(record):
        return docker.down(home, record)
    lines = []
    family = _family(record)
    if record.keeper is not None and record.keeper.alive:
        lines += _end_keeper(home, record.keeper)
    else:
        lines.append("the stack's keeper was gone already")
    lines += _end_family(family)
    state.write(home, Record(phase=Phase.STOPPED, ports=record.ports, data=record.data))
    return [*lines, "the stack is stopped"]


def wipe(home: Path) -> list[str]:
    """Stop the stack of `home` and delete its data, logs and passwords."""
    lines = down(home)
    record = state.read(home.resolve())
    try:
        if record is not None and record.data is not None:
            remove(record.data)
        remove(state_folder(home.resolve()))
    except OSError as error:
        raise StackError(f"could not delete the stack's data: {error}") from None
    return lines


def load_running(home: Path) -> Running | None:
    """The stack that runs for `home`, whole; None when there is none or parts of it died."""
    record = state.read(home.resolve())
    if record is None or record.phase is not Phase.RUNNING or record.running is None:
        return None
    if record.running.choices.engine == "compose":
        return record.running
    return None if _dead_parts(record) else record.running


def start_again(running: Running, name: str, patience_s: float = _START_AGAIN_SECONDS) -> Running:
    """Start a service of a native stack that has ended; the stack as it then is.

    Raises `StackError` when it still runs or does not get ready.
    """
    record = state.read(running.home)
    if record is None or record.keeper is None or not record.keeper.alive:
        raise StackError("the stack's keeper is gone")
    orders.give(running.home, record.keeper, {"start": name}, patience_s)
    record = state.read(running.home)
    if record is None or record.running is None:
        raise StackError("the stack was stopped")
    return record.running


def secrets(home: Path) -> dict[str, str]:
    """The passwords the native engine made for `home`, by their names in the compose file."""
    return credentials.ensure(state_folder(home.resolve()), ())


def status(home: Path) -> Status:
    """What runs for `home`, service by service."""
    return report(home.resolve(), state.read(home.resolve()))


def _check(engine: str, pods: int, replicas: int) -> None:
    if engine not in ENGINES:
        raise UsageError(f"no engine {engine!r}: choose one of {', '.join(ENGINES)}")
    if not FEWEST_PODS <= pods <= MOST_PODS:
        raise UsageError(f"{pods} pods: choose {FEWEST_PODS} to {MOST_PODS}")
    if not 0 <= replicas <= MOST_REPLICAS:
        raise UsageError(f"{replicas} replicas: choose 0 to {MOST_REPLICAS}")


def _check_budget(home: Path, choices: Choices) -> None:
    """Raises `UsageError` when more connections are asked for than the next tier takes."""
    secret = dict.fromkeys(required_names(compose.raw_text(home)), "not asked here")
    chosen = docker.chosen_variables(home) if choices.engine == "compose" else dict(os.environ)
    file = compose.read(home, chosen | secret)
    names = site.instances(file, choices)
    budget.check(file, home, pods=choices.pods, running=names)


@contextmanager
def _alone(home: Path, lock: str, otherwise: str) -> Iterator[None]:
    """Hold a lock of this checkout. Raises `StackError` with `otherwise` when it is held."""
    try:
        state_folder(home).mkdir(exist_ok=True)
        file = (state_folder(home) / lock).open("w")
    except OSError as error:
        raise StackError(f"the stack's folder cannot be written: {error}") from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StackError(otherwise) from None
        yield


def _present(home: Path, choices: Choices, progress: Progress) -> Running | None:
    """The stack already there if it is the one asked for; what is left of a dead one is ended."""
    record = state.read(home)
    if record is None or record.phase is Phase.STOPPED or _is_dockers(record):
        if choices.engine != "compose" and _docker_runs(home, record):
            raise StackError("Docker runs a stack here: stop it first with `hmb down`")
        return None  # `docker compose up` does what is lacking
    running = record.running
    dead = _dead_parts(record)
    if running is not None and not dead:
        if running.choices != choices:
            raise StackError(
                f"a stack of {_words(running.choices)} is running here, asked for is one of "
                f"{_words(choices)}: stop it first with `hmb down`"
            )
        progress("the stack is running already")
        return running
    if record.keeper is not None and record.keeper.alive:
        gone = ", ".join(dead)
        progress(f"{gone} died: restarting the stack" if gone else "a start was cut short")
    else:
        progress("clearing up after a stack that is gone")
    down(home)
    return None


def _is_dockers(record: Record) -> bool:
    return record.running is not None and record.running.choices.engine == "compose"


def _docker_runs(home: Path, record: Record | None) -> bool:
    """Whether there are containers of a stack of `home`, recorded or not."""
    if record is not None and record.phase is not Phase.STOPPED:
        return bool(docker.containers(home))
    return bool(docker.found_by_chance(home))


def _words(choices: Choices) -> str:
    parts = [choices.engine, f"{choices.pods} pods", figures.plural(choices.replicas, "replica")]
    if choices.services is not None:
        parts.append("only " + ", ".join(choices.services))
    return " / ".join([*parts, *choices.profiles])


def _dead_parts(record: Record) -> list[str]:
    running = record.running
    if record.keeper is None or not record.keeper.alive or running is None:
        return ["the keeper"] if running is not None else []
    return [name for name, service in running.services.items() if not service.process.alive]


def _start(home: Path, choices: Choices, bound: bool, progress: Progress) -> Running:
    log = state_folder(home) / "keeper.log"
    with log.open("wb") as output:
        keeper = subprocess.Popen(
            [sys.executable, "-m", "stack.keeper"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=output,
            cwd="/",
            env=os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parents[1])},
            start_new_session=True,
        )
    assert keeper.stdin is not None  # noqa: S101 - tells the type checker of PIPE
    assert keeper.stdout is not None  # noqa: S101
    _keepers[home] = keeper
    ready = False
    try:
        _send(keeper.stdin, {"home": str(home), "choices": choices.model_dump()})
        _follow(keeper.stdout, log, progress)
        if not bound:
            keeper.stdin.write(f"{DETACH}\n".encode())
            keeper.stdin.close()
        ready = True
    finally:
        keeper.stdout.close()
        if not ready:
            # The end of its input is its order to stop.
            keeper.stdin.close()
            _reap(home, _STOP_SECONDS)
    running = load_running(home)
    if running is None:
        raise StackError("the stack died right after its start; see `hmb status`")
    return running


def _send(pipe: IO[bytes], request: dict[str, Any]) -> None:
    pipe.write(json.dumps(request).encode() + b"\n")
    pipe.flush()


def _follow(messages: IO[bytes], log: Path, progress: Progress) -> None:
    """Pass on the keeper's progress until it is ready. Raises `StackError` with its error."""
    for line in messages:
        message = json.loads(line)
        if "error" in message:
            raise StackError(message["error"], message["details"])
        if message.get("ready"):
            return
        progress(message["progress"])
    last = log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:]
    raise StackError("the stack's keeper ended before the stack was ready", "\n".join(last))


def _family(record: Record) -> dict[int, float]:
    """Every process of the stack that can be found now -> when it began."""
    known = [record.keeper] if record.keeper is not None else []
    if record.running is not None:
        known += [service.process for service in record.running.services.values()]
    family: dict[int, float] = {}
    for process in known:
        if process.alive:
            family[process.pid] = process.began
            family |= descendants(process.pid)
    return family


def _end_keeper(home: Path, keeper: ProcessId) -> list[str]:
    os.kill(keeper.pid, signal.SIGTERM)
    if _gone({keeper.pid: keeper.began}, _STOP_SECONDS, home):
        return []
    os.kill(keeper.pid, signal.SIGKILL)
    _gone({keeper.pid: keeper.began}, _KILL_SECONDS, home)
    return ["the stack did not stop in time: its keeper was killed"]


def _end_family(family: dict[int, float]) -> list[str]:
    """See that every process is gone: ask, then kill. Raises `StackError` if one stays."""
    lines: list[str] = []
    for number in (signal.SIGTERM, signal.SIGKILL):
        if _gone(family, _KILL_SECONDS if number is signal.SIGKILL else 2.0):
            return lines
        for pid, began in family.items():
            if alive(pid, began):
                lines.append(f"process {pid} was left over: sent it {number.name}")
                os.kill(pid, number)
    if not _gone(family, _KILL_SECONDS):
        left = ", ".join(str(pid) for pid, began in family.items() if alive(pid, began))
        raise StackError(f"these processes could not be ended: {left}")
    return lines


def _gone(family: dict[int, float], seconds: float, home: Path | None = None) -> bool:
    """Wait until none of these processes lives; False if one still does after `seconds`."""
    deadline = time.monotonic() + seconds
    while any(alive(pid, began) for pid, began in family.items()):
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    if home is not None:
        _reap(home, 1.0)
    return True


def _reap(home: Path, seconds: float) -> None:
    """Collect the exit of a keeper we started, and close our end of its pipe."""
    keeper = _keepers.pop(home, None)
    if keeper is None:
        return
    if keeper.stdin is not None:
        keeper.stdin.close()
    try:
        keeper.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        psutil.Process(keeper.pid).kill()
        keeper.wait()
