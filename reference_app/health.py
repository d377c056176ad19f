"""Probes: does the process live, can it serve, what has it counted."""

import asyncio
from collections.abc import Awaitable
from typing import Any, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.responses import JSONResponse, Response

from reference_app.errors import NotFoundError
from reference_app.kit import metrics
from reference_app.serving import board_of

router = APIRouter(tags=["probes"])

_PATIENCE_S = 4.0


class Liveness(BaseModel):
    """That the process answers."""

    status: Literal["ok"]


class Readiness(BaseModel):
    """What the pod can do."""

    reads: bool
    writes: bool


_UNREADY: dict[int | str, dict[str, Any]] = {
    503: {"model": Readiness, "description": "Not even reads."}
}


@router.get("/health", summary="Does the process live?", response_model=Liveness)
async def health() -> Response:
    """Touches nothing: a pod must not be restarted because something else is down."""
    return JSONResponse({"status": "ok"})


@router.get("/ready", summary="Can it serve?", response_model=Readiness, responses=_UNREADY)
async def ready(request: Request) -> Response:
    """503 only when not even reads are possible, so that losing the primary takes no pod out."""
    return await _readiness(request)


@router.get("/startup", summary="Has it started?", response_model=Readiness, responses=_UNREADY)
async def startup(request: Request) -> Response:
    """As `/ready`: it has started once it can serve."""
    return await _readiness(request)


async def _readiness(request: Request) -> Response:
    database = board_of(request).database
    reads = await _in_time(database.answers_reads())
    return JSONResponse(
        {"reads": reads, "writes": database.accepts_writes}, status_code=200 if reads else 503
    )


@router.get("/metrics", summary="Prometheus metrics", include_in_schema=False)
async def prometheus(request: Request) -> Response:
    """Of all workers of this pod, for who asks it directly: not through a load balancer."""
    if "x-forwarded-for" in request.headers:
        raise NotFoundError("not_found", "There is no such page.")
    multiprocess = board_of(request).settings.prometheus_multiproc_dir is not None
    # It reads a file per worker and kind: not on the event loop.
    text = await asyncio.to_thread(metrics.exposition, multiprocess)
    return Response(text, media_type=metrics.EXPOSITION_TYPE)


async def _in_time(answer: Awaitable[bool]) -> bool:
    try:
        async with asyncio.timeout(_PATIENCE_S):
            return await answer
    except TimeoutError:
        return False
