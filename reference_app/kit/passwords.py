"""Password hashes: bcrypt, in a bounded thread pool so that sign-ins never stall the event loop.

bcrypt lets go of the interpreter lock while it works, so the pool's threads
use other cores; their number bounds how much CPU sign-ins can take from the rest.
How many may wait for a thread is bounded too: a burst of sign-ins must not take
every request slot of the worker while it waits.
"""

import asyncio
import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

from pwdlib.exceptions import PwdlibError
from pwdlib.hashers.bcrypt import BcryptHasher

from reference_app.kit.overload import overloaded
from reference_app.kit.steps import in_thread

LONGEST_PASSWORD_BYTES = 72
"""bcrypt looks at no more; a longer password is refused rather than cut."""

_THREADS = 2


def hash_password(password: str, rounds: int) -> str:
    """The bcrypt hash of `password`. Takes about 60 ms of CPU at 10 rounds."""
    return BcryptHasher(rounds=rounds).hash(password)


class Passwords:
    """Hashes and checks passwords off the event loop, `most` under way or waiting at once.

    One more raises `UnavailableError`.
    """

    def __init__(self, rounds: int, most: int) -> None:
        self._rounds = rounds
        self._most = most
        self._taken = 0
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="bcrypt")
        self._nobodys_hash = hash_password(secrets.token_urlsafe(), rounds)

    @contextmanager
    def place(self) -> Iterator["Place"]:
        """Keep a place. Raises `UnavailableError` when all are taken.

        For what must not be begun unless a password can be checked at its end.
        """
        if self._taken >= self._most:
            raise overloaded("passwords")
        self._taken += 1
        try:
            yield Place(self._pool, self._rounds, self._nobodys_hash)
        finally:
            self._taken -= 1

    async def hash(self, password: str) -> str:
        """The hash to store for `password`."""
        with self.place() as place:
            return await place.hash(password)

    async def matches(self, password: str, stored: str | None) -> bool:
        """Whether `password` is the one behind `stored`; see `Place.matches`."""
        with self.place() as place:
            return await place.matches(password, stored)

    def close(self) -> None:
        """Let the threads go."""
        self._pool.shutdown(wait=False, cancel_futures=True)


class Place:
    """The right to have passwords hashed, one after the other."""

    def __init__(self, pool: ThreadPoolExecutor, rounds: int, nobodys_hash: str) -> None:
        self._pool = pool
        self._rounds = rounds
        self._nobodys_hash = nobodys_hash

    async def hash(self, password: str) -> str:
        """The hash to store for `password`."""
        loop = asyncio.get_running_loop()
        work = in_thread(partial(hash_password, password, self._rounds))
        return await loop.run_in_executor(self._pool, work)

    async def matches(self, password: str, stored: str | None) -> bool:
        """Whether `password` is the one behind `stored`.

        With nothing stored the same work is done for nothing, so that an
        unknown account takes as long as a wrong password.
        """
        loop = asyncio.get_running_loop()
        wanted = stored or self._nobodys_hash
        work = in_thread(partial(_verify, password, wanted))
        found = await loop.run_in_executor(self._pool, work)
        return found and stored is not None


def _verify(password: str, stored: str) -> bool:
    try:
        return BcryptHasher().verify(password, stored)
    except (PwdlibError, ValueError):
        return False
