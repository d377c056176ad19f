"""A request's body: how long it says it is, and how much of it is read."""

import asyncio

from starlette.exceptions import HTTPException
from starlette.types import Message, Receive

_LAST_BYTES_S = 2.0


def length_of(headers: dict[bytes, bytes]) -> int | None:
    """How many bytes the body has, None where the headers do not say."""
    if b"transfer-encoding" in headers:
        return None
    given = headers.get(b"content-length")
    if given is None:
        return 0
    return int(given) if given.isdigit() else None


class Body:
    """A request's body: read up to `most` bytes, and to its end before anything is answered.

    A connection is closed when it is answered with bytes still unread; to our proxy
    that is a pod that failed, and a few of them would put the pod out.
    """

    __slots__ = ("_ended", "_most", "_read", "_receive")

    def __init__(self, receive: Receive, most: int) -> None:
        self._receive = receive
        self._most = most
        self._read = 0
        self._ended = False

    async def __call__(self) -> Message:
        message = await self._next()
        if self._read > self._most:
            # Of this kind, because the framework takes any other for a body it cannot parse.
            raise HTTPException(413, "Content Too Large")
        return message

    async def drain(self) -> None:
        """Let the rest go by: as much again as is taken, for a moment."""
        try:
            async with asyncio.timeout(_LAST_BYTES_S):
                while not self._ended and self._read <= 2 * self._most:
                    await self._next()
        except TimeoutError:
            self._ended = True

    async def _next(self) -> Message:
        message = await self._receive()
        self._read += len(message.get("body", b""))
        self._ended = self._ended or not message.get("more_body", False)
        return message
