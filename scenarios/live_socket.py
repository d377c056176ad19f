"""The socket a virtual user holds beside its requests. Lives inside the Locust process."""

import json
import ssl
from collections.abc import Callable
from urllib.parse import urlsplit

import gevent
from gevent import socket
from websocket import WebSocket, WebSocketException

PONG = '{"type":"pong"}'
_IDLE_S = 90.0
"""The server says something at least every 25 s."""


class LiveSocket:
    """An open socket and the greenlet that reads it.

    `on_frame` is given each frame, `on_end` is called once when the socket is over.
    """

    def __init__(
        self,
        connection: WebSocket,
        on_frame: Callable[[dict[str, object]], None],
        on_end: Callable[[], None],
    ) -> None:
        self._connection = connection
        self._on_frame = on_frame
        self._on_end = on_end
        self._reader = gevent.spawn(self._read)

    def close(self) -> None:
        """Leave, without waiting for the other side."""
        self._connection.shutdown()  # type: ignore[no-untyped-call]  # the library has no types
        self._reader.kill(block=False)

    def _read(self) -> None:
        try:
            while text := self._connection.recv():
                frame = json.loads(text)
                if frame["type"] == "ping":
                    self._connection.send(PONG)
                else:
                    self._on_frame(frame)
        except (WebSocketException, OSError, ValueError):
            pass  # over, for whatever reason; the next session opens another
        finally:
            self._on_end()


def open_socket(
    host: str,
    protocols: list[str],
    make: Callable[[int, int, int], socket.socket],
    context: ssl.SSLContext,
    timeout_s: float,
) -> WebSocket:
    """A socket at `/ws` of `host` (an http or https address), offered `protocols`.

    `make` makes the plain socket, given family, kind and protocol. Raises `OSError` or
    `WebSocketException` when it does not open within `timeout_s`.
    """
    parts = urlsplit(host)
    secure = parts.scheme == "https"
    name = parts.hostname or ""
    port = parts.port or (443 if secure else 80)
    family, kind, protocol, _, address = socket.getaddrinfo(name, port, 0, socket.SOCK_STREAM)[0]
    plain = make(family, kind, protocol)
    try:
        plain.settimeout(timeout_s)
        plain.connect(address)
        wire = context.wrap_socket(plain, server_hostname=name) if secure else plain
        connection = WebSocket()
        scheme = "wss" if secure else "ws"
        connection.connect(  # type: ignore[no-untyped-call]  # as above
            f"{scheme}://{name}:{port}/ws",
            socket=wire,
            subprotocols=protocols,
            timeout=timeout_s,
        )
    except BaseException:
        plain.close()
        raise
    connection.settimeout(_IDLE_S)
    return connection
