"""A tiny HTTP service whose answers cost a chosen amount of CPU: something to hold a gate to.

    python tests/bench/tiny_service.py WORK [SHARE_FAILED]

listens on 127.0.0.1 at $PORT. WORK counts turns of a loop before each answer, so that a
service with 15 % more of them is 15 % slower code on any machine. `/light` does a third of
it. SHARE_FAILED of the answers are 500. Started by its path: it imports nothing of ours.
"""

import asyncio
import os
import sys
from itertools import count


def burn(turns: int) -> int:
    """Use the processor for `turns` turns."""
    total = 0
    for turn in range(turns):
        total += turn * turn % 7
    return total


async def main(work: int, failed: float) -> None:
    """Serve until told to end."""
    numbers = count()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await _head(reader):
            burn(work // 3 if b" /light" in head.split(b"\r\n", 1)[0] else work)
            wrong = next(numbers) * 61 % 100 < 100 * failed  # spread evenly over each hundred
            status = b"500 Internal Server Error" if wrong else b"200 OK"
            writer.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: 2\r\n\r\nok")
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", int(os.environ["PORT"]))
    await server.serve_forever()


async def _head(reader: asyncio.StreamReader) -> bytes:
    """The head of the next request; nothing when the client is gone."""
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return b""


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else 0.0))
