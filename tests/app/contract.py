"""The OpenAPI document and running servers, held against each other by schemathesis.

Whatever is sent, well formed or not: no answer is a failure of ours, and each
has a status, a type and a shape that the document says. The requests are the
same every time.
"""

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import cast

import httpx2
from fastapi import FastAPI

from tests.app.life import Running
from tests.app.scene import Scene

WHO = ("anonymous", "employer", "worker", "admin")

_CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
_STAYS_SIGNED_IN = ("--exclude-path", "/api/v1/auth/logout-everywhere")
"""Once it has worked, everything else is refused to whoever asked for it."""


async def agrees(
    client: httpx2.AsyncClient, database_url: str, folder: Path, who: str, *how: str
) -> None:
    """Whatever one of `WHO` sends to where `client` leads is answered as the document says."""
    scene = Scene(Running(cast(FastAPI, None), client), database_url)
    # The first of each kind, so that there is something by the id 1.
    for name in ("conversation_id", "comment_id", "connection_id", "draft_id"):
        await scene.the(name)
    signed_in, bearer = [], {}
    if who != "anonymous":
        token = (await scene.the(who)).access_token
        bearer = {"authorization": f"Bearer {token}"}
        signed_in = ["--header", f"Authorization: Bearer {token}", *_STAYS_SIGNED_IN]
    command = [
        *(str(Path(sys.executable).with_name("schemathesis")), "run"),
        *(f"{client.base_url}openapi.json", "--checks", ",".join(_CHECKS), *signed_in, *how),
        *("--generation-deterministic", "--no-color", "--continue-on-failure"),
    ]
    run = await asyncio.to_thread(
        subprocess.run, command, cwd=folder, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout[-20_000:] + run.stderr
    # else nothing but refusals would have been looked at
    still = await client.get("auth/me", headers=bearer)
    assert still.status_code == (200 if bearer else 401)
