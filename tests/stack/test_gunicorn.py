"""A pod's server looks for garbage while it serves, not while it starts."""

import gc
import runpy
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

FILE = Path(__file__).resolve().parents[2] / "deploy/gunicorn.conf.py"


@pytest.fixture
def settings() -> Iterator[dict[str, Any]]:
    frozen = gc.get_freeze_count()
    yield runpy.run_path(str(FILE))
    gc.enable()
    if not frozen:
        gc.unfreeze()


def test_the_import_is_not_searched_for_garbage(settings: dict[str, Any]) -> None:
    assert not gc.isenabled()
    settings["when_ready"](SimpleNamespace(LISTENERS=[]))
    assert gc.isenabled()


def test_workers_of_settings_read_anew_look_for_garbage(settings: dict[str, Any]) -> None:
    assert not gc.isenabled()
    settings["post_fork"](None, None)
    assert gc.isenabled()
