"""Takes letters in over SMTP and keeps the last of them."""

import asyncio
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from aiosmtpd.smtp import SMTP, Envelope, Session

MOST_KEPT = 500
_LARGEST = 1_000_000


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter as it came; `to` are those it was handed in for."""

    received: str
    sender: str
    to: tuple[str, ...]
    subject: str
    text: str


class Office:
    """The letters, the newest first."""

    def __init__(self) -> None:
        self.letters: deque[Letter] = deque(maxlen=MOST_KEPT)

    async def opened(self, host: str, port: int) -> asyncio.Server:
        """Listen for letters. Raises OSError when the port is taken."""
        return await asyncio.get_running_loop().create_server(self._protocol, host, port)

    def to(self, address: str) -> list[Letter]:
        """The letters for somebody."""
        return [letter for letter in self.letters if address in letter.to]

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name for it
        """Keep a letter."""
        content = envelope.content
        message = message_from_bytes(
            content if isinstance(content, bytes) else str(content).encode(),
            _class=EmailMessage,
            policy=default,
        )
        body = message.get_body(("plain", "html"))
        text = str(body.get_content()) if body is not None else ""
        self.letters.appendleft(
            Letter(
                received=datetime.now(UTC).isoformat(timespec="seconds"),
                sender=envelope.mail_from or "",
                to=tuple(envelope.rcpt_tos),
                subject=str(message["Subject"] or ""),
                text=text.replace("\r\n", "\n"),
            )
        )
        return "250 taken"

    def _protocol(self) -> SMTP:
        return SMTP(
            self,
            data_size_limit=_LARGEST,
            hostname="mail.local",
            ident="hmb",
            loop=asyncio.get_running_loop(),
        )
