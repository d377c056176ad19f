"""CPU of a process that ends just while it is read: counted, and counted once."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from stack.probes import services
from stack.probes.services import ServicesProbe
from tests.stack.states import state

# A child that has worked for a while ends with its input; then the parent, which waits for it.
_PARENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", sys.argv[1]], stdin=subprocess.PIPE, text=True)
sys.stdin.readline()
child.communicate()
print("ended", flush=True)
sys.stdin.readline()
"""
_CHILD = """
import sys, time
while time.process_time() < 0.4:
    pass
print("worked", flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def parent() -> Iterator["subprocess.Popen[str]"]:
    with subprocess.Popen(
        [sys.executable, "-c", _PARENT, _CHILD],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert said(process) == "worked"
        try:
            yield process
        finally:
            process.kill()


def said(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def end_child(process: "subprocess.Popen[str]") -> None:
    assert process.stdin is not None
    process.stdin.write("go on\n")
    process.stdin.flush()
    assert said(process) == "ended"


def cpu_s(probe: ServicesProbe) -> list[float]:
    return [reading.value for reading in probe.sample() if reading.series == "service.one.cpu"]


@pytest.mark.parametrize("reading", [1, 2, 3], ids=["before all are", "while all are", "after"])
def test_a_child_that_ends_while_we_read_counts_once(
    reading: int, parent: "subprocess.Popen[str]", monkeypatch: pytest.MonkeyPatch
) -> None:
    probe = ServicesProbe([state("one", parent.pid)])
    (before,) = cpu_s(probe)
    assert before >= 0.3
    read = services._process
    seen = 0

    def ending(number: str) -> services._Process | None:
        nonlocal seen
        found = read(number)
        if number == str(parent.pid):
            seen += 1
            if seen == reading:
                end_child(parent)
        return found

    monkeypatch.setattr(services, "_process", ending)
    (during,) = cpu_s(probe)
    monkeypatch.undo()
    (after,) = cpu_s(probe)
    # what the parent did meanwhile is next to nothing
    assert before <= during <= after < before + 0.2


def test_a_service_whose_children_keep_ending_has_a_gap_for_a_figure(
    parent: "subprocess.Popen[str]", monkeypatch: pytest.MonkeyPatch
) -> None:
    probe = ServicesProbe([state("one", parent.pid)])
    read = services._process
    ended = 0

    def ending(number: str) -> services._Process | None:
        nonlocal ended
        found = read(number)
        if found is None or number != str(parent.pid):
            return found
        ended += 1
        return services._Process(found.parent, found.own_ticks, ended, found.nice, found.began)

    monkeypatch.setattr(services, "_process", ending)
    assert cpu_s(probe) == []
    monkeypatch.undo()
    assert len(cpu_s(probe)) == 1
