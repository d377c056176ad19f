"""What browsing costs a pod: CPU per request under visitors only, and a pod's memory.

Runs the `browse` scenario against the whole stack; the CPU of a loaded second includes
what an idle pod spends anyway, so the idle share is measured first and shown apart.

    python -m tests.bench.browse_cost
"""

import tempfile
import time
from pathlib import Path

import pandas as pd
import psutil

from stack import data, engine
from stack.state import Running
from tests.bench.homes import a_home
from tests.bench.loaded import loaded

USERS = 6000
WARMUP_S, DURATION_S, IDLE_S = 20, 30, 10


def measure() -> dict[str, float]:
    """CPU milliseconds per request, rates and pod memory in MB.

    Per request that reached a pod, with and without the idle share, and per request of the
    mix: nginx answers the most wanted pages itself, which spares the pods their cheapest ones.
    """
    with a_home() as home, tempfile.TemporaryDirectory(prefix="hmb-bench-") as folder:
        running = engine.up(home, bound=True)
        data.ensure_seeded(running, "small", 1, lambda line: None)
        idle = _idle_cores(running)
        seen = loaded(
            running, "browse", Path(folder), users=USERS, warmup_s=WARMUP_S, duration_s=DURATION_S
        )
    window = seen.window
    cores = _sum(window, "service.backend-", ".cpu").mean()
    rate = _sum(window, "pod.", ".requests").mean()
    answered = window["load.requests"].mean()
    served = {
        layer: _sum(window, "pod.", f".served_{layer}").sum() for layer in ("l1", "l2", "db", "app")
    }
    memory = [window[name].max() for name in _names(window, "service.backend-", ".memory")]
    return {
        "requests/s of the mix": float(answered),
        "requests/s at the pods": float(rate),
        "pod CPU ms per request of the mix": float(cores / answered * 1000),
        "pod CPU ms per request at the pods": float(cores / rate * 1000),
        "pod CPU ms per request at the pods without the idle share": float(
            (cores - idle) / rate * 1000
        ),
        "idle CPU of all pods, cores": idle,
        "answered from a cache, %": 100
        * float((served["l1"] + served["l2"]) / max(1.0, sum(served.values()))),
        "largest pod, MB": float(max(memory) / 1e6),
    }


def _idle_cores(running: Running) -> float:
    pods = [one.pid for name, one in running.services.items() if name.startswith("backend")]
    before = _cpu(pods)
    time.sleep(IDLE_S)
    return (_cpu(pods) - before) / IDLE_S


def _cpu(pids: list[int]) -> float:
    total = 0.0
    for pid in pids:
        for process in [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]:
            total += sum(process.cpu_times()[:2])
    return total


def _names(window: pd.DataFrame, start: str, end: str) -> list[str]:
    names = map(str, window.columns)
    return [name for name in names if name.startswith(start) and name.endswith(end)]


def _sum(window: pd.DataFrame, start: str, end: str) -> "pd.Series[float]":
    return window[_names(window, start, end)].sum(axis=1)


def main() -> None:
    """Print the figures."""
    for name, value in measure().items():
        print(f"browse: {name}: {value:.3g}")


if __name__ == "__main__":
    main()
