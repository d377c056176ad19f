"""Files go to a store on this machine and to no other, and what became of them is told."""

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from scenarios.object_store import PUT, NotStoredError, ObjectStore


class _Shelf(BaseHTTPRequestHandler):
    """Keeps what it is sent under its address; takes nothing under /full."""

    kept: dict[str, tuple[str, bytes]]

    def do_PUT(self) -> None:
        content = self.rfile.read(int(self.headers["content-length"]))
        self.kept[self.path] = (self.headers["content-type"], content)
        self.send_response(507 if self.path.startswith("/full") else 200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_args: Any) -> None:
        pass


@pytest.fixture
def shelf() -> Iterator[HTTPServer]:
    _Shelf.kept = {}
    with HTTPServer(("127.0.0.1", 0), _Shelf) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        yield server
        server.shutdown()
        serving.join()


@pytest.fixture
def told() -> list[tuple[str, float | None, Exception | None]]:
    return []


@pytest.fixture
def store(told: list[tuple[str, float | None, Exception | None]]) -> ObjectStore:
    return ObjectStore(lambda what, _at, took, error: told.append((what, took, error)), 5)


def test_a_file_arrives_as_it_was_sent(shelf: HTTPServer, store: ObjectStore, told: Any) -> None:
    url = f"http://127.0.0.1:{shelf.server_port}/bucket/key?X-Amz-Signature=a%2Fb"
    assert store.put(url, {"content-type": "image/png"}, b"\x89PNG" * 10_000)
    assert _Shelf.kept == {"/bucket/key?X-Amz-Signature=a%2Fb": ("image/png", b"\x89PNG" * 10_000)}
    ((what, took, error),) = told
    assert (what, error) == (PUT, None)
    assert took >= 0


def test_a_store_that_refuses_is_a_failure(
    shelf: HTTPServer, store: ObjectStore, told: Any
) -> None:
    url = f"http://127.0.0.1:{shelf.server_port}/full/key?x=y"
    assert not store.put(url, {"content-type": "image/png"}, b"x")
    ((_, _, error),) = told
    assert str(error) == "the store answered 507"


def test_a_store_that_is_gone_is_a_failure(store: ObjectStore, told: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert not store.put(f"http://127.0.0.1:{port}/k?x=y", {}, b"x")
    ((_, _, error),) = told
    assert isinstance(error, ConnectionRefusedError)


@pytest.mark.parametrize(
    "url",
    [
        "http://192.0.2.1/bucket/key?x=y",
        "http://store.example.com/bucket/key?x=y",
        "http://localhost.example.com/k?x=y",
        "https://127.0.0.1/bucket/key?x=y",
        "http://127.0.0.1@192.0.2.1/k?x=y",
        "ftp://127.0.0.1/k",
    ],
)
def test_nothing_goes_to_another_machine(
    url: str, store: ObjectStore, told: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def connect(*_args: Any, **_options: Any) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket, "create_connection", connect)
    assert not store.put(url, {}, b"x")
    ((_, _, error),) = told
    assert isinstance(error, NotStoredError)
    assert "nothing was sent" in str(error)
