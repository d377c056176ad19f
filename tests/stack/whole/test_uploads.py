"""The local store as part of the stack: one can upload without an account."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import psycopg
import pytest

from stack import places
from stack.native.site import build
from stack.state import Choices, Running
from tests.conftest import DataServers

_EMAIL = "uploader@example.com"
_WHOLE = Choices(engine="native", pods=2, replicas=0)
_PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(500)


@pytest.fixture
def nothing_left(full_stack: Running) -> Iterator[None]:
    """The database is as it was, for those who share the stack."""
    yield
    with psycopg.connect(full_stack.environment["DATABASE_DIRECT_URL"]) as connection:
        connection.execute("DELETE FROM users WHERE email = %s", (_EMAIL,))
        connection.execute("DELETE FROM doomed_objects")


@pytest.mark.stack
@pytest.mark.usefixtures("nothing_left")
def test_a_new_user_uploads_a_picture(full_stack: Running) -> None:
    with httpx2.Client(base_url=f"{full_stack.base_url}/api/v1", timeout=30) as client:
        person = client.post(
            "/auth/register",
            json={
                "email": _EMAIL,
                "password": "Bahamas-2026!",
                "full_name": "Una Ploader",
                "role": "seeker",
            },
        ).json()
        client.headers["authorization"] = f"Bearer {person['access_token']}"
        begun = client.post(
            "/uploads",
            json={
                "kind": "avatar",
                "file_name": "me.png",
                "content_type": "image/png",
                "size_bytes": len(_PICTURE),
            },
        )
        assert begun.status_code == 201, begun.text
        put = begun.json()["put"]
        assert put["url"].startswith(f"{full_stack.services['s3'].urls['http']}/")
        sent = httpx2.put(put["url"], content=_PICTURE, headers=put["headers"])
        assert sent.status_code == 200, sent.text
        confirmed = client.post(f"/uploads/{begun.json()['upload']['id']}/confirm")
        assert confirmed.status_code == 200, confirmed.text
        led = client.get(f"/users/{person['user']['id']}/avatar")
        assert led.status_code == 307, led.text
    assert httpx2.get(led.headers["location"]).content == _PICTURE


def test_with_a_store_of_ones_own_there_is_no_local_one(
    make_home: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    home = places.prepare(make_home())

    def settings() -> tuple[bool, dict[str, Any]]:
        stack = build(home, _WHOLE, {})
        return "s3" in stack.adapters, stack.adapters["backend-1"].environment()

    runs, environment = settings()
    assert runs
    assert environment["S3_ENDPOINT_URL"].startswith("http://127.0.0.1:")
    assert len(environment["S3_SECRET_ACCESS_KEY"]) == 48
    assert settings()[1]["S3_SECRET_ACCESS_KEY"] == environment["S3_SECRET_ACCESS_KEY"]
    monkeypatch.setenv("S3_ENDPOINT_URL", "https://of-somebody.r2.cloudflarestorage.com")
    runs, environment = settings()
    assert not runs
    assert environment["S3_ENDPOINT_URL"] == "https://of-somebody.r2.cloudflarestorage.com"
    assert environment["S3_SECRET_ACCESS_KEY"] == ""


def test_a_stack_without_it_keeps_no_files(data_servers: DataServers) -> None:
    assert data_servers.environment["S3_ENDPOINT_URL"] == ""
    assert data_servers.environment["S3_SECRET_ACCESS_KEY"] == ""
