"""Which address a request comes from, behind proxies of ours or not."""

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address

from reference_app.kit.recent import Recent

_MOST_KNOWN = 20_000
_KNOWN_FOR_S = 300.0


class Callers:
    """Tells the address a request comes from.

    Behind a trusted proxy it is the last address of X-Forwarded-For that is
    not a trusted proxy itself: whatever stands before it the client may have
    made up. From anyone else the header counts for nothing.
    """

    def __init__(self, trusted: Sequence[IPv4Network | IPv6Network]) -> None:
        self._trusted = tuple(trusted)
        self._trusts: dict[str, bool] = {}
        self._behind: Recent[bytes, str | None] = Recent(
            self._last_untrusted, keep_s=_KNOWN_FOR_S, most=_MOST_KNOWN
        )

    def trusts(self, peer: str) -> bool:
        """Whether `peer` is one of our proxies."""
        known = self._trusts.get(peer)
        if known is None:
            if len(self._trusts) >= _MOST_KNOWN:
                self._trusts.clear()
            known = self._trusts[peer] = self._in_trusted(peer)
        return known

    def address(self, peer: str, forwarded: bytes | None) -> str:
        """The client's address; `forwarded` is X-Forwarded-For as received from a trusted peer."""
        if forwarded is None:
            return peer
        return self._behind(forwarded) or peer

    def _last_untrusted(self, forwarded: bytes) -> str | None:
        for part in reversed(forwarded.decode("latin-1").split(",")):
            address = part.strip()
            try:
                ip_address(address)
            except ValueError:
                return None
            if not self._in_trusted(address):
                return address
        return None

    def _in_trusted(self, address: str) -> bool:
        try:
            parsed = ip_address(address)
        except ValueError:
            return False
        if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
            parsed = parsed.ipv4_mapped
        return any(parsed in network for network in self._trusted)
