"""The pages that describe the API: /api/v1/docs, made by Swagger UI in the browser."""

import base64
import hashlib
import re

from fastapi import APIRouter
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.responses import HTMLResponse, Response

_ASSETS = "https://cdn.jsdelivr.net"

router = APIRouter(prefix="/api/v1", include_in_schema=False)


def _page() -> tuple[bytes, str]:
    """The page, and the policy that lets it do what it must and nothing else."""
    page = bytes(
        get_swagger_ui_html(
            openapi_url="/api/v1/openapi.json",
            title="HireMeBahamas",
            swagger_favicon_url="data:,",
        ).body
    )
    scripts = re.findall(rb"<script>(.*?)</script>", page, re.DOTALL)
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(script).digest()).decode()}'"
        for script in scripts
    )
    policy = (
        f"default-src 'none'; script-src {_ASSETS} {hashes};"
        f" style-src {_ASSETS} 'unsafe-inline'; img-src 'self' data:; connect-src 'self';"
        " frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    )
    return page, policy


_PAGE, _POLICY = _page()


@router.get("/docs")
async def docs() -> Response:
    """Reads the OpenAPI document and lets one try it."""
    return HTMLResponse(
        _PAGE,
        headers={"content-security-policy": _POLICY, "cache-control": "public, max-age=3600"},
    )
