"""Facts of nginx: how it passes requests on, and what it sends with every answer."""

import re
from pathlib import Path

from capacity.audit.facts import Fact, Value
from stack.inventory.nginx_conf import Directive, named, read, setting

FILE = "nginx-production.conf"
_FOLDER = "deploy/nginx"
_OTHER_WAYS = {"least_conn", "ip_hash", "hash", "random"}
_DURATION = re.compile(r"(\d+)(ms|s|m|h|d|)")
_SECONDS = {"ms": 0.001, "": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_SIZE = {"k": 1 / 1024, "m": 1.0, "g": 1024.0, "": 1 / 1024**2}
_NAMES = (
    *("balancing", "shared_rotation", "max_fails", "fail_timeout_s", "next_upstream", "http2"),
    *("tls", "keepalive", "request_buffering", "gzip", "headers", "websocket_timeout_s"),
    *("body_limit_mb", "status", "connect_timeout_s", "send_timeout_s", "read_timeout_s"),
    *("locations_dropping_headers", "health_to"),
)

_Block = tuple[Directive, ...]


def facts(home: Path) -> dict[str, Fact]:
    """What nginx-production.conf and its includes come to; all None when it is not there."""
    path = home / FILE
    values: dict[str, Value | None] = dict.fromkeys(_NAMES)
    if path.is_file():
        values |= _facts(read(path, home / _FOLDER))
    return {f"nginx.{name}": Fact(value, FILE) for name, value in values.items()}


def _facts(whole: _Block) -> dict[str, Value | None]:
    http = next((one.inside for one in named(whole, "http")), ())
    servers = [one.inside for one in named(http, "server")]
    public = [server for server in servers if not _inner(server)]
    site = next((server for server in public if named(server, "location")), ())
    root, health, socket = (_location(site, path) for path in ("/", "/health", "/ws"))
    api = (root, site, http)
    return {
        **_upstream(http),
        "next_upstream": setting("proxy_next_upstream", *api) or ("error", "timeout"),
        "http2": any("http2" in words for words in _listens(public))
        or any(setting("http2", server) == ("on",) for server in public),
        "tls": (setting("ssl_protocols", http) or ()) if _over_tls(public, http) else (),
        "request_buffering": _word(setting("proxy_request_buffering", *api), "on"),
        "gzip": _word(setting("gzip", http), "off"),
        "headers": _headers(public, http),
        "websocket_timeout_s": _seconds(setting("proxy_read_timeout", socket, site, http)),
        "body_limit_mb": _megabytes(setting("client_max_body_size", *api)),
        "status": any(_inner(server) and _has_status(server) for server in servers),
        "connect_timeout_s": _seconds(setting("proxy_connect_timeout", *api)),
        "send_timeout_s": _seconds(setting("proxy_send_timeout", *api)),
        "read_timeout_s": _seconds(setting("proxy_read_timeout", *api)),
        "locations_dropping_headers": _dropping(public, http),
        "health_to": _target(health or root),
    }


def _upstream(http: _Block) -> dict[str, Value | None]:
    pods = next((one.inside for one in named(http, "upstream")), ())
    other = [one.name for one in pods if one.name in _OTHER_WAYS]
    server = next((one.words for one in named(pods, "server")), ())
    said = dict(word.split("=", 1) for word in server if "=" in word)
    fails, rest, kept = said.get("max_fails"), said.get("fail_timeout"), setting("keepalive", pods)
    return {
        "balancing": (other[0] if other else "round robin") if pods else None,
        "shared_rotation": bool(named(pods, "zone")),
        "max_fails": int(fails) if fails else None,
        "fail_timeout_s": _seconds((rest,)) if rest else None,
        "keepalive": int(kept[0]) if kept else None,
    }


def _inner(server: _Block) -> bool:
    """Whether only this very host may ask it."""
    return any(one.words[1:] == ("all",) for one in named(server, "deny"))


def _listens(servers: list[_Block]) -> list[tuple[str, ...]]:
    return [one.words[1:] for server in servers for one in named(server, "listen")]


def _over_tls(servers: list[_Block], http: _Block) -> bool:
    certificate = setting("ssl_certificate", http) is not None
    return certificate and any("ssl" in words for words in _listens(servers))


def _location(server: _Block, path: str) -> _Block:
    found = [one.inside for one in named(server, "location") if one.words[-1] == path]
    return found[0] if found else ()


def _has_status(server: _Block) -> bool:
    return any(named(one.inside, "stub_status") for one in named(server, "location"))


def _headers(servers: list[_Block], http: _Block) -> tuple[str, ...]:
    """Headers that every answer of every public server has, with errors (`always`) too."""
    each = [_effective(place, server, http) for server in servers for place in _places(server)]
    common = set.intersection(*each) if each else set()
    return tuple(sorted(common))


def _places(server: _Block) -> list[_Block]:
    """The server itself (for what it answers outside locations), and its locations."""
    return [(), *(one.inside for one in named(server, "location"))]


def _effective(place: _Block, server: _Block, http: _Block) -> set[str]:
    """One add_header in a block drops all of the blocks around it."""
    for block in (place, server, http):
        found = named(block, "add_header")
        if found:
            return {one.words[1] for one in found if one.words[-1] == "always"}
    return set()


def _dropping(servers: list[_Block], http: _Block) -> int:
    return sum(
        not _effective((), server, http) <= _effective(place, server, http)
        for server in servers
        for place in _places(server)
    )


def _target(location: _Block) -> str | None:
    passed = setting("proxy_pass", location)
    return passed[0].partition("://")[2].rstrip("/") if passed else None


def _word(words: tuple[str, ...] | None, default: str) -> str:
    return words[0] if words else default


def _seconds(words: tuple[str, ...] | None) -> float | None:
    found = _DURATION.fullmatch(words[0]) if words else None
    return float(found[1]) * _SECONDS[found[2]] if found else None


def _megabytes(words: tuple[str, ...] | None) -> float | None:
    found = re.fullmatch(r"(\d+)([kKmMgG]?)", words[0]) if words else None
    return float(found[1]) * _SIZE[found[2].lower()] if found else None
