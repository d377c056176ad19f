"""What is built, and that it still fits what it was built from."""

import gzip
import hashlib
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from reference_app import describe
from tests.frontend.conftest import DIST, FRONT_END

CHECKOUT = FRONT_END.parents[1]
MOST_AT_FIRST = 120_000
SCHEMA = FRONT_END / "src/api/schema.d.ts"


def _at_once(manifest: dict[str, Any], name: str) -> set[str]:
    """The scripts without which `name` does not run."""
    entry = manifest[name]
    files = {entry["file"]}
    for other in entry.get("imports", []):
        files |= _at_once(manifest, other)
    return files


def test_the_first_scripts_are_small(manifest: dict[str, Any]) -> None:
    first = _at_once(manifest, "index.html")
    # The page names no others.
    html = (DIST / "index.html").read_text("utf-8")
    assert set(re.findall(r'(?:src|href)="/(assets/[^"]+\.js)"', html)) <= first
    sizes = {name: (DIST / f"{name}.gz").stat().st_size for name in first}
    assert sum(sizes.values()) < MOST_AT_FIRST, sizes


def test_every_page_but_what_all_share_comes_when_it_is_asked_for(
    manifest: dict[str, Any],
) -> None:
    routes = (FRONT_END / "src/routes.tsx").read_text("utf-8")
    pages = [f"src/{page}.tsx" for page in re.findall(r'import\("\./(pages/[\w-]+)"\)', routes)]
    assert pages
    first = _at_once(manifest, "index.html")
    for page in pages:
        assert manifest[page]["isDynamicEntry"], page
        assert manifest[page]["file"] not in first, page


def test_each_large_file_lies_there_packed_as_well(manifest: dict[str, Any]) -> None:
    files = [one for one in DIST.rglob("*") if one.suffix in {".js", ".css", ".html"}]
    assert len(files) > len(manifest) / 2
    for path in files:
        packed = Path(f"{path}.gz")
        if packed.exists() or path.stat().st_size > 1_000:
            assert gzip.decompress(packed.read_bytes()) == path.read_bytes(), path.name


def test_nothing_in_the_page_is_what_the_policy_forbids(manifest: dict[str, Any]) -> None:
    html = (DIST / "index.html").read_text("utf-8")
    assert re.findall(r"<script(?![^>]*\bsrc=)", html) == []
    assert "<style" not in html
    assert not re.search(r"\s(style|on\w+)=", html)
    assert not re.search(r'(src|href)="(https?:)?//', html)


def test_the_types_are_those_of_the_api_as_it_is() -> None:
    digest = hashlib.sha256(describe.text().encode()).hexdigest()
    said = re.search(r"document ([0-9a-f]{64})$", SCHEMA.read_text("utf-8"), re.MULTILINE)
    assert said is not None
    assert said[1] == digest, "the API has changed: make api-types, and see what tsc says"


def test_the_types_are_what_the_generator_makes(npm: str, tmp_path: Path) -> None:
    copy = tmp_path / "front"
    (copy / "src/api").mkdir(parents=True)
    shutil.copytree(FRONT_END / "scripts", copy / "scripts")
    shutil.copy(FRONT_END / "package.json", copy)
    (copy / "node_modules").symlink_to(FRONT_END / "node_modules")
    subprocess.run(
        [npm, "run", "-s", "api-types"], cwd=copy, input=describe.text(), text=True, check=True
    )
    assert (copy / "src/api/schema.d.ts").read_text("utf-8") == SCHEMA.read_text("utf-8")


def test_the_lock_file_holds_no_address_of_a_registry() -> None:
    lock = json.loads((FRONT_END / "package-lock.json").read_text("utf-8"))
    for name, package in lock["packages"].items():
        assert "resolved" not in package, name
        assert name == "" or "integrity" in package, name
    assert "omit-lockfile-registry-resolved=true" in (FRONT_END / ".npmrc").read_text("utf-8")


def test_nginx_knows_every_page_and_no_more() -> None:
    routes = (FRONT_END / "src/routes.tsx").read_text("utf-8")
    first_words = {path.split("/")[1] for path in re.findall(r'^ +\w+\("(/[^"]*)"', routes, re.M)}
    site = (CHECKOUT / "deploy/nginx/site.conf").read_text("utf-8")
    known = re.search(r"location ~ \^/\(\?:\$\|\(\?:([\w|-]+)\)", site)
    assert known is not None
    assert set(known[1].split("|")) == first_words - {""}


@pytest.mark.parametrize("name", ["api", "ws", "health", "ready", "startup", "metrics", "assets"])
def test_no_page_stands_where_the_app_or_the_files_are(name: str) -> None:
    routes = (FRONT_END / "src/routes.tsx").read_text("utf-8")
    assert not re.search(rf'"/{name}[/"]', routes)


def test_nginx_and_the_edge_send_the_same_policy() -> None:
    nginx = (CHECKOUT / "nginx-production.conf").read_text("utf-8")
    ours = re.search(r'/index\.html "(default-src[^"]+)"', nginx)
    assert ours is not None
    vercel = json.loads((CHECKOUT / "deploy/vercel.json").read_text("utf-8"))
    edge = {each["key"]: each["value"] for each in vercel["headers"][0]["headers"]}
    # Past the edge the API is at another address.
    everywhere = ours[1].replace("$local_store", "")
    assert edge["Content-Security-Policy"].replace(" https: wss:;", " https:;") == everywhere
    for risky in ("unsafe-inline", "unsafe-eval", "*"):
        assert risky not in everywhere
    # Only who asks for this machine is told of a store on it.
    map_of_stores = re.search(r"map \$host \$local_store \{(.+?)\}", nginx, re.DOTALL)
    assert map_of_stores is not None
    assert 'default "";' in map_of_stores[1]
    assert "https" not in map_of_stores[1]
