"""One open socket: a bounded queue outwards, a bounded rate inwards."""

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic

from starlette.types import Receive, Scope, Send

from reference_app.realtime import counts

_PARTING_S = 2.0
_MOST_REMEMBERED = 16
_TYPING_EVERY_S = 2.0


@dataclass(frozen=True, slots=True)
class Closing:
    """Why the server closes a socket: the code clients see and the name it is counted by."""

    code: int
    reason: str


SLOW = Closing(4008, "slow_reader")
TOO_MANY = Closing(4009, "too_many_connections")
SILENT = Closing(4010, "silent")
SIGNED_OUT = Closing(4011, "signed_out")
TOO_FAST = Closing(4029, "too_many_frames")
TOO_BIG = Closing(1009, "frame_too_big")
NOT_UNDERSTOOD = Closing(1003, "not_understood")
RESTARTING = Closing(1012, "restarting")
TRY_LATER = Closing(1013, "try_later")
BUSY = Closing(1013, "busy")


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much one socket may hold and send.

    `queue` frames may wait outwards; inwards a frame has at most `frame_bytes`
    characters, `burst` may come at once and `per_s` a second in the long run.
    """

    queue: int
    frame_bytes: int
    burst: int = 20
    per_s: float = 2.0


class Connection:
    """One socket that has been accepted.

    An idle socket holds no task but its server's: the one that writes lives
    only while there is something to write.
    """

    __slots__ = (
        "_allowance",
        "_allowed_at",
        "_bounds",
        "_closer",
        "_queue",
        "_receive",
        "_send",
        "_server_task",
        "_typed",
        "_writer",
        "heard_at",
        "id",
        "on_drop",
        "user_id",
    )

    def __init__(
        self, connection_id: str, user_id: int, receive: Receive, send: Send, bounds: Bounds
    ) -> None:
        self.id = connection_id
        self.user_id = user_id
        self.heard_at = monotonic()
        self.on_drop: Callable[[Connection], None] | None = None
        self._receive = receive
        self._send = send
        self._bounds = bounds
        self._queue: deque[str] | None = None
        self._writer: asyncio.Task[None] | None = None
        self._closer: asyncio.Task[None] | None = None
        self._server_task = asyncio.current_task()
        self._allowance = float(bounds.burst)
        self._allowed_at = self.heard_at
        self._typed: dict[int, tuple[int, float]] | None = None

    @property
    def is_closing(self) -> bool:
        """Whether the server has decided to close it."""
        return self._closer is not None

    def offer(self, frame: str) -> None:
        """Send `frame` as soon as the client takes it; a full queue drops the client."""
        if self._closer is not None:
            return
        if self._queue is None:
            self._queue = deque()
        if len(self._queue) >= self._bounds.queue:
            self.drop(SLOW)
            return
        self._queue.append(frame)
        if self._writer is None:
            self._writer = asyncio.create_task(self._write(self._queue))

    def drop(self, closing: Closing, last_frame: str | None = None) -> None:
        """Close it from this side. What still waits is forgotten: clients fetch when they return.

        `last_frame` is sent before, if the client takes it quickly.
        """
        if self._closer is not None:
            return
        counts.dropped(closing.reason)
        if self._writer is not None:
            self._writer.cancel()
        self._closer = asyncio.create_task(self._close(closing, last_frame))
        if self.on_drop is not None:
            self.on_drop(self)

    async def inbound(self) -> str | None:
        """The next frame of the client; None when the socket is over."""
        message = await self._receive()
        if message["type"] != "websocket.receive":
            return None
        self.heard_at = monotonic()
        counts.frames_in.inc()
        text: str | None = message.get("text")
        return text if text is not None else ""

    def admits(self, frame: str) -> bool:
        """Whether `frame` keeps within bounds; the socket is dropped if not."""
        if self._closer is not None:
            return False
        if len(frame) > self._bounds.frame_bytes:
            self.drop(TOO_BIG)
            return False
        now = monotonic()
        earned = (now - self._allowed_at) * self._bounds.per_s
        self._allowance = min(float(self._bounds.burst), self._allowance + earned) - 1
        self._allowed_at = now
        if self._allowance < 0:
            self.drop(TOO_FAST)
            return False
        return True

    def other_side(self, conversation_id: int) -> int | None:
        """Who else is in a conversation, if that has been looked up."""
        known = self._typed.get(conversation_id) if self._typed else None
        return known[0] if known else None

    def may_type(self, conversation_id: int, other_id: int) -> bool:
        """Whether it is time to say again that this user is typing."""
        if self._typed is None:
            self._typed = {}
        now = monotonic()
        known = self._typed.get(conversation_id)
        if known is not None and now - known[1] < _TYPING_EVERY_S:
            return False
        if len(self._typed) >= _MOST_REMEMBERED:
            self._typed.clear()
        self._typed[conversation_id] = (other_id, now)
        return True

    def ended(self) -> None:
        """Let go of what the socket held; the last thing to call."""
        for task in (self._writer, self._closer):
            if task is not None:
                task.cancel()

    async def _write(self, queue: deque[str]) -> None:
        try:
            while queue:
                await self._send({"type": "websocket.send", "text": queue.popleft()})
                counts.frames_out.inc()
        except OSError:
            pass  # the client is gone, as `inbound` will say
        finally:
            self._writer = self._queue = None

    async def _close(self, closing: Closing, last_frame: str | None) -> None:
        with suppress(OSError, TimeoutError):
            if last_frame is not None:
                async with asyncio.timeout(_PARTING_S):
                    await self._send({"type": "websocket.send", "text": last_frame})
        with suppress(OSError, RuntimeError):
            await self._send(
                {"type": "websocket.close", "code": closing.code, "reason": closing.reason}
            )
        # A client that does not even read its own end would keep the server's task for ever.
        if self._server_task is not None:
            self._server_task.cancel()


async def accept(receive: Receive, send: Send, subprotocol: str) -> bool:
    """Finish the handshake; False when the client has gone meanwhile."""
    message = await receive()
    if message["type"] != "websocket.connect":
        return False
    await send({"type": "websocket.accept", "subprotocol": subprotocol})
    return True


async def refuse(receive: Receive, send: Send, reason: str) -> None:
    """Refuse the handshake: the client sees HTTP 403."""
    counts.dropped(reason)
    await receive()
    await send({"type": "websocket.close", "code": 1008, "reason": reason})


async def turn_away(send: Send, closing: Closing, last_frame: str) -> None:
    """Close a socket that has only been accepted, after telling it `last_frame`."""
    counts.dropped(closing.reason)
    with suppress(OSError, RuntimeError):
        await send({"type": "websocket.send", "text": last_frame})
        await send({"type": "websocket.close", "code": closing.code, "reason": closing.reason})


def offered_ticket(scope: Scope, subprotocol: str) -> str | None:
    """The ticket that stands beside `subprotocol` in the handshake.

    There, not in the address: addresses end in access logs.
    """
    offered = scope.get("subprotocols") or []
    if len(offered) != 2 or offered[0] != subprotocol:
        return None
    return str(offered[1])
