"""A service that tells requests and CPU of its routes as the reference app does, by its own word.

    PROMETHEUS_MULTIPROC_DIR=FOLDER python tests/compare/telling_service.py LIST_MS ONE_MS EVERY

prints its port. `/jobs` and all its queries are told to take LIST_MS a request, `/jobs/N` ONE_MS.
Of the list only one request in EVERY is told at all, as if a cache before it had answered the
others. Anything else is never told.
"""

import asyncio
import sys
from itertools import count

from prometheus_client import Counter

ROUTES = ("/jobs", "/jobs/{job_id}")


async def main(list_ms: float, one_ms: float, every: int) -> None:
    """Serve until ended."""
    cpu = Counter("http_request_cpu_seconds_total", "CPU", ["method", "route"])
    requests = Counter("http_requests_total", "Requests", ["method", "route", "status"])
    used = {route: cpu.labels("GET", route) for route in ROUTES}
    came = {route: requests.labels("GET", route, "200") for route in ROUTES}
    lists = count()

    def tell(route: str, milliseconds: float) -> None:
        came[route].inc()
        used[route].inc(milliseconds / 1000)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await _head(reader):
            path = head.split(b" ", 2)[1].partition(b"?")[0]
            if path == b"/jobs":
                if next(lists) % every == 0:
                    tell("/jobs", list_ms)
            elif path.startswith(b"/jobs/"):
                tell("/jobs/{job_id}", one_ms)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


async def _head(reader: asyncio.StreamReader) -> bytes:
    """The head of the next request; nothing when the client is gone."""
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return b""


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])))
