"""A pod's server looks for garbage while it serves, not while it starts."""

import asyncio
import gc
import resource
import runpy
import weakref
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

FILE = Path(__file__).resolve().parents[2] / "deploy/gunicorn.conf.py"


@pytest.fixture
def settings() -> Iterator[dict[str, Any]]:
    frozen = gc.get_freeze_count()
    files = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield runpy.run_path(str(FILE))
    gc.enable()
    resource.setrlimit(resource.RLIMIT_NOFILE, files)
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


class _Dead:
    """Refers to itself, as a connection and its transport refer to each other."""

    def __init__(self) -> None:
        self.transport = self


def test_what_old_connections_leave_is_found_while_a_worker_serves(
    settings: dict[str, Any],
) -> None:
    settings["post_fork"](None, None)
    settings["_look_for_garbage"].__globals__["GARBAGE_EVERY_S"] = 0.01

    async def serve() -> None:
        settings["post_worker_init"](SimpleNamespace(loop=asyncio.get_running_loop(), state={}))
        connection = _Dead()
        gc.collect()  # it has lived through what the short looks leave
        is_gone = asyncio.Event()
        kept = weakref.ref(connection, lambda _: is_gone.set())
        del connection
        await asyncio.wait_for(is_gone.wait(), 10)
        assert kept() is None

    asyncio.run(serve())
