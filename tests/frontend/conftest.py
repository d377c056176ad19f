"""The front end as it was built, and the whole stack with it for a browser."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

FRONT_END = Path(__file__).resolve().parents[2] / "reference_app/frontend"
DIST = FRONT_END / "dist"


@pytest.fixture(scope="session")
def manifest() -> dict[str, Any]:
    """What Vite says it built: each source and the files it became."""
    path = DIST / "manifest.json"
    if not path.is_file():
        pytest.skip("the front end is not built: make frontend")
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


@pytest.fixture(scope="session")
def npm() -> str:
    """npm with the front end's packages installed."""
    found = shutil.which("npm")
    if found is None or not (FRONT_END / "node_modules").is_dir():
        pytest.skip("the front end's packages are not installed: make frontend")
    return found
