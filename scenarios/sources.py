"""The address each virtual user comes from: distinct ones of 127.0.0.0/8.

Rate limits count by address, so two thousand people must not share one. Linux
lets a socket be bound to any loopback address as it is.
"""

import functools
import ipaddress
import socket
import sys

_LAST_PARTS = 254
"""1 to 254: neither 0 nor 255 in the last three parts, so never 127.0.0.1 either."""


def source_address(user: int) -> str:
    """The address of virtual user number `user` (from 0). Distinct up to 16 million users."""
    rest, last = divmod(user, _LAST_PARTS)
    first, third = divmod(rest, _LAST_PARTS)
    if first >= _LAST_PARTS:
        raise ValueError(f"no loopback address is left for user {user}")
    return f"127.{first + 1}.{third + 1}.{last + 1}"


@functools.cache
def can_bind(host: str) -> bool:
    """Whether a connection to `host` may come from a loopback address of our choice."""
    if sys.platform != "linux":
        return False
    try:
        address = socket.getaddrinfo(host, None, socket.AF_INET)[0][4][0]
    except (OSError, IndexError):
        return False
    return ipaddress.ip_address(address).is_loopback
