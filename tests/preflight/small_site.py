"""A small deployment on 127.0.0.1: answers as it should, but for one fault."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count

OWN = "https://www.board.example"
SECURE = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=()",
    "Content-Security-Policy": "default-src 'none'",
    "Strict-Transport-Security": "max-age=31536000",
    "X-Process-Time": "0.001",
    "Server": "nginx",
}
PRIVATE = ("/api/v1/auth/me", "/api/v1/admin/users", "/api/v1/conversations")
PRIVATE += ("/api/v1/subscriptions/me", "/api/v1/auth/refresh")
OPEN = ("/health", "/startup", "/robots.txt", "/api/v1/jobs", "/api/v1/openapi.json", "/api/health")


@dataclass
class Site:
    """What it answers; change it to make a fault."""

    headers: dict[str, str] = field(default_factory=lambda: dict(SECURE))
    statuses: dict[str, int] = field(default_factory=dict)
    reads: bool = True
    writes: bool = True
    cookie: str = "seen=1; Secure; HttpOnly; SameSite=Lax"
    lets_in: tuple[str, ...] = (OWN,)
    sign_ins: int = 5
    figures: dict[str, float] = field(default_factory=dict)
    alerts: list[str] = field(default_factory=list)
    same_id: bool = False
    url: str = ""


def _answer(site: Site, method: str, path: str, body: str, tried: Iterator[int]) -> tuple[int, str]:
    if path in site.statuses:
        return site.statuses[path], "{}"
    if path == "/ready":
        return 200, json.dumps({"reads": site.reads, "writes": site.writes})
    if path == "/api/v1/subscriptions/tiers":
        return 200, '[{"name": "Enterprise"}, {"price_cents": 999}]'
    if path == "/api/v1/auth/login":
        if body == "no json":
            return 422, "{}"
        return (401 if next(tried) < site.sign_ins else 429), "{}"
    if path == "/api/v1/subscriptions/webhook":
        return 400, "{}"
    if path in ("/api/v1/rules", "/api/v1/query"):
        return 200, json.dumps({"data": _of_prometheus(site)})
    if path in PRIVATE:
        return 401, "{}"
    if path in OPEN:
        return (405 if method == "POST" else 200), "{}"
    return 404, "{}"


def _of_prometheus(site: Site) -> dict[str, object]:
    """Its rules and the answer to any query."""
    rules = [{"name": name} for name in site.alerts]
    values = [{"value": [0, str(value)]} for value in site.figures.values()]
    return {"groups": [{"rules": rules}], "result": values}


def _handler(site: Site) -> type[BaseHTTPRequestHandler]:
    tried, ids = count(), count()

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            body = self.rfile.read(length).decode()
            path = self.path.partition("?")[0]
            status, text = _answer(site, self.command, path, body, tried)
            self.send_response_only(status)
            for name, value in site.headers.items():
                self.send_header(name, value)
            self.send_header("X-Request-ID", "one" if site.same_id else f"id-{next(ids)}")
            self.send_header("Content-Type", "application/problem+json")
            if site.cookie:
                self.send_header("Set-Cookie", site.cookie)
            origin = self.headers.get("Origin", "")
            if origin in site.lets_in:
                self.send_header("Access-Control-Allow-Origin", origin)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        do_GET = do_POST = do_OPTIONS = _serve  # noqa: N815  # names http.server looks for

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its signature
            """Say nothing."""

    return Handler


@contextmanager
def served(site: Site) -> Iterator[Site]:
    """`site`, answering at `site.url`."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(site))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    site.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
