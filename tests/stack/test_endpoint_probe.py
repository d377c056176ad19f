"""Requests and CPU by endpoint from the files that workers keep, read once, all pods together."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from capacity.probes import Kind, ProbeError
from stack.probes.endpoints import EndpointProbe
from stack.probes.pods import PodProbe
from stack.state import ServiceState

WORKER = """
from prometheus_client import Counter
cpu = Counter("http_request_cpu_seconds_total", "CPU", ["method", "route"])
cpu.labels("GET", "/jobs/{job_id}").inc(0.25)
requests = Counter("http_requests_total", "Requests", ["method", "route", "status"])
requests.labels("GET", "/jobs/{job_id}", "200").inc(6)
requests.labels("GET", "/jobs/{job_id}", "404").inc(1)
requests.labels("POST", "/jobs", "201").inc(2)
Counter("served_requests_total", "Others", ["source"]).labels("db").inc()
"""
UNTIMED = """
from prometheus_client import Counter
requests = Counter("http_requests_total", "Requests", ["method", "route", "status"])
requests.labels("GET", "/jobs", "200").inc()
"""
IDLE = """
from prometheus_client import Counter
Counter("served_requests_total", "Others", ["source"]).labels("db")
"""


TOLD = {
    "endpoint.GET /jobs/{job_id}.requests": 7.0,
    "endpoint.POST /jobs.requests": 2.0,
    "endpoint.GET /jobs/{job_id}.cpu": 0.25,
    "endpoint.POST /jobs.cpu": 0.0,
}
"""What `WORKER` did: the request that was not timed took none yet."""


def pod(folder: Path, script: str, workers: int = 1) -> PodProbe:
    """A pod whose workers did what `script` does, and the files they left."""
    folder.mkdir()
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(folder)}
    for _ in range(workers):
        subprocess.run([sys.executable, "-c", script], env=environment, check=True)
    process = SimpleNamespace(alive=True)
    seen = SimpleNamespace(name=folder.name, process=process, metrics_folder=folder)
    return PodProbe(cast("ServiceState", seen))


def test_pods_and_their_workers_add_up(tmp_path: Path) -> None:
    pods = [pod(tmp_path / name, WORKER, workers=2) for name in ("a", "b")]
    for one in pods:
        told = {reading.series: reading.value for reading in one.sample()}
        assert told[f"pod.{one.name}.served_db"] == 2
    readings = list(EndpointProbe(pods).sample())
    assert {one.series: one.value for one in readings} == {at: 4 * n for at, n in TOLD.items()}
    assert {one.kind for one in readings} == {Kind.COUNTER}


def test_a_system_that_times_nothing_tells_requests_alone(tmp_path: Path) -> None:
    one = pod(tmp_path / "a", UNTIMED)
    list(one.sample())
    (reading,) = EndpointProbe([one]).sample()
    assert (reading.series, reading.value) == ("endpoint.GET /jobs.requests", 1.0)


def test_what_nobody_asked_for_yet_has_no_series(tmp_path: Path) -> None:
    one = pod(tmp_path / "a", IDLE)
    list(one.sample())
    assert list(EndpointProbe([one]).sample()) == []


def test_a_pod_that_is_gone_keeps_its_part_and_one_never_read_is_a_gap(tmp_path: Path) -> None:
    gone, unread = pod(tmp_path / "a", WORKER), pod(tmp_path / "b", WORKER)
    list(gone.sample())
    for file in (tmp_path / "a").iterdir():
        file.unlink()
    with pytest.raises(ProbeError, match="keeps no metrics"):
        list(gone.sample())
    assert {one.series: one.value for one in EndpointProbe([gone]).sample()} == TOLD
    with pytest.raises(ProbeError, match="b has not been read yet"):
        list(EndpointProbe([gone, unread]).sample())
