"""Errors to Sentry and traces to a collector: sent by a real pod, discreet, and off by default."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from fastapi import FastAPI
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from reference_app.kit.telemetry import Telemetry
from reference_app.settings import SettingsError
from tests.app.conftest import MakeSettings
from tests.app.life import Running, until
from tests.app.pods import running_pod
from tests.app.receiver import Receiver, receiver
from tests.app.rows import execute_at

MARK = "Quassia7731"
"""In what is sent to the board, and in nothing that leaves it."""
_PATIENCE_S = 30.0


@pytest.fixture
def collector() -> Iterator[Receiver]:
    with receiver() as running:
        yield running


async def test_an_error_nobody_foresaw_reaches_sentry_without_anybody_s_words(
    empty: None, app_servers: dict[str, str], tmp_path: Path, collector: Receiver
) -> None:
    url = app_servers["DATABASE_DIRECT_URL"]
    dsn = f"http://0123456789abcdef@127.0.0.1:{collector.port}/7"
    execute_at(url, f"ALTER TABLE posts ADD CONSTRAINT odd CHECK (position('{MARK}' IN body) = 0)")
    try:
        with running_pod("telling", app_servers, tmp_path, sentry_dsn=dsn) as pod:
            await pod.ready()
            async with pod.client() as client:
                person = await Running(cast(FastAPI, None), client).person()
                assert (await person.get("/jobs/999999", expect=404)).status_code == 404
                answer = await person.post(f"/posts?note={MARK}", body=f"{MARK} again")
                assert answer.status_code == 500
                path = "/api/7/envelope/"
                await until(lambda: collector.at(path), what="it is sent", patience_s=_PATIENCE_S)
        (event,) = (_event(body) for body in collector.at(path))
    finally:
        execute_at(url, "ALTER TABLE posts DROP CONSTRAINT odd")
    assert event["tags"]["request_id"] == answer.headers["x-request-id"]
    assert event["server_name"] == "telling"
    kinds = [each["type"] for each in event["exception"]["values"]]
    assert any("Violation" in kind or "IntegrityError" in kind for kind in kinds)
    assert not any(MARK in body.decode() for _, body in collector.received)
    assert "request" not in event
    assert "breadcrumbs" not in event or not event["breadcrumbs"]["values"]


def _event(envelope: bytes) -> dict[str, Any]:
    lines = [json.loads(line) for line in envelope.splitlines()]
    kinds = [line.get("type") for line in lines]
    return cast(dict[str, Any], lines[kinds.index("event") + 1])


async def test_requests_reach_a_collector_by_route_alone(
    empty: None, app_servers: dict[str, str], tmp_path: Path, collector: Receiver
) -> None:
    there = f"http://127.0.0.1:{collector.port}"
    with running_pod(
        "traced",
        app_servers,
        tmp_path,
        otel_exporter_otlp_endpoint=there,
        otel_traces_share="1",
    ) as pod:
        await pod.ready()
        async with pod.client() as client:
            assert (await client.get(f"/jobs?q={MARK}")).status_code == 200
            assert (await client.get("/jobs/424242")).status_code == 404
            await client.get(f"{pod.url}/health")
        pod.stop()
        await asyncio.to_thread(pod.process.wait, _PATIENCE_S)
    # It ended in order: what was under way is sent.
    sent = collector.at("/v1/traces")
    assert sent
    assert not any(MARK.encode() in body or b"424242" in body for body in sent)
    spans = list(_spans(sent))
    routes = {(span["http.route"], span["http.response.status_code"]) for span in spans}
    assert routes >= {("/api/v1/jobs", 200), ("/api/v1/jobs/{job_id}", 404)}
    assert not any(route == "/health" for route, _ in routes)
    assert {span["host.name"] for span in spans} == {"traced"}


def _spans(bodies: list[bytes]) -> Iterator[dict[str, Any]]:
    for body in bodies:
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            whose = _values(resource.resource.attributes)
            for scope in resource.scope_spans:
                for span in scope.spans:
                    yield whose | _values(span.attributes)


def _values(attributes: Any) -> dict[str, Any]:
    return {each.key: each.value.int_value or each.value.string_value for each in attributes}


async def test_a_receiver_that_is_gone_is_nobody_s_trouble(
    empty: None, app_servers: dict[str, str], tmp_path: Path
) -> None:
    with running_pod(
        "alone",
        app_servers,
        tmp_path,
        sentry_dsn="http://0123456789abcdef@127.0.0.1:1/7",
        otel_exporter_otlp_endpoint="http://127.0.0.1:1",
        otel_traces_share="1",
    ) as pod:
        await pod.ready()
        async with pod.client() as client:
            assert (await client.get("/jobs")).status_code == 200
        pod.stop()
        assert await asyncio.to_thread(pod.process.wait, _PATIENCE_S) == 0


def test_unset_nothing_of_it_is_even_imported(
    app_servers: dict[str, str], make_settings: MakeSettings
) -> None:
    telemetry = Telemetry(make_settings(), "1")
    assert telemetry.report is None
    assert telemetry.config == {"tracing": False, "metrics": False, "logs": False}
    looked = (
        "import sys, reference_app.app as app;"
        "assert not app.app._native_telemetry.enabled();"
        "print([n for n in ('sentry_sdk', 'reference_app.kit.tracing') if n in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", looked],
        env=app_servers,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == "[]", done.stderr


def test_what_cannot_be_sent_is_said_at_the_start(
    make_settings: MakeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SettingsError, match="SENTRY_DSN is no address"):
        Telemetry(make_settings(sentry_dsn="nonsense"), "1")
    for name, package in (
        ("sentry_dsn", "sentry_sdk.utils"),
        ("otel_exporter_otlp_endpoint", "reference_app.kit.tracing"),
    ):
        monkeypatch.setitem(sys.modules, package, None)
        with pytest.raises(SettingsError, match=rf"{name.upper()} is set, .*observability"):
            Telemetry(make_settings(**{name: "http://key@127.0.0.1/1"}), "1")
