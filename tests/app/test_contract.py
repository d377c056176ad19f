"""The OpenAPI document and the running app, held against each other by schemathesis.

Whatever is sent, well formed or not: no answer is a failure of ours, and each
has a status, a type and a shape that the document says. The requests are the
same every time.
"""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

import pytest
import pytest_asyncio
from fastapi import FastAPI

from tests.app.life import Running
from tests.app.pods import Pod, running_pod
from tests.app.scene import Scene

_CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
# The payment service is not there: that it is missed, quickly, is another test's business.
_NOTHING_BOUGHT = "/subscriptions/(checkout|portal|change|cancel|reactivate|webhook)$"
WHO = ("anonymous", "employer", "worker", "admin")
# Whoever is signed in gets much the same everywhere: the short run does it once, and adds
# what only seekers may do. Where a visitor is only turned away, that is the access table's.
_SHORT: dict[str, tuple[str, ...]] = {
    "anonymous": ("--include-tag", "auth", "--include-tag", "jobs"),
    "employer": (),
    "worker": ("--include-tag", "applications", "--include-tag", "reviews"),
}


@pytest_asyncio.fixture(scope="module")
async def pod(
    app_servers: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Pod]:
    """A pod that serves, as in production."""
    with running_pod("contract", app_servers, tmp_path_factory.mktemp("contract")) as pod:
        await pod.ready()
        yield pod


@pytest.mark.parametrize("who", sorted(_SHORT))
async def test_the_app_answers_as_its_document_says(
    empty: None, pod: Pod, app_servers: dict[str, str], tmp_path: Path, who: str
) -> None:
    await _agrees(pod, app_servers, tmp_path, who, "--phases", "coverage", *_SHORT[who])


@pytest.mark.long
@pytest.mark.parametrize("who", WHO)
async def test_the_app_answers_as_its_document_says_whatever_one_thinks_of(
    empty: None, pod: Pod, app_servers: dict[str, str], tmp_path: Path, who: str
) -> None:
    phases = ("--phases", "coverage,fuzzing", "--max-examples", "60")
    await _agrees(pod, app_servers, tmp_path, who, *phases)


async def _agrees(pod: Pod, app_servers: dict[str, str], folder: Path, who: str, *how: str) -> None:
    async with pod.client() as client:
        scene = Scene(Running(cast(FastAPI, None), client), app_servers["DATABASE_DIRECT_URL"])
        # The first of each kind, so that there is something by the id 1.
        for name in ("conversation_id", "comment_id", "connection_id", "draft_id"):
            await scene.the(name)
        signed_in = []
        if who != "anonymous":
            token = (await scene.the(who)).access_token
            signed_in = ["--header", f"Authorization: Bearer {token}"]
    command = [
        *(str(Path(sys.executable).with_name("schemathesis")), "run"),
        *(f"{pod.url}/api/v1/openapi.json", "--checks", ",".join(_CHECKS), *signed_in, *how),
        *("--generation-deterministic", "--no-color"),
        *("--continue-on-failure", "--exclude-path-regex", _NOTHING_BOUGHT),
    ]
    run = await asyncio.to_thread(
        subprocess.run, command, cwd=folder, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout[-20_000:] + run.stderr
