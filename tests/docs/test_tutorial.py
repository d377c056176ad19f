"""The shop of the tutorial, written down from its page, is loaded and judged as the page says."""

import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.cli.conftest import COMMAND
from tests.docs.pages import text_of
from tests.docs.shop import PAGE, slower, write_shop

_LOAD = re.compile(r"^hmb (loadtest .+)$", re.MULTILINE)


def hmb(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*COMMAND, *words], check=False, cwd=folder, capture_output=True, text=True, timeout=600
    )


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    write_shop(tmp_path)
    return tmp_path


@pytest.fixture
def port(shop: Path) -> Iterator[int]:
    port = free_port()
    process = subprocess.Popen([sys.executable, "service.py", str(port)], cwd=shop)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            break
        time.sleep(0.05)
    yield port
    process.terminate()
    process.wait()


def test_the_page_gives_its_files(shop: Path) -> None:
    names = {path.relative_to(shop).as_posix() for path in shop.rglob("*") if path.is_file()}
    assert {"service.py", "load/journeys.py", "load/slo.toml"} <= names


def test_the_shop_is_loaded_as_the_page_says(shop: Path, port: int) -> None:
    (words,) = _LOAD.findall(text_of(PAGE))
    words = words.replace("127.0.0.1:8000", f"127.0.0.1:{port}").replace("20s", "3s")
    said = hmb(shop, *words.split(), "--warmup", "0")
    # how quick a busy machine is decides which; nothing is wrong with the files
    assert said.returncode in (0, 3, 5, 6), said.stderr
    told = json.loads(hmb(shop, "report", "--format", "json").stdout)
    assert [one["id"] for one in told["verdicts"]] == ["list-p95", "errors"]
    record = json.loads(next(shop.glob("runs/*/run.json")).read_text())
    counts = {one["endpoint"]: (one["requests"], one["failures"]) for one in record["endpoints"]}
    assert set(counts) == {"/goods", "/goods/{id}"}
    assert all(requests > 0 and failures == 0 for requests, failures in counts.values())


def test_the_slower_version_fits_the_service(shop: Path) -> None:
    before = (shop / "service.py").read_text()
    slower(shop)
    after = (shop / "service.py").read_text()
    assert "sorted(GOODS" in after
    assert "sorted(GOODS" not in before
    compile(after, "service.py", "exec")
