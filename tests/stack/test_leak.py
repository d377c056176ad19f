"""A soak tells a process that leaks from those that only fill: with real processes."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pandas as pd
import pytest

from capacity.observation import Observation
from capacity.soak import Course, trends
from stack.probes.services import ServicesProbe
from tests.capacity.test_soak import long_run
from tests.stack.states import state

KINDS = ("own", "shared", "file")
_STEPS, _EVERY_S, _STEP = 120, 15, 256 * 1024
"""Half an hour in steps, in each of which a process grows by so many bytes."""

# At each line of its input it holds a little more: of its own, of a segment it shares, of a file.
_GROWS = """
import mmap, sys, tempfile
shared, kept, page = mmap.mmap(-1, {steps} * {step}), [], mmap.PAGESIZE
file = tempfile.TemporaryFile()
file.write(b"x" * {steps} * {step})
file.flush()
mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
ballast = bytearray(32 * 2**20)
print("ready", flush=True)
for number, _ in enumerate(sys.stdin):
    if sys.argv[1] == "own":
        kept.append(b"x" * {step})
    elif sys.argv[1] == "file":
        sum(mapped[at] for at in range(number * {step}, (number + 1) * {step}, page))
    else:
        for at in range(number * {step}, (number + 1) * {step}, page):
            shared[at] = 1
    print("grown", flush=True)
"""


@contextmanager
def growing(where: str) -> Iterator["subprocess.Popen[str]"]:
    script = _GROWS.format(steps=_STEPS, step=_STEP)
    process = subprocess.Popen(
        [sys.executable, "-c", script, where],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.kill()


@pytest.fixture
def timeline() -> pd.DataFrame:
    """What the probe reads of both, step by step, as if each took some seconds."""
    rows: dict[int, dict[str, float]] = {}
    with ExitStack() as stack:
        processes = {name: stack.enter_context(growing(name)) for name in KINDS}
        probe = ServicesProbe([state(name, one.pid) for name, one in processes.items()])
        for number in range(_STEPS):
            for process in processes.values():
                assert process.stdin is not None
                assert process.stdout is not None
                process.stdin.write("more\n")
                process.stdin.flush()
                assert process.stdout.readline() == "grown\n"
            row = rows[number * _EVERY_S] = {}
            while len(row) < 3 * len(processes):
                row |= {one.series: one.value for one in probe.sample() if "memory" in one.series}
    return pd.DataFrame.from_dict(rows, orient="index")


def test_what_leaks_rises_and_what_fills_a_shared_segment_or_reads_a_file_does_not(
    timeline: pd.DataFrame,
) -> None:
    found = {one.series: one for one in trends(Observation(long_run(0, 1800), timeline))}
    leak = found["service.own.memory"]
    per_hour = _STEP * 3600 / _EVERY_S
    assert leak.course is Course.RISING
    assert leak.per_hour == pytest.approx(per_hour, rel=0.1)
    for kind in ("shared", "file"):
        assert found[f"service.{kind}.memory"].course is Course.FLAT
        # it did grow: the whole of its memory by as much as the other's
        whole = timeline[f"service.{kind}.memory"]
        assert whole.iloc[-1] - whole.iloc[0] == pytest.approx(_STEP * (_STEPS - 1), rel=0.1)
