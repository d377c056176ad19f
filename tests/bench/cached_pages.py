"""Cached job list and job page against a bare FastAPI route that returns the same bytes.

One gunicorn worker each, on the same configuration; wrk drives first one, then the other,
round after round, so that both meet the same machine. The limit of requests per address
is raised out of the way: all of wrk comes from one address.

    python -m tests.bench.cached_pages
"""

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from stack import data, engine
from stack.state import Running
from tests.bench.homes import a_home
from tests.bench.serving import HOME, fetch, free_port, wait_for

ROUNDS = 5
SECONDS = 3
_RATE = re.compile(r"Requests/sec:\s+([\d.]+)")
_BAD = re.compile(r"Non-2xx or 3xx responses: (\d+)")


def measure() -> dict[str, dict[str, float]]:
    """For each page: rate of the app and of the bare route, their ratio, CPU ms per request.

    The ratio is the median of the rounds' own ratios.
    """
    with a_home() as home, tempfile.TemporaryDirectory(prefix="hmb-bench-") as folder:
        running = engine.up(home, bound=True)
        data.ensure_seeded(running, "small", 1, lambda line: None)
        return _measure(running, Path(folder))


def _measure(running: Running, folder: Path) -> dict[str, dict[str, float]]:
    with _worker(running, folder / "app", "reference_app.app:app", {}) as (app, app_pid):
        first = json.loads(fetch(f"{app}/api/v1/jobs?limit=20"))["items"][0]["id"]
        pages = {"job list": "/api/v1/jobs?limit=20", "job page": f"/api/v1/jobs/{first}"}
        files = {}
        for name, path in pages.items():
            files[path.partition("?")[0]] = str(folder / f"{name}.json")
            (folder / f"{name}.json").write_bytes(fetch(f"{app}{path}"))
        bare_environment = {"BARE_FILES": json.dumps(files)}
        with _worker(running, folder / "bare", "tests.bench.bare:app", bare_environment) as (
            bare,
            bare_pid,
        ):
            return {
                name: _paired(f"{app}{path}", app_pid, f"{bare}{path}", bare_pid)
                for name, path in pages.items()
            }


def _paired(app: str, app_pid: int, bare: str, bare_pid: int) -> dict[str, float]:
    app_rates: list[float] = []
    bare_rates: list[float] = []
    app_cpu: list[float] = []
    bare_cpu: list[float] = []
    for turn in range(ROUNDS + 1):
        for url, pid, rates, cpu in (
            (app, app_pid, app_rates, app_cpu),
            (bare, bare_pid, bare_rates, bare_cpu),
        ):
            rate, cost = _drive(url, pid)
            if turn:  # the first round warms up
                rates.append(rate)
                cpu.append(cost)
    ratios = [ours / theirs for ours, theirs in zip(app_rates, bare_rates, strict=True)]
    return {
        "app req/s": statistics.median(app_rates),
        "bare req/s": statistics.median(bare_rates),
        "ratio": statistics.median(ratios),
        "app CPU ms/req": statistics.median(app_cpu),
        "bare CPU ms/req": statistics.median(bare_cpu),
    }


def _drive(url: str, pid: int) -> tuple[float, float]:
    """Requests per second, and the server's CPU milliseconds per request."""
    before = _cpu(pid)
    told = subprocess.run(
        ["wrk", "-t1", "-c16", f"-d{SECONDS}s", url], capture_output=True, text=True, check=True
    ).stdout
    bad = _BAD.search(told)
    if bad:
        raise SystemExit(f"{url}: {bad[1]} answers were no success; these figures mean nothing")
    found = _RATE.search(told)
    if found is None:
        raise SystemExit(f"wrk said no rate:\n{told}")
    rate = float(found[1])
    return rate, (_cpu(pid) - before) * 1000 / (rate * SECONDS)


def _cpu(pid: int) -> float:
    family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    return sum(sum(process.cpu_times()[:2]) for process in family)


@contextmanager
def _worker(
    running: Running, folder: Path, app: str, extra: dict[str, str]
) -> Iterator[tuple[str, int]]:
    """One gunicorn worker serving `app`: its address and the pid of its master."""
    folder.mkdir()
    port = free_port()
    environment = {
        **os.environ,
        **running.environment,
        "WEB_CONCURRENCY": "1",
        "BIND": f"127.0.0.1:{port}",
        "POD_NAME": "bench",
        "API_RATE_PER_MINUTE": "1000000000",
        "PROMETHEUS_MULTIPROC_DIR": str(folder),
        **extra,
    }
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", app],
            cwd=HOME,
            env=environment,
            stdout=log,
            stderr=log,
        )
    try:
        wait_for(port, process, folder / "log")
        yield f"http://127.0.0.1:{port}", process.pid
    finally:
        process.terminate()
        process.wait(timeout=60)


def main() -> None:
    """Print the table."""
    for page, found in measure().items():
        cells = ", ".join(f"{name} {value:.3g}" for name, value in found.items())
        print(f"cached {page}: {cells}")


if __name__ == "__main__":
    main()
