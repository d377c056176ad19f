"""A WebSocket client small enough to hold ten thousand of, and able to misbehave.

It speaks as much of RFC 6455 as the server uses: text frames without fragments,
and closing. What a well-behaved client answers, it answers only when asked to.
"""

import asyncio
import base64
import json
import os
import socket
import struct
from collections import deque
from typing import Any
from urllib.parse import urlsplit

_TEXT, _CLOSE, _PING, _PONG = 1, 8, 9, 10
_PATIENCE_S = 60.0
_BIND_ADDRESS_NO_PORT = 24
"""Linux: the port is chosen on connecting, so that it need not be unused everywhere."""


class RefusedError(Exception):
    """The server answered the handshake with an HTTP error."""

    def __init__(self, status: int) -> None:
        super().__init__(str(status))
        self.status = status


class ClosedError(Exception):
    """The connection is over; `code` is None when it ended without a close frame."""

    def __init__(self, code: int | None) -> None:
        super().__init__(str(code))
        self.code = code


class Socket(asyncio.Protocol):
    """One connection. `frames` holds what came and was not yet received."""

    def __init__(self, *, answers_pings: bool = True, answers_close: bool = True) -> None:
        self.frames: deque[dict[str, Any]] = deque()
        self.close_code: int | None = None
        self.is_over = False
        self.on_frame: Any = None
        self._answers_pings = answers_pings
        self._answers_close = answers_close
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._open: asyncio.Future[None] | None = asyncio.get_running_loop().create_future()
        self._changed: asyncio.Future[None] | None = None

    @classmethod
    async def connect(
        cls,
        url: str,
        protocols: list[str],
        *,
        source: str | None = None,
        receive_buffer: int | None = None,
        answers_pings: bool = True,
        answers_close: bool = True,
    ) -> "Socket":
        """An open connection to `url` (ws://). Raises `RefusedError`, `ClosedError`."""
        parts = urlsplit(url)
        raw = socket.socket()
        raw.setblocking(False)
        if receive_buffer is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        if source is not None:
            raw.setsockopt(socket.IPPROTO_IP, _BIND_ADDRESS_NO_PORT, 1)
            raw.bind((source, 0))
        loop = asyncio.get_running_loop()
        try:
            await loop.sock_connect(raw, (parts.hostname, parts.port))
            _, made = await loop.create_connection(
                lambda: cls(answers_pings=answers_pings, answers_close=answers_close), sock=raw
            )
        except BaseException:  # whoever gave up on it would leave it open
            raw.close()
            raise
        key = base64.b64encode(os.urandom(16)).decode()
        assert made._transport is not None
        made._transport.write(
            (
                f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nUpgrade: websocket\r\n"
                f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
                f"Sec-WebSocket-Protocol: {', '.join(protocols)}\r\n\r\n"
            ).encode()
        )
        assert made._open is not None
        async with asyncio.timeout(_PATIENCE_S):
            await made._open
        made._open = None
        return made

    async def receive(self, patience_s: float = _PATIENCE_S) -> dict[str, Any]:
        """The next frame. Raises `ClosedError` when there is none left, TimeoutError."""
        async with asyncio.timeout(patience_s):
            while not self.frames:
                if self.is_over:
                    raise ClosedError(self.close_code)
                self._changed = asyncio.get_running_loop().create_future()
                await self._changed
        return self.frames.popleft()

    async def receive_type(self, kind: str, patience_s: float = _PATIENCE_S) -> dict[str, Any]:
        """The next frame of type `kind`; those before it are skipped."""
        async with asyncio.timeout(patience_s):
            while True:
                frame = await self.receive(patience_s)
                if frame["type"] == kind:
                    return frame

    async def closed(self, patience_s: float = _PATIENCE_S) -> int | None:
        """Read to the end: the close code."""
        async with asyncio.timeout(patience_s):
            while True:
                try:
                    await self.receive(patience_s)
                except ClosedError as end:
                    return end.code

    def say(self, text: str) -> None:
        """Send a text frame."""
        self._write(_TEXT, text.encode())

    def say_json(self, **frame: Any) -> None:
        """Send a text frame of JSON."""
        self.say(json.dumps(frame))

    def stop_reading(self) -> None:
        """Take nothing more from the server."""
        assert self._transport is not None
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Take what waits."""
        assert self._transport is not None
        self._transport.resume_reading()

    def close(self) -> None:
        """Close in good order."""
        if not self.is_over:
            self._write(_CLOSE, struct.pack("!H", 1000))

    def cut(self) -> None:
        """End without a word."""
        assert self._transport is not None
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio's."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """asyncio's."""
        self.is_over = True
        if self._open is not None and not self._open.done():
            self._open.set_exception(ClosedError(None))
        self._wake()

    def data_received(self, data: bytes) -> None:
        """asyncio's."""
        self._buffer += data
        if self._open is not None and not self._open.done() and not self._handshaken():
            return
        while (frame := self._frame()) is not None:
            self._take(*frame)

    def _handshaken(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return False
        status = int(self._buffer.split(b" ", 2)[1])
        del self._buffer[: end + 4]
        assert self._open is not None
        if status == 101:
            self._open.set_result(None)
            return True
        self._open.set_exception(RefusedError(status))
        self._buffer.clear()
        return False

    def _frame(self) -> tuple[int, bytes] | None:
        if len(self._buffer) < 2:
            return None
        length, start = self._buffer[1] & 0x7F, 2
        if length == 126:
            if len(self._buffer) < 4:
                return None
            length, start = struct.unpack_from("!H", self._buffer, 2)[0], 4
        if len(self._buffer) < start + length:
            return None
        opcode, payload = self._buffer[0] & 0x0F, bytes(self._buffer[start : start + length])
        del self._buffer[: start + length]
        return opcode, payload

    def _take(self, opcode: int, payload: bytes) -> None:
        if opcode == _CLOSE:
            self.close_code = struct.unpack("!H", payload[:2])[0] if payload else None
            if self._answers_close:
                self._write(_CLOSE, payload[:2])
        elif opcode == _PING:
            self._write(_PONG, payload)
        elif opcode == _TEXT:
            frame = json.loads(payload)
            if frame["type"] == "ping" and self._answers_pings:
                self.say('{"type":"pong"}')
            elif self.on_frame is not None:
                self.on_frame(frame)
            else:
                self.frames.append(frame)
                self._wake()

    def _wake(self) -> None:
        if self._changed is not None and not self._changed.done():
            self._changed.set_result(None)

    def _write(self, opcode: int, payload: bytes) -> None:
        assert self._transport is not None
        mask = os.urandom(4)
        head = bytes([0x80 | opcode])
        if len(payload) < 126:
            head += bytes([0x80 | len(payload)])
        else:
            head += bytes([0x80 | 126]) + struct.pack("!H", len(payload))
        masked = bytes(byte ^ mask[place % 4] for place, byte in enumerate(payload))
        if not self._transport.is_closing():
            self._transport.write(head + mask + masked)
