"""A real SMTP server, and what it was given."""

import asyncio
import re
import ssl
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.app.life import until

_PATIENCE_S = 30.0


class PostOffice:
    """Takes letters in. `answers` are given to the next ones instead of taking them."""

    def __init__(
        self,
        user: str | None = None,
        password: str = "",
        encryption: ssl.SSLContext | None = None,
    ) -> None:
        self.letters: list[EmailMessage] = []
        self.answers: list[str] = []
        self.tried = 0
        self.connections = 0
        self.port = 0
        self._login = None if user is None else LoginPassword(user.encode(), password.encode())
        self._encryption = encryption
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.BaseTransport] = set()

    async def opened(self) -> None:
        """Listen, on the same port as before."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._protocol, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def closed(self) -> None:
        """Refuse new connections and break those that are there."""
        if self._server is not None:
            self._server.close()
            for transport in self._open:
                transport.close()
            await self._server.wait_closed()
            self._server = None

    def settings(self, **given: Any) -> dict[str, Any]:
        """What lets the app send its letters here."""
        return {
            "mail_backend": "smtp",
            "smtp_host": "127.0.0.1",
            "smtp_port": self.port,
            "smtp_starttls": False,
            "mail_from": "Board <board@example.com>",
            "frontend_url": "https://front.test/",
            **given,
        }

    def to(self, address: str) -> list[EmailMessage]:
        """The letters to somebody, the oldest first."""
        return [letter for letter in self.letters if letter["To"] == address]

    async def token(self, address: str, page: str, *, number: int = 1) -> str:
        """The token in the `number`th letter to somebody that links to `page`."""
        link = re.compile(rf"https://front\.test/{page}#token=(\S+)")

        def found() -> list[str]:
            return [
                match[1]
                for letter in self.to(address)
                if (match := link.search(letter.get_content()))
            ]

        await until(
            lambda: len(found()) >= number, what=f"letter about {page}", patience_s=_PATIENCE_S
        )
        return found()[number - 1]

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """As aiosmtpd calls it."""
        self.tried += 1
        if self.answers:
            return self.answers.pop(0)
        assert isinstance(envelope.content, bytes)
        self.letters.append(message_from_bytes(envelope.content, policy=default))
        return "250 taken"

    def _protocol(self) -> SMTP:
        office = self

        class Counted(SMTP):
            def connection_made(self, transport: Any) -> None:
                office.connections += 1
                office._open.add(transport)
                super().connection_made(transport)

            def connection_lost(self, error: Exception | None) -> None:
                office._open.discard(self.transport)
                super().connection_lost(error)

        with warnings.catch_warnings():
            # That passwords come unencrypted here is what one of the tests wants.
            warnings.simplefilter("ignore")
            return Counted(
                self,
                hostname="post.test",
                authenticator=self._authenticate,
                auth_required=self._login is not None,
                auth_require_tls=self._encryption is not None,
                tls_context=self._encryption,
                require_starttls=self._encryption is not None,
                loop=asyncio.get_running_loop(),
            )

    def _authenticate(self, *given: Any) -> AuthResult:
        return AuthResult(success=given[-1] == self._login, handled=given[-1] == self._login)


@asynccontextmanager
async def post_office(
    user: str | None = None, password: str = "", encryption: ssl.SSLContext | None = None
) -> AsyncIterator[PostOffice]:
    """An open post office.

    With `user` it takes letters from those who log in alone, with `encryption` nothing in clear.
    """
    office = PostOffice(user, password, encryption)
    await office.opened()
    try:
        yield office
    finally:
        await office.closed()
