"""Letters to people. Posting one never waits and never fails a request.

With a server to give them to, letters wait in this worker's memory: a bounded
number, retried a bounded number of times; what is waiting when the worker is
killed is lost. Without a server (the console backend) a letter is only noted
in the log. Neither an address nor a text is ever logged in production: letters
carry tokens.
"""

import asyncio
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from heapq import heappop, heappush
from itertools import count
from time import monotonic
from typing import NoReturn

import structlog
from aiosmtplib import (
    SMTP,
    SMTPException,
    SMTPNotSupported,
    SMTPRecipientsRefused,
    SMTPResponseException,
)

from reference_app.kit import metrics

_log = structlog.get_logger()

_MOST_WAITING = 1_000
_ATTEMPTS = 5
_SOONEST_RETRY_S = 2.0
_LAST_LETTERS_S = 3.0
_TIMEOUT_S = 10.0
_PERMANENT = 500


class UndeliverableError(Exception):
    """The server, or the letter itself, says that trying again is of no use. Says why."""


@dataclass(frozen=True, slots=True)
class Server:
    """Where letters are given up for delivery."""

    host: str
    port: int
    user: str | None = None
    password: str | None = None
    starttls: bool = True
    """Whether to insist on encryption; without, whatever the server offers is not used."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One plain-text letter."""

    to: str
    subject: str
    text: str


@dataclass(order=True, slots=True)
class _Waiting:
    due: float
    number: int
    letter: Letter = field(compare=False)
    attempts: int = field(compare=False, default=0)


class Mail:
    """Takes letters to send. Made once per worker."""

    def __init__(
        self,
        *,
        sender: str,
        server: Server | None = None,
        shows_text: bool = False,
        soonest_retry_s: float = _SOONEST_RETRY_S,
        most_waiting: int = _MOST_WAITING,
    ) -> None:
        """`shows_text` has the console backend log whole letters, for development."""
        self._sender = sender
        self._server = server
        self._shows_text = shows_text
        self._soonest_retry_s = soonest_retry_s
        self.most_waiting = most_waiting
        """How many letters may wait; more are dropped."""
        self._waiting: list[_Waiting] = []
        self._numbers = count()
        self._some = asyncio.Event()
        self._client: SMTP | None = None

    def post(self, to: str, subject: str, text: str) -> None:
        """Have a plain-text letter sent soon; whether it arrives is not known here."""
        # A name in a subject may hold a line's end, which would begin another header.
        letter = Letter(to, " ".join(subject.split()), text)
        if self._server is None:
            self._note(letter)
        elif self.room <= 0:
            metrics.letters_dropped.inc()
        else:
            heappush(self._waiting, _Waiting(monotonic(), next(self._numbers), letter))
            self._some.set()

    @property
    def room(self) -> int:
        """How many more letters may wait."""
        return self.most_waiting - len(self._waiting)

    async def run(self) -> None:
        """Send what is posted until cancelled."""
        while True:
            self._some.clear()
            pause = self._waiting[0].due - monotonic() if self._waiting else None
            if pause is None or pause > 0:
                await self._hang_up()
                try:
                    async with asyncio.timeout(pause):
                        await self._some.wait()
                except TimeoutError:
                    pass  # the next one is due
            else:
                await self._try(heappop(self._waiting))

    async def close(self) -> None:
        """Try everything that waits a last time, for a moment. To be called after `run`."""
        try:
            async with asyncio.timeout(_LAST_LETTERS_S):
                while self._waiting:
                    last = heappop(self._waiting)
                    last.attempts = _ATTEMPTS
                    await self._try(last)
                await self._hang_up()
        except TimeoutError:
            metrics.letters_dropped.inc(len(self._waiting))
            _log.warning("letters dropped at the end", letters=len(self._waiting))

    def _note(self, letter: Letter) -> None:
        shown = {"text": letter.text} if self._shows_text else {}
        _log.info(
            "letter",
            subject=letter.subject,
            letters=len(letter.text),
            domain=letter.to.rpartition("@")[2],
            **shown,
        )
        metrics.letters_sent.inc()

    async def _try(self, waiting: _Waiting) -> None:
        waiting.attempts += 1
        try:
            await self._send(waiting.letter)
        except asyncio.CancelledError:
            # It may have gone out already: twice is better than never.
            heappush(self._waiting, waiting)
            self._abandon()
            raise
        except UndeliverableError as error:
            metrics.letters_failed.inc()
            _log.warning("letter refused", why=str(error))
        except Exception as error:
            # Not only what is known to go wrong: one odd letter must not end the others.
            self._abandon()
            self._again(waiting, type(error).__name__)
        else:
            metrics.letters_sent.inc()

    def _again(self, waiting: _Waiting, why: str) -> None:
        if waiting.attempts >= _ATTEMPTS:
            metrics.letters_failed.inc()
            _log.warning("letter given up", why=why, attempts=waiting.attempts)
            return
        waiting.due = monotonic() + self._soonest_retry_s * 4 ** (waiting.attempts - 1)
        heappush(self._waiting, waiting)

    async def _send(self, letter: Letter) -> None:
        message = self._message(letter)
        client = self._client
        try:
            if client is None or not client.is_connected:
                client = self._client = await self._connected()
            await client.send_message(message)
        except SMTPRecipientsRefused as error:
            _refused(error.recipients[0])
        except SMTPResponseException as error:
            _refused(error)
        except SMTPNotSupported as error:
            raise UndeliverableError(type(error).__name__) from error

    def _message(self, letter: Letter) -> EmailMessage:
        message = EmailMessage()
        try:
            message["From"] = self._sender
            message["To"] = letter.to
            message["Subject"] = letter.subject
            message["Date"] = formatdate()
            message["Message-ID"] = make_msgid(domain=self._sender.rpartition("@")[2].rstrip(">"))
            message.set_content(letter.text)
        except (ValueError, IndexError) as error:
            raise UndeliverableError(type(error).__name__) from error
        return message

    async def _connected(self) -> SMTP:
        server = self._server
        assert server is not None  # noqa: S101 - nothing waits without one
        client = SMTP(
            hostname=server.host,
            port=server.port,
            username=server.user,
            password=server.password,
            start_tls=server.starttls,
            timeout=_TIMEOUT_S,
        )
        let_in = False
        try:
            await client.connect()
            let_in = True
        except SMTPResponseException:
            # A wrong password or a closed house: of that no letter is guilty.
            raise ConnectionError("the server does not let us in") from None
        finally:
            if not let_in:
                client.close()
        return client

    def _abandon(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.close()

    async def _hang_up(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            try:
                await client.quit()
            except (SMTPException, OSError):
                pass  # it has hung up itself
            finally:
                client.close()


def _refused(error: SMTPResponseException) -> NoReturn:
    """Give a letter up that was refused for good; keep one that was not."""
    if error.code >= _PERMANENT:
        raise UndeliverableError(f"{type(error).__name__} {error.code}") from error
    raise error
