"""The site is built without a warning, and holds every page."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.pages import CHECKOUT, DOCS


def build(source: Path, into: Path) -> "subprocess.CompletedProcess[str]":
    recipe = (CHECKOUT / "Makefile").read_text("utf-8")
    (words,) = re.findall(r"\$\(BIN\)/sphinx-build (.+) docs build/docs", recipe)
    assert "--fail-on-warning" in words
    return subprocess.run(
        [sys.executable, "-m", "sphinx", *words.split(), str(source), str(into)],
        check=False,
        capture_output=True,
        text=True,
        timeout=600,
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    built = build(DOCS, folder)
    assert built.returncode == 0, built.stderr
    return folder


def test_every_page_is_there(site: Path) -> None:
    wanted = {path.relative_to(DOCS).with_suffix(".html") for path in DOCS.rglob("*.md")}
    there = {path.relative_to(site) for path in site.rglob("*.html")}
    assert wanted <= there
    assert len(wanted) > 60


def test_the_reference_is_filled_in(site: Path) -> None:
    page = (site / "reference" / "commands.html").read_text("utf-8")
    assert "--base-cmd" in page
    assert "<!-- made" not in page
    assert 'id="hmb-history-trend"' in page


def test_it_needs_nothing_from_elsewhere(site: Path) -> None:
    elsewhere = re.compile(r"<(?:script|link|img)[^>]+(?:src|href)=\"(?:https?:)?//", re.IGNORECASE)
    assert [str(path) for path in site.rglob("*.html") if elsewhere.search(path.read_text())] == []
