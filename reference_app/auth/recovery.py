"""Forgotten passwords and unproven e-mail addresses: what a token from a letter can do.

Tokens are random, stored as hashes, count once and not for long, and of each
kind only the last one sent to a person counts.
"""

import asyncio
from datetime import UTC, datetime, timedelta

import structlog

from reference_app.auth import letter_sql, letters, repository
from reference_app.auth.models import Purpose
from reference_app.auth.schemas import PasswordReset
from reference_app.database import Database, WriteSession
from reference_app.errors import DomainError, InvalidError
from reference_app.kit import metrics
from reference_app.kit.mail import Mail
from reference_app.kit.passwords import Passwords
from reference_app.kit.rate_limit import LetterLimit, LoginLimit
from reference_app.kit.tokens import new_refresh_token as new_token
from reference_app.kit.tokens import refresh_token_hash as token_hash
from reference_app.settings import Settings
from reference_app.users import repository as users
from reference_app.users.models import User
from reference_app.users.service import no_such_user

_log = structlog.get_logger()

_RESET_MINUTES = 30
_PROOF_DAYS = 3
_MOST_WAITING = 1_000


class ResetDesk:
    """Looks for the accounts of those who forgot their password, after they have been answered.

    So the answer says nothing of whether there is an account, nor does the time
    it takes, nor what else their connection has to wait for.
    """

    def __init__(self, settings: Settings, database: Database, mail: Mail) -> None:
        self._settings = settings
        self._database = database
        self._mail = mail
        self._asked: asyncio.Queue[str] = asyncio.Queue(_MOST_WAITING)

    def ask(self, email: str) -> None:
        """Have a letter sent if there is an account."""
        try:
            self._asked.put_nowait(email)
        except asyncio.QueueFull:
            metrics.letters_dropped.inc()

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            email = await self._asked.get()
            try:
                await self._serve(email)
            except DomainError as error:
                metrics.letters_dropped.inc()
                _log.warning("no letter for a forgotten password", code=error.code)
            except Exception:
                # Whatever is wrong with one must not keep the others from their letters.
                metrics.letters_dropped.inc()
                _log.exception("no letter for a forgotten password")

    async def _serve(self, email: str) -> None:
        token = new_token()
        until = datetime.now(UTC) + timedelta(minutes=_RESET_MINUTES)
        async with self._database.writing() as session:
            known = await letter_sql.put_for_email(
                session, email, Purpose.RESET_PASSWORD, token_hash(token), until
            )
        if known:
            letters.send_reset(
                self._mail, self._settings.frontend_url, email, token, _RESET_MINUTES
            )


async def reset_password(
    database: Database,
    session: WriteSession,
    passwords: Passwords,
    limit: LoginLimit,
    wanted: PasswordReset,
    address: str,
) -> None:
    """Set a new password, which ends all sessions. Raises `InvalidError`.

    Whoever has the letter has the mailbox, so the e-mail address is proven too.
    """
    await _whose(database, Purpose.RESET_PASSWORD, wanted.token)
    # The costly part comes before the transaction holds a connection, and for no wrong token.
    password_hash = await passwords.hash(wanted.new_password)
    user = await _spent(database, session, Purpose.RESET_PASSWORD, wanted.token)
    user.password_hash = password_hash
    _prove(user)
    await session.flush()
    await letter_sql.drop(session, user.id, Purpose.VERIFY_EMAIL)
    await repository.end_all(session, user.id)
    # Attempts of strangers must not keep out who has just shown who they are.
    await limit.succeeded(user.email, address)


async def prove_email(database: Database, session: WriteSession, token: str) -> None:
    """Take an address for proven. Raises `InvalidError`."""
    user = await _spent(database, session, Purpose.VERIFY_EMAIL, token)
    _prove(user)
    await session.flush()


async def ask_again(
    database: Database,
    session: WriteSession,
    settings: Settings,
    mail: Mail,
    limit: LetterLimit,
    user_id: int,
    address: str,
) -> None:
    """Send the letter that proves an address again; nothing happens if it is proven.

    Raises `NotFoundError` when the account is gone, `LimitedError`.
    """
    own = await users.own(database.reading(primary=True), user_id)
    if own is None:
        raise no_such_user()
    if not own.email_verified:
        await limit.ask("proof", own.email, address)
        await ask_for_proof(session, settings, mail, user_id, own.email)


async def ask_for_proof(
    session: WriteSession, settings: Settings, mail: Mail, user_id: int, email: str
) -> None:
    """Have a letter sent that proves an address. Should nothing be committed, its link is dead."""
    token = new_token()
    until = datetime.now(UTC) + timedelta(days=_PROOF_DAYS)
    await letter_sql.put(session, user_id, Purpose.VERIFY_EMAIL, token_hash(token), until)
    letters.send_proof(mail, settings.frontend_url, email, token, _PROOF_DAYS)


async def _whose(database: Database, purpose: Purpose, token: str) -> int:
    user_id = await letter_sql.whose(database.reading(primary=True), purpose, token_hash(token))
    if user_id is None:
        raise _invalid_token()
    return user_id


async def _spent(database: Database, session: WriteSession, purpose: Purpose, token: str) -> User:
    """Whose a token was, held for this transaction; it counts no more."""
    user = await users.for_change(session, await _whose(database, purpose, token))
    if user is None or not await letter_sql.spend(session, purpose, token_hash(token)):
        raise _invalid_token()
    session.wrote_for(user.id)
    return user


def _prove(user: User) -> None:
    if user.email_verified_at is None:
        user.email_verified_at = datetime.now(UTC)


def _invalid_token() -> InvalidError:
    return InvalidError("invalid_token", "This link was used, or is too old. Ask for another.")
