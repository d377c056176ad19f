"""A FastAPI app that answers ready bytes and does nothing else: what a route costs at least.

BARE_FILES is a JSON object of path -> file with the body.
"""

import json
import os
from pathlib import Path

from fastapi import FastAPI
from starlette.responses import Response

app = FastAPI()


def _serve(path: str, body: bytes) -> None:
    async def answer() -> Response:
        return Response(body, media_type="application/json")

    app.add_api_route(path, answer)


for route, file in json.loads(os.environ["BARE_FILES"]).items():
    _serve(route, Path(file).read_bytes())
