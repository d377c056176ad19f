"""Each tier's own benchmark against the running stack, in short rounds: nginx by wrk, Postgres
by pgbench (straight and through PgBouncer), Redis by redis-benchmark."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from capacity.probes import Kind
from capacity.tier_probe import Figure, Round
from stack.errors import StackError
from stack.probes.services import ServicesProbe
from stack.rewriting import LOOPBACK
from stack.state import Running

ROUNDS = 6
"""Fewer than five leave a mean without an interval."""
ROUND_S = 2
CLIENTS = 16
_PGBENCH_CLIENTS, _PGBENCH_S = 4, 4
"""Each connection costs Postgres a process and a password check: few, and for longer."""
_PGBENCH_SCALE = 4
"""400,000 accounts, 60 MB: they fit the buffers, as what a board asks for most does."""
_REDIS_OPERATIONS = 20_000
_PATIENCE_S = 60

PGBENCH_RATE = re.compile(r"tps = ([\d.]+)")
PGBENCH_DONE = re.compile(r"transactions actually processed: (\d+)")
PGBENCH_FAILED = re.compile(r"number of failed transactions: (\d+)")
WRK_RATE = re.compile(r"Requests/sec:\s+([\d.]+)")
WRK_DONE = re.compile(r"(\d+) requests in")
WRK_FAILED = re.compile(r"Non-2xx or 3xx responses: (\d+)")
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One benchmark's command and how its output is read.

    `done` finds the operations and `rate` those per second; `failed`, where it says
    nothing, means none. `tier` are the services whose CPU time is theirs.
    """

    name: str
    what: str
    unit: str
    tier: frozenset[str]
    command: tuple[str, ...]
    rate: re.Pattern[str]
    done: re.Pattern[str] | int
    failed: re.Pattern[str] | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    unsaid: tuple[str, ...] = ()
    """More words of the command, which are no one else's to read."""


def run(name: str, running: Running, progress: Progress) -> tuple[Figure, ...]:
    """The figures of the probe called `name`, one of `NAMES`.

    Raises `StackError` when a benchmark is not installed, fails, or says no rate.
    """
    with _PROBES[name](running) as benchmarks:
        return tuple(_figure(one, running, progress) for one in benchmarks)


def read(benchmark: Benchmark, told: str, cpu_s: float) -> Round:
    """What one round's output says. Raises `StackError` when it says no rate."""
    rate = benchmark.rate.search(told)
    done = benchmark.done
    counted = done.search(told) if isinstance(done, re.Pattern) else None
    operations = done if isinstance(done, int) else int(counted[1]) if counted else None
    if operations is None or (operations and rate is None):
        raise StackError(f"{benchmark.command[0]} said no rate", told)
    failed = benchmark.failed.search(told) if benchmark.failed else None
    return Round(
        operations=operations,
        per_second=float(rate[1]) if rate else 0.0,  # pgbench says none when it did nothing
        failures=int(failed[1]) if failed else 0,
        cpu_s=cpu_s,
    )


def _figure(benchmark: Benchmark, running: Running, progress: Progress) -> Figure:
    progress(f"{benchmark.name}: {benchmark.what}")
    rounds = []
    for _ in range(ROUNDS):
        before = _cpu(running, benchmark.tier)
        told = _told((*benchmark.command, *benchmark.unsaid), benchmark.environment)
        rounds.append(read(benchmark, told, max(0.0, _cpu(running, benchmark.tier) - before)))
    return Figure(
        name=benchmark.name,
        what=benchmark.what,
        unit=benchmark.unit,
        command=" ".join(benchmark.command),
        rounds=tuple(rounds),
    )


def _cpu(running: Running, tier: frozenset[str]) -> float:
    """CPU seconds until now of all services of these kinds."""
    services = [one for one in running.services.values() if one.kind in tier]
    wanted = {f"service.{one.name}.cpu" for one in services}
    readings = ServicesProbe(services).sample()
    return sum(one.value for one in readings if one.series in wanted and one.kind is Kind.COUNTER)


def _told(command: tuple[str, ...], environment: Mapping[str, str]) -> str:
    if shutil.which(command[0]) is None:
        raise StackError(f"{command[0]} is not installed: make servers installs it")
    try:
        ended = subprocess.run(
            command,
            check=False,
            capture_output=True,
            text=True,
            timeout=_PATIENCE_S,
            env={**os.environ, **environment},
        )
    except subprocess.TimeoutExpired:
        raise StackError(f"{command[0]} did not end within {_PATIENCE_S} s") from None
    if ended.returncode != 0:
        raise StackError(f"{command[0]} ended with status {ended.returncode}", ended.stderr)
    return ended.stdout


@contextmanager
def _balancer(running: Running) -> Iterator[list[Benchmark]]:
    nginx = next(one for one in running.services.values() if one.kind == "nginx")
    # the port of the stack's own status pages: no limit by address, which wrk has one of
    url = nginx.urls["status"].replace("/nginx-status", "/nginx-health")
    yield [
        Benchmark(
            "requests",
            "requests nginx answers by itself",
            "req/s",
            frozenset({"nginx"}),
            ("wrk", "-t1", f"-c{CLIENTS}", f"-d{ROUND_S}s", url),
            WRK_RATE,
            WRK_DONE,
            WRK_FAILED,
        )
    ]


@contextmanager
def _database(running: Running) -> Iterator[list[Benchmark]]:
    straight, password = _postgres(running.environment["DATABASE_DIRECT_URL"])
    pooled, _ = _postgres(running.environment["DATABASE_URL"])
    signed_in = {"PGPASSWORD": password}
    fill = ("pgbench", "-i", "-q", "-n", "-s", str(_PGBENCH_SCALE), *straight)
    bounded = ("-n", f"-c{_PGBENCH_CLIENTS}", "-j1", f"-T{_PGBENCH_S}")
    kinds = (
        ("select-only", "-S", "queries/s", "queries by primary key"),
        ("simple-update", "-N", "transactions/s", "transactions that update, read and insert"),
    )
    ways = (
        ("straight", straight, "straight"),
        ("pgbouncer", pooled, "through PgBouncer"),
    )
    try:
        _told(fill, signed_in)
        yield [
            Benchmark(
                f"{kind}-{way}",
                f"{what}, {how}",
                unit,
                frozenset({"postgres-primary"}),
                ("pgbench", option, *bounded, *address),
                PGBENCH_RATE,
                PGBENCH_DONE,
                PGBENCH_FAILED,
                signed_in,
            )
            for kind, option, unit, what in kinds
            for way, address, how in ways
        ]
    finally:
        _told(("pgbench", "-i", "-q", "-I", "d", *straight), signed_in)


def _postgres(url: str) -> tuple[tuple[str, ...], str]:
    """The options that name a server, and the password."""
    parts = urlsplit(url)
    name = parts.path.strip("/")
    address = ("-h", LOOPBACK, "-p", str(parts.port), "-U", parts.username or "", name)
    return address, parts.password or ""


@contextmanager
def _redis(running: Running) -> Iterator[list[Benchmark]]:
    redis = next(one for one in running.services.values() if one.kind == "redis")
    bounded = ("-h", LOOPBACK, "-p", str(redis.port), "-c", str(CLIENTS))
    # a database of its own: the board's keys are not touched
    operations = ("-n", str(_REDIS_OPERATIONS), "--dbnum", "15", "--csv")
    yield [
        Benchmark(
            name,
            f"{name.upper()} commands of one small value",
            "commands/s",
            frozenset({"redis"}),
            ("redis-benchmark", *bounded, "-t", name, *operations),
            re.compile(rf'^"{name.upper()}","([\d.]+)"', re.MULTILINE),
            _REDIS_OPERATIONS,
            unsaid=("-a", running.monitor["redis_password"]),
        )
        for name in ("get", "set")
    ]


_PROBES = {"lb-rps": _balancer, "db-qps": _database, "redis-ops": _redis}
NAMES = tuple(_PROBES)
"""The probes there are."""
