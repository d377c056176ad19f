"""A server that lets one in and says nothing: how long it is waited for is a setting."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text

from reference_app.connections import Lookout, ServerGoneError, Statements, make_engine, read
from tests.app.conftest import MakeSettings

_SHORT_S, _LONG_S = 0.2, 600.0


@pytest.fixture
async def silent_url() -> AsyncIterator[str]:
    """Where connections are accepted and nothing is ever said."""
    ended = asyncio.Event()

    async def say_nothing(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await ended.wait()
        writer.close()

    async with await asyncio.start_server(say_nothing, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        yield f"postgresql://nobody@127.0.0.1:{port}/nothing"
        ended.set()


async def _asked(url: str, seconds: float, make_settings: MakeSettings) -> None:
    settings = make_settings(db_connect_timeout=seconds)
    engine = make_engine(url, 1, settings, Statements(), reads=True)
    try:
        await read(engine, text("SELECT 1"))
    finally:
        await engine.dispose()


async def test_a_statement_waits_as_long_as_set(
    silent_url: str, make_settings: MakeSettings
) -> None:
    patient = asyncio.create_task(_asked(silent_url, _LONG_S, make_settings))
    await asyncio.sleep(0)
    with pytest.raises(ServerGoneError):
        await _asked(silent_url, _SHORT_S, make_settings)
    assert not patient.done()
    patient.cancel()
    await asyncio.wait([patient])


async def test_a_look_at_the_primary_waits_as_long_as_set(silent_url: str) -> None:
    patient = asyncio.create_task(Lookout(silent_url, _LONG_S).sees_primary())
    await asyncio.sleep(0)
    assert not await Lookout(silent_url, _SHORT_S).sees_primary()
    assert not patient.done()
    patient.cancel()
    await asyncio.wait([patient])
