"""Which series a measured run must have: those of every instance of every tier."""

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from capacity.probes import ProbeError
from capacity.series_metrics import described
from stack.probes import required
from stack.probes.pods import PodProbe
from stack.state import Running, ServiceState

KINDS = {
    "nginx": "nginx",
    "backend-1": "gunicorn",
    "backend-2": "gunicorn",
    "pgbouncer": "pgbouncer",
    "primary": "postgres-primary",
    "replica-1": "postgres-replica",
    "redis": "redis",
    "stripe": "stripe",
}


def running() -> Running:
    services = {name: SimpleNamespace(name=name, kind=kind) for name, kind in KINDS.items()}
    return cast("Running", SimpleNamespace(services=services))


def test_every_instance_of_every_tier_is_required_and_nothing_of_the_world_outside() -> None:
    found = required(running())
    assert len(found) == len(set(found))
    assert all(described(name) for name in found)
    assert {
        "machine.cpu",
        "service.pgbouncer.cpu",
        "nginx.requests",
        "pod.backend-1.requests",
        "pod.backend-2.event_loop_lag",
        "pgbouncer.queries",
        "postgres.primary.queries",
        "postgres.replica-1.lag",
        "redis.hits",
    } <= set(found)
    assert not any("{" in name for name in found)
    # a primary lags behind nobody; memory is read in turns; no tier of ours
    assert "postgres.primary.lag" not in found
    assert not any(name.startswith("service.") and not name.endswith(".cpu") for name in found)
    assert not any("stripe" in name or name.startswith(("load.", "endpoint.")) for name in found)


def test_a_pod_without_any_file_gives_no_reading_and_not_zero(tmp_path: Path) -> None:
    alive = SimpleNamespace(alive=True)
    pod = SimpleNamespace(name="backend-1", process=alive, metrics_folder=tmp_path)
    with pytest.raises(ProbeError, match="backend-1 keeps no metrics"):
        list(PodProbe(cast("ServiceState", pod)).sample())
