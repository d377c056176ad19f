"""Grafana's dashboards: every query in them asked of the stack's own Prometheus, and answered."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import httpx2
import pytest
import pytest_asyncio
import yaml
from fastapi import FastAPI

from reference_app.subscriptions.tiers import Tier
from stack import engine
from stack.state import Running as Stack
from tests.app.life import Running
from tests.conftest import small_pods
from tests.sockets import RefusedError, Socket

CHECKOUT = Path(__file__).resolve().parents[2]
FOLDER = CHECKOUT / "deploy" / "grafana"
DASHBOARDS = sorted((FOLDER / "dashboards").glob("*.json"))
_PATIENCE_S = 240
_CROWD, _OVER_THE_LIMIT = 20, 120


def _panels() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in DASHBOARDS:
        dashboard = json.loads(path.read_text("utf-8"))
        for panel in dashboard["panels"]:
            yield dashboard["title"], panel


def _queries() -> set[str]:
    return {target["expr"] for _, panel in _panels() for target in panel["targets"]}


def _recorded() -> set[str]:
    rules = yaml.safe_load((CHECKOUT / "deploy/prometheus/rules/targets.yml").read_text("utf-8"))
    return {rule["record"] for group in rules["groups"] for rule in group["rules"]}


def test_panels_are_told_apart_and_read_the_provisioned_source() -> None:
    source = yaml.safe_load((FOLDER / "provisioning/datasources/prometheus.yml").read_text("utf-8"))
    (provisioned,) = source["datasources"]
    titles = [(dashboard, panel["title"]) for dashboard, panel in _panels()]
    assert len(set(titles)) == len(titles)
    for _, panel in _panels():
        assert panel["datasource"]["uid"] == provisioned["uid"]
        assert panel["description"]
        assert panel["fieldConfig"]["defaults"]["unit"]


def test_what_compose_mounts_is_where_grafana_looks() -> None:
    compose = yaml.safe_load((CHECKOUT / "docker-compose.production.yml").read_text("utf-8"))
    mounts = dict(
        volume.removesuffix(":ro").split(":", 1)
        for volume in compose["services"]["grafana"]["volumes"]
    )
    provider = yaml.safe_load((FOLDER / "provisioning/dashboards/hmb.yml").read_text("utf-8"))
    assert mounts["./deploy/grafana/provisioning"] == "/etc/grafana/provisioning"
    assert mounts["./deploy/grafana/dashboards"] == provider["providers"][0]["options"]["path"]


@pytest_asyncio.fixture(scope="module")
async def watched(make_home: Callable[[], Path]) -> AsyncIterator[tuple[Stack, Running]]:
    """A stack whose Prometheus looks every second, so that the test need not wait for minutes."""
    home = make_home()
    for path in [
        home / "deploy/prometheus/prometheus.yml",
        *home.glob("deploy/prometheus/rules/*"),
    ]:
        text = path.read_text("utf-8")
        for usual in ("scrape_interval: 10s", "interval: 10s", "interval: 30s"):
            text = text.replace(usual, usual.partition(":")[0] + ": 1s")
        path.write_text(
            text.replace("scrape_timeout: 5s", "scrape_timeout: 1s\n  evaluation_interval: 1s")
        )
    with small_pods():
        stack = engine.up(home, pods=2, replicas=1, profiles={"monitoring"}, bound=True)
    async with httpx2.AsyncClient(base_url=f"{stack.base_url}/api/v1", timeout=30) as client:
        yield stack, Running(cast(FastAPI, None), client)
    engine.down(home)


@pytest.mark.stack
async def test_every_query_is_answered_with_data_and_every_rule_is_well(
    watched: tuple[Stack, Running],
) -> None:
    stack, board = watched
    prometheus = stack.services["prometheus"].urls["http"]
    async with httpx2.AsyncClient(base_url=prometheus, timeout=30) as client:
        busy = asyncio.create_task(_life(board))
        missing = _queries() | _recorded()
        try:
            async with asyncio.timeout(_PATIENCE_S):
                while missing:
                    assert not busy.done(), busy.exception()
                    missing = {query for query in missing if not await _answers(client, query)}
                    await asyncio.sleep(1)
        except TimeoutError:
            raise AssertionError(f"no data: {sorted(missing)}") from None
        finally:
            busy.cancel()
        groups = (await client.get("/api/v1/rules")).json()["data"]["groups"]
    assert {"targets", "budget", "uptime", "blueprint"} <= {group["name"] for group in groups}
    rules = [rule for group in groups for rule in group["rules"]]
    assert {rule["name"]: rule.get("lastError") for rule in rules if rule["health"] != "ok"} == {}


async def _answers(client: httpx2.AsyncClient, query: str) -> bool:
    answer = (await client.get("/api/v1/query", params={"query": query})).json()
    assert answer["status"] == "success", (query, answer)
    return bool(answer["data"]["result"])


async def _life(board: Running) -> None:
    """People who do a little of everything, over and over."""
    employer, seeker = await board.employer(Tier.FREE), await board.person()
    job = await employer.job()
    path = f"/jobs/{job['id']}/applications"
    await seeker.post(path, cover_letter="I mend pipes.", expect=201)
    shown = (await seeker.post("/realtime/ticket", expect=201)).json()
    place = urlsplit(str(board.client.base_url)).netloc
    socket = await Socket.connect(f"ws://{place}/ws", [shown["protocol"], shown["ticket"]])
    number = 0
    try:
        while True:
            number += 1
            await board.client.get(f"/jobs/{job['id']}")
            await seeker.get("/notifications", expect=None)
            await seeker.post("/companies", name="Not mine to make")
            body = {"recipient_id": seeker.id, "body": "When?", "key": f"question-{number:04}"}
            await employer.post("/conversations", **body)
            with pytest.raises(RefusedError):
                await Socket.connect(f"ws://{place}/ws", ["hmb"])
            if number % 10 == 3:
                # within the minute that the limit counts, also on a slow machine
                for _ in range(_OVER_THE_LIMIT // _CROWD):
                    crowd = (employer.get("/jobs/mine", expect=None) for _ in range(_CROWD))
                    await asyncio.gather(*crowd)
            await asyncio.sleep(0.5)
    finally:
        socket.close()
