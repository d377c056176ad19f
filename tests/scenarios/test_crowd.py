"""Virtual users of a built-in scenario against a server that answers, but is no job board."""

from pathlib import Path

import numpy as np
import pytest

from capacity.histogram import Histogram
from capacity.run import Run
from scenarios import catalogue
from scenarios.errors import ScenarioError
from scenarios.runner import RunRequest, run
from scenarios.sources import source_address
from tests.scenarios.board_data import load_file
from tests.scenarios.known import Server
from tests.scenarios.one_run import HERE


def smoke(server: Server, tmp_path: Path, *, sessions: int = 40, **asked: float) -> Run:
    request = RunRequest(
        catalogue.load("smoke"),
        server.host,
        HERE,
        users=int(asked.pop("users", 20)),
        data_file=load_file(tmp_path, seekers=sessions, employers=sessions),
        **asked,
    )
    return run(request, probes=[], runs_dir=tmp_path / "runs", on_second=lambda _tick: None)


def test_every_user_has_an_address_and_one_connection(server: Server, tmp_path: Path) -> None:
    smoke(server, tmp_path, users=40, duration_s=2)
    peers = server.report()["peers"]
    peers.pop("127.0.0.1")  # the runner's own look at whether the host is there, and this report
    assert set(peers) == {source_address(number) for number in range(40)}
    # a new connection only for the few that began a new session
    assert sum(peers.values()) <= 40 + 12


def test_wrong_bodies_are_failures_by_kind(server: Server, tmp_path: Path) -> None:
    found = smoke(server, tmp_path, duration_s=3)
    by_route = {(one.method, one.endpoint): one for one in found.endpoints if one.requests}
    home = by_route["GET", "/api/v1/jobs"]
    assert home.errors == {"body: list of jobs without items": home.requests}
    detail = by_route["GET", "/api/v1/jobs/{id}"]
    assert detail.errors == {"body: job without id": detail.requests}
    for one in found.endpoints:
        assert one.failures == one.requests
        assert Histogram.decode(one.raw).count == 0
        assert Histogram.decode(one.failed).count == one.failures


def test_requests_arrive_as_evenly_at_the_start_as_later(server: Server, tmp_path: Path) -> None:
    found = smoke(server, tmp_path, users=120, warmup_s=0, duration_s=15, sessions=200)
    started = found.started_at.timestamp()
    at = [arrival - started for arrival in server.report()["arrivals"]]
    counts, _ = np.histogram(at, bins=6, range=(0, 15))
    # 120 users, one request a second each, by 2.5 s; five standard deviations of chance
    assert counts == pytest.approx(np.full(6, 300), abs=5 * 300**0.5)
    (step,) = found.steps
    assert step.arrivals.offered == pytest.approx(1_800)
    assert step.arrivals.achieved == pytest.approx(1_800, abs=5 * 1_800**0.5)
    assert found.invalid == []


def test_each_user_needs_a_session_of_its_own(server: Server, tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"^100 users need 43 seeker .* holds 30$"):
        smoke(server, tmp_path, users=100, sessions=30)
    assert not (tmp_path / "runs").exists()
