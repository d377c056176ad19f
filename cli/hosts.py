"""Which addresses may be loaded: this machine, and what a person names on purpose."""

import ipaddress
import socket
from urllib.parse import urlsplit

from capacity.errors import UsageError


def check(host: str, allowed: str | None, option: str = "--host") -> str:
    """`host`, which `option` gave, without a trailing slash, if it may be loaded.

    Raises `UsageError` for something that is no http(s) address, a name that does not
    resolve, and a host that is not this machine unless `allowed` names it.
    """
    wrong = UsageError(f"{option} {host}: no address to load; write http://127.0.0.1:8000")
    try:
        parts = urlsplit(host)
        _ = parts.port
    except ValueError:  # a bracket of an IPv6 address never closed, or a port that is none
        raise wrong from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise wrong
    if allowed == parts.hostname or _is_here(host, parts.hostname, option):
        return host.rstrip("/")
    raise UsageError(
        f"{option} {host}: {parts.hostname} is not this machine; a load test of a system that "
        f"is not yours is an attack. If it is yours, add --allow-remote {parts.hostname}"
    )


def _is_here(host: str, name: str, option: str) -> bool:
    """Whether every address of `name` is a loopback one."""
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except OSError as error:
        raise UsageError(f"{option} {host}: cannot find {name}: {error.strerror}") from error
    return all(ipaddress.ip_address(str(entry[4][0])).is_loopback for entry in found)


def free_port() -> int:
    """A port of this machine that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])
