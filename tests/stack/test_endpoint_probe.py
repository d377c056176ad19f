"""CPU by endpoint from the files that workers keep, of all pods together."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import cast

from capacity.probes import Kind
from stack.probes.endpoints import EndpointProbe
from stack.state import ServiceState

WORKER = """
from prometheus_client import Counter
cpu = Counter("http_request_cpu_seconds_total", "CPU", ["method", "route"])
cpu.labels("GET", "/jobs/{job_id}").inc(0.25)
Counter("served_requests_total", "Others", ["source"]).labels("db").inc()
"""


def pod(folder: Path) -> ServiceState:
    return cast("ServiceState", SimpleNamespace(metrics_folder=folder))


def test_pods_and_their_workers_add_up(tmp_path: Path) -> None:
    folders = [tmp_path / "a", tmp_path / "b"]
    for folder in folders:
        folder.mkdir()
        environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(folder)}
        for _ in range(2):
            subprocess.run([sys.executable, "-c", WORKER], env=environment, check=True)
    probe = EndpointProbe([pod(folder) for folder in folders])
    (reading,) = probe.sample()
    assert reading.series == "endpoint.GET /jobs/{job_id}.cpu"
    assert (reading.value, reading.kind) == (1.0, Kind.COUNTER)


def test_what_nobody_asked_for_yet_has_no_series(tmp_path: Path) -> None:
    assert list(EndpointProbe([pod(tmp_path)]).sample()) == []
