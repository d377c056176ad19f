"""A Docker of the test's own, in namespaces of its own.

Its processes, mounts, networks and firewall rules are nobody else's, and the kernel takes them
all away when its first process ends: with the test, however that ends. The socket and the data
lie in one folder.
"""

import ctypes
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

_START_SECONDS = 60.0
_STOP_SECONDS = 60.0
_POLL_SECONDS = 0.2
_NEW_NETWORK = 0x40000000
"""CLONE_NEWNET of <sched.h>."""
_CGROUPS = Path("/sys/fs/cgroup")
_NEEDED = ("dockerd", "unshare", "setpriv", "ip", "iptables")


class NoDockerError(Exception):
    """Docker cannot be had here; says why in a line."""


@dataclass(frozen=True, slots=True)
class Docker:
    """Where it answers, and a process in its network."""

    pid: int
    address: str


def answers(address: str | None = None) -> bool:
    """Whether a Docker answers, at `address` or where the environment says."""
    environment = dict(os.environ) if address is None else os.environ | {"DOCKER_HOST": address}
    words = ["docker", "version", "--format", "{{.Server.Version}}"]
    try:
        done = subprocess.run(words, env=environment, capture_output=True, timeout=20, check=False)
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


@contextmanager
def started(folder: Path) -> Iterator[Docker]:
    """A new Docker that keeps its data in `folder`. Raises `NoDockerError`."""
    for program in _NEEDED:
        if shutil.which(program) is None:
            raise NoDockerError(f"{program} is not installed (sh deploy/docker.sh)")
    if os.geteuid() != 0:
        raise NoDockerError("only root may start one")
    log = folder / "dockerd.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            _words(folder),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    address = f"unix://{folder}/docker.sock"
    try:
        _wait(process, address, log)
        yield Docker(process.pid, address)
    finally:
        _stop(process, folder)


def _words(folder: Path) -> list[str]:
    dockerd = [
        *("dockerd", "--host", f"unix://{folder}/docker.sock"),
        *("--data-root", str(folder / "data"), "--exec-root", str(folder / "run")),
        *("--pidfile", str(folder / "pid"), "--exec-opt", "native.cgroupdriver=cgroupfs"),
        *("--cgroup-parent", f"/{folder.name}"),
    ]
    # In a network of its own even the way to oneself is down at first.
    alone = ["setpriv", "--pdeathsig", "KILL"]
    alone += ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"]
    return [*alone, "sh", "-c", 'ip link set lo up && exec "$@"', "sh", *dockerd]


def _wait(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not answers(address):
        if process.poll() is not None or time.monotonic() > deadline:
            lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
            raise NoDockerError(f"dockerd does not start: {lines[-1] if lines else 'no word'}")
        time.sleep(_POLL_SECONDS)


@contextmanager
def inside_network_of(one: Docker) -> Iterator[None]:
    """Have this thread, and the programs and threads it starts, live in another's network.

    What is published on 127.0.0.1 there is published to nobody else.
    """
    ours = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    theirs = os.open(f"/proc/{one.pid}/ns/net", os.O_RDONLY)
    try:
        _move(theirs)
        try:
            yield
        finally:
            _move(ours)
    finally:
        os.close(ours)
        os.close(theirs)


def _move(network: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(network, _NEW_NETWORK) != 0:
        raise OSError(ctypes.get_errno(), "setns")


def _stop(process: subprocess.Popen[bytes], folder: Path) -> None:
    """End it and see that nothing of it is left but the folder."""
    if process.poll() is None:
        # unshare itself heeds no such signal.
        for dockerd in psutil.Process(process.pid).children():
            dockerd.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for group in sorted(_CGROUPS.glob(f"**/{folder.name}/**/"), reverse=True):
        group.rmdir()
    mounts = Path("/proc/self/mounts").read_text(encoding="utf-8")
    assert str(folder) not in mounts
    assert not list(_named(str(folder)))


def _named(text: str) -> Iterator[str]:
    """The processes whose command line holds `text`."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if text in words:
            yield words
