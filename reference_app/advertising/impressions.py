"""The token of one impression: which campaign, seen by whom, until when it can be clicked.

Signed, so that nobody clicks on what was never shown; it names nobody.
"""

import base64
import binascii
import hmac
import secrets
import struct
from collections.abc import Callable
from dataclasses import dataclass
from time import time

from reference_app.advertising.models import Audience

_LAYOUT = struct.Struct(">QB8sI")
_MAC_BYTES = 16
_AUDIENCES = tuple(Audience)

LONGEST_TOKEN = 64


@dataclass(frozen=True, slots=True)
class Impression:
    """One showing of one campaign. `expires_at` is in seconds since the epoch."""

    campaign_id: int
    audience: Audience
    nonce: bytes
    expires_at: int


class Signer:
    """Makes and reads tokens that are good for `good_for_s` seconds."""

    def __init__(self, secret: str, good_for_s: int, clock: Callable[[], float] = time) -> None:
        # A key of its own: what is signed here is good for nothing else.
        self._key = hmac.digest(secret.encode(), b"advertising: impressions", "sha256")
        self._good_for_s = good_for_s
        self._clock = clock

    def mint(self, campaign_id: int, audience: Audience) -> str:
        """The token of an impression that happens now."""
        said = _LAYOUT.pack(
            campaign_id,
            _AUDIENCES.index(audience),
            secrets.token_bytes(8),
            int(self._clock()) + self._good_for_s,
        )
        return base64.urlsafe_b64encode(said + self._mac(said)).rstrip(b"=").decode("ascii")

    def read(self, token: str) -> Impression | None:
        """The impression that `token` names; None when it is not ours or not good any more."""
        try:
            signed = base64.b64decode(
                token + "=" * (-len(token) % 4), altchars=b"-_", validate=True
            )
        except (binascii.Error, ValueError):
            return None
        said, mac = signed[: _LAYOUT.size], signed[_LAYOUT.size :]
        if len(said) != _LAYOUT.size or not hmac.compare_digest(mac, self._mac(said)):
            return None
        campaign_id, audience, nonce, expires_at = _LAYOUT.unpack(said)
        if self._clock() >= expires_at:
            return None
        return Impression(campaign_id, _AUDIENCES[audience], nonce, expires_at)

    def _mac(self, said: bytes) -> bytes:
        return hmac.digest(self._key, said, "sha256")[:_MAC_BYTES]
