"""An HTTP server whose every answer is known, to hold a load test's report against.

Run as a script it listens on a free port of 127.0.0.1, prints the port, and
counts what reaches it until it is ended. Paths:

/draw            answers after a service time drawn from a seeded distribution
/slow            answers after SLOW_S
/stall           answers after BASE_S; but what comes within STALL_S from STALL_AFTER_S after the
                 first of them waits until that time is over, too
/status/CODE     answers with that status
/text            answers 200 with a body that is not JSON
/drop            closes the connection without an answer
/hang            never answers
/report          JSON: peers (address -> connections), arrivals (Unix times),
                 calls (path -> [when it came, seconds it took], by this server's own clock),
                 stalls_at (when the stall of /stall began, as a Unix time)
anything else    200 and an empty JSON object
"""

import asyncio
import json
import math
import random
import sys
import time
from collections import Counter, defaultdict
from typing import cast

MEDIAN_S = 0.15
SPREAD = 0.5
LEAST_S, MOST_S = 0.08, 0.6
SLOW_S = 1.5
BASE_S, STALL_AFTER_S, STALL_S = 0.02, 1.0, 0.8


class Known:
    """What the server has seen."""

    def __init__(self) -> None:
        self.peers: Counter[str] = Counter()
        self.arrivals: list[float] = []
        self.calls: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
        self.chance = random.Random(7)
        self.stalls_at: float | None = None
        """When the scripted stall begins, as a Unix time."""

    def draw(self) -> float:
        """A service time: lognormal, cut to [LEAST_S, MOST_S]."""
        drawn = MEDIAN_S * math.exp(SPREAD * self.chance.gauss(0, 1))
        return min(max(drawn, LEAST_S), MOST_S)

    def stall(self) -> float:
        """How long a call of /stall takes that comes now."""
        now = time.time()
        if self.stalls_at is None:
            self.stalls_at = now + STALL_AFTER_S
        stalls = self.stalls_at <= now < self.stalls_at + STALL_S
        return BASE_S + (self.stalls_at + STALL_S - now if stalls else 0.0)


class Conversation(asyncio.Protocol):
    """One connection: requests are answered one after the other."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._received = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._known.peers[transport.get_extra_info("peername")[0]] += 1

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, rest = self._received.partition(b"\r\n\r\n")
        if not found:
            return
        length = 0
        for line in head.lower().split(b"\r\n")[1:]:
            if line.startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        if len(rest) < length:
            return
        self._received = rest[length:]
        self._serve(head.split(b" ", 2)[1].decode().partition("?")[0])

    def _serve(self, path: str) -> None:
        began = time.perf_counter()
        if path == "/report":
            self._answer(200, json.dumps(self._report()).encode(), path, began)
            return
        self._known.arrivals.append(time.time())
        if path in ("/draw", "/slow", "/stall"):
            times = {"/draw": self._known.draw, "/stall": self._known.stall}
            taken = times[path]() if path in times else SLOW_S
            asyncio.get_running_loop().call_later(taken, self._answer, 200, b"{}", path, began)
        elif path == "/drop":
            self._transport.close()
        elif path == "/text":
            self._answer(200, b"<p>sorry</p>", path, began)
        elif path.startswith("/status/"):
            self._answer(int(path.rpartition("/")[2]), b"{}", path, began)
        elif path != "/hang":
            self._answer(200, b"{}", path, began)

    def _report(self) -> dict[str, object]:
        known = self._known
        return {
            "peers": known.peers,
            "arrivals": known.arrivals,
            "calls": known.calls,
            "stalls_at": known.stalls_at,
        }

    def _answer(self, status: int, body: bytes, path: str, began: float) -> None:
        head = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n"
        self._transport.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        self._known.calls[path].append((began, time.perf_counter() - began))


async def serve() -> None:
    """Serve until the process is ended."""
    known = Known()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Conversation(known), "127.0.0.1", 0, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    if "--uvloop" in sys.argv:
        import uvloop

        uvloop.run(serve())
    else:
        asyncio.run(serve())
