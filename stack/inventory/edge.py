"""Facts of the edge: what the CDN is told, and the frontend it would serve."""

import json
import re
from pathlib import Path
from typing import Any

from capacity.audit.facts import Fact

_VERCEL = "deploy/vercel.json"
_SKIPPED = {"node_modules", ".venv", ".git"}


def facts(home: Path) -> dict[str, Fact]:
    """Vercel's file, and the packages of the frontend nearest to the checkout's root."""
    vercel = _json(home / _VERCEL)
    headers = [
        one["key"]
        for rule in vercel.get("headers", [])
        if rule.get("source") == "/(.*)"
        for one in rule["headers"]
    ]
    path = _package(home)
    package = _json(path) if path else {}
    packages = package.get("dependencies", {}) | package.get("devDependencies", {})
    react = re.search(r"\d+", str(packages.get("react", "")))
    where = str(path.relative_to(home)) if path else "package.json"
    return {
        "edge.framework": Fact(vercel.get("framework"), _VERCEL),
        "edge.output": Fact(vercel.get("outputDirectory"), _VERCEL),
        "edge.headers": Fact(tuple(sorted(headers)), _VERCEL),
        "frontend.packages": Fact(tuple(sorted(packages)) if path else None, where),
        "frontend.react": Fact(int(react[0]) if react else None, where),
    }


def _package(home: Path) -> Path | None:
    places = ("package.json", "*/package.json", "*/*/package.json")
    found = [path for place in places for path in sorted(home.glob(place))]
    return next((one for one in found if one.is_file() and not _SKIPPED & set(one.parts)), None)


def _json(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found
