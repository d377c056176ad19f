"""Rate limits: cheap ones for API requests and groups of them, exact ones for what is costly.

All are kept in Redis, so that all pods share them, and all let requests
through (and count that they did) when Redis is gone.
"""

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from ipaddress import IPv6Address, ip_address
from time import time

from redis.asyncio import Redis

from reference_app.errors import LimitedError
from reference_app.kit import metrics
from reference_app.kit.recent import Recent
from reference_app.kit.store import Store, StoreGoneError

API = "api"
"""The group that every API request counts in."""

_WINDOW_S = 60
_SYNC_S = 0.25
_GRACE_S = 15
"""How much longer than its minute a count is kept, for workers whose clocks are behind."""
_ADDRESSES_KEPT_S = 300.0
_MOST_ADDRESSES = 20_000

# Add each worker's counts to the shared ones; answer the sums.
_ADD = """
local sums = {}
for i, key in ipairs(KEYS) do
  sums[i] = redis.call('INCRBY', key, ARGV[i + 1])
  if sums[i] == tonumber(ARGV[i + 1]) then redis.call('EXPIRE', key, ARGV[1]) end
end
return sums
"""

# Answers how many there were in the window, and the seconds until it ends.
_COUNT = """
local n = redis.call('INCR', KEYS[1])
if n == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return {n, redis.call('TTL', KEYS[1])}
"""

# KEYS: attempts of this account from this address, attempts on the account, whether it is known.
# ARGV: the two limits, the window in seconds.
# Answers 0 to let the attempt through, else the seconds until the next is possible.
_ATTEMPT = """
local function count(key)
  local n = redis.call('INCR', key)
  if n == 1 then redis.call('EXPIRE', key, ARGV[3]) end
  return n
end
if count(KEYS[1]) > tonumber(ARGV[1]) then return math.max(1, redis.call('TTL', KEYS[1])) end
if redis.call('EXISTS', KEYS[3]) == 1 then return 0 end
if count(KEYS[2]) > tonumber(ARGV[2]) then return math.max(1, redis.call('TTL', KEYS[2])) end
return 0
"""

# KEYS as above. ARGV: how long the address stays known, in seconds.
_SUCCESS = """
redis.call('DEL', KEYS[1])
if redis.call('EXISTS', KEYS[3]) == 0 and redis.call('EXISTS', KEYS[2]) == 1 then
  redis.call('DECR', KEYS[2])
end
redis.call('SET', KEYS[3], 1, 'EX', ARGV[1])
"""

# KEYS: what is counted. ARGV: the window in seconds, the limit of each.
# Answers as above; an attempt that is refused counts too.
_EACH = """
local wait = 0
for i, key in ipairs(KEYS) do
  local n = redis.call('INCR', key)
  if n == 1 then redis.call('EXPIRE', key, ARGV[1]) end
  if n > tonumber(ARGV[i + 1]) then wait = math.max(wait, 1, redis.call('TTL', key)) end
end
return wait
"""

_KNOWN_FOR_S = 30 * 24 * 3600


class _Count:
    """Requests of one caller in the present window: elsewhere and here, and not yet shared."""

    __slots__ = ("shared", "unshared")

    def __init__(self) -> None:
        self.shared = 0
        self.unshared = 0


class ApiLimit:
    """So many requests a minute per user or address, over all pods.

    `shares` gives groups of requests a limit of their own, as a share of the
    ordinary one: whoever raises that raises them all.

    A worker decides from its own memory and adds up with the others four times
    a second, so a request costs no round trip; a caller can exceed the limit
    by what they send to each worker within one such quarter second.
    Windows are the minutes of the clock.
    """

    def __init__(
        self,
        store: Store,
        per_minute: int,
        shares: Mapping[str, float] | None = None,
        clock: Callable[[], float] = time,
    ) -> None:
        self._store = store
        self.limits = {API: per_minute} | {
            group: max(1, round(per_minute * share)) for group, share in (shares or {}).items()
        }
        """Requests a minute, by group."""
        self._clock = clock
        self._window = 0
        self._counts: dict[tuple[str, str], _Count] = {}
        self._changed: set[tuple[str, str]] = set()

    def admit(self, caller: str, group: str = API) -> int:
        """Count a request of `caller`: 0 lets it pass, else the seconds until the next may."""
        wait_s = self.wait_s(caller, group)
        if wait_s:
            return wait_s
        key = (group, caller)
        count = self._counts.get(key)
        if count is None:
            count = self._counts[key] = _Count()
        count.unshared += 1
        self._changed.add(key)
        return 0

    def wait_s(self, caller: str, group: str = API) -> int:
        """The seconds until a request of `caller` may pass, 0 for now; counts only refusals."""
        now = self._clock()
        window = int(now // _WINDOW_S)
        if window != self._window:
            self._window = window
            self._counts = {}
            self._changed = set()
        count = self._counts.get((group, caller))
        if count is None or count.shared + count.unshared < self.limits[group]:
            return 0
        metrics.rate_limited(group)
        return _WINDOW_S - int(now % _WINDOW_S)

    def check(self, caller: str, group: str = API) -> LimitedError | None:
        """Count a request of `caller`; why it may not pass, if it may not."""
        return self._refusal(group, self.admit(caller, group))

    def look(self, caller: str, group: str = API) -> LimitedError | None:
        """Why a request of `caller` may not pass, if it may not; it does not count."""
        return self._refusal(group, self.wait_s(caller, group))

    def _refusal(self, group: str, wait_s: int) -> LimitedError | None:
        if not wait_s:
            return None
        detail = "Too many requests. Slow down."
        return _limited("rate_limited", detail, group, self.limits[group], _WINDOW_S, wait_s)

    async def run(self) -> None:
        """Add up with the other workers until cancelled."""
        while True:
            await asyncio.sleep(_SYNC_S)
            await self.share()

    async def share(self) -> None:
        """Add up with the other workers now."""
        changed = list(self._changed)
        if not changed:
            return
        self._changed.clear()
        counts = [self._counts[key] for key in changed]
        added = [count.unshared for count in counts]
        keys = [f"rate:{self._window}:{group}:{caller}" for group, caller in changed]
        life_s = max(1, (self._window + 1) * _WINDOW_S + _GRACE_S - int(self._clock()))

        async def add(redis: Redis) -> list[int]:
            # scripts answer whatever they answer: the client's types cannot know
            return await redis.eval(_ADD, len(keys), *keys, life_s, *added)  # type: ignore[no-any-return]

        try:
            sums = await self._store.run(add)
        except StoreGoneError:
            # Their own worker still holds callers to the limit.
            for group in {group for group, _ in changed}:
                metrics.rate_limit_unchecked(group)
            return
        for count, share, total in zip(counts, added, sums, strict=True):
            count.unshared -= share
            count.shared = total


async def take_turn(store: Store, group: str, caller: str, *, most: int, window_s: int) -> None:
    """Count one of something costly: a caller may do `most` in a window, over all pods.

    Raises `LimitedError` when they have.
    """

    async def count(redis: Redis) -> list[int]:
        return await redis.eval(_COUNT, 1, f"{group}:{caller}", window_s)  # type: ignore[no-any-return]

    try:
        many, wait_s = await store.run(count)
    except StoreGoneError:
        metrics.rate_limit_unchecked(group)
        return
    if many > most:
        metrics.rate_limited(group)
        raise LimitedError(
            "rate_limited", "Too many of these in a short time.", retry_after_s=max(1, wait_s)
        )


class LoginLimit:
    """Attempts to sign in, over all pods.

    Three rules, decided in one atomic step:

    - `attempts` per account and address in a window; a success clears them.
    - `account_attempts` per account from addresses it has not signed in from,
      so that changing addresses does not go around the first rule.
    - An address the account has signed in from within 30 days is held to the
      first rule only, so that a stranger who uses up the second rule does not
      lock out the owner, who then signs in from a known address.

    Accounts are counted whether or not they exist, and only hashes of e-mail
    and address are stored.
    """

    def __init__(
        self, store: Store, *, attempts: int, account_attempts: int, window_s: int
    ) -> None:
        self._store = store
        self._limits = (attempts, account_attempts, window_s)

    async def attempt(self, email: str, address: str) -> None:
        """Count an attempt. Raises `LimitedError` when it may not be made."""
        keys = _login_keys(email, address)

        async def ask(redis: Redis) -> int:
            return await redis.eval(_ATTEMPT, len(keys), *keys, *self._limits)  # type: ignore[no-any-return]

        try:
            wait_s = await self._store.run(ask)
        except StoreGoneError:
            metrics.rate_limit_unchecked("login")
            return
        if wait_s:
            metrics.rate_limited("login")
            attempts, _, window_s = self._limits
            detail = "Too many attempts to sign in. Wait before the next one."
            raise _limited("too_many_attempts", detail, "login", attempts, window_s, wait_s)

    async def succeeded(self, email: str, address: str) -> None:
        """Forget the attempts and remember the address."""
        keys = _login_keys(email, address)

        async def clear(redis: Redis) -> None:
            await redis.eval(_SUCCESS, len(keys), *keys, _KNOWN_FOR_S)

        try:
            await self._store.run(clear)
        except StoreGoneError:
            metrics.rate_limit_unchecked("login")


class LetterLimit:
    """Letters that anyone can have sent to somebody, an hour: to an account, from an address.

    Accounts are counted whether or not they exist, and only hashes are stored.
    """

    _WINDOW_S = 3600

    def __init__(self, store: Store, *, to_account: int, from_address: int) -> None:
        self._store = store
        self._limits = (to_account, from_address)

    async def ask(self, kind: str, email: str, address: str) -> None:
        """Count a letter of this `kind`. Raises `LimitedError` when it may not be sent."""
        names = (f"account\n{email}", f"address\n{network_of(address)}")
        hashes = (hashlib.sha256(name.encode()).hexdigest()[:32] for name in names)
        keys = [f"letter:{kind}:{each}" for each in hashes]

        async def count(redis: Redis) -> int:
            return await redis.eval(_EACH, len(keys), *keys, self._WINDOW_S, *self._limits)  # type: ignore[no-any-return]

        try:
            wait_s = await self._store.run(count)
        except StoreGoneError:
            metrics.rate_limit_unchecked("letter")
            return
        if wait_s:
            metrics.rate_limited("letter")
            raise LimitedError(
                "too_many_letters",
                "Too many letters were asked for. Look into the mailbox, or wait.",
                retry_after_s=wait_s,
            )


def _login_keys(email: str, address: str) -> tuple[str, str, str]:
    account = hashlib.sha256(email.encode()).hexdigest()[:32]
    pair = hashlib.sha256(f"{email}\n{network_of(address)}".encode()).hexdigest()[:32]
    return f"login:pair:{pair}", f"login:account:{account}", f"login:known:{pair}"


def _limited(
    code: str, detail: str, group: str, limit: int, window_s: int, wait_s: int
) -> LimitedError:
    told = {"group": group, "limit": limit, "window_s": window_s, "retry_after": wait_s}
    return LimitedError(code, detail, retry_after_s=wait_s, members=told)


def network_of(address: str) -> str:
    """What one caller holds: an IPv4 address, or the /64 around an IPv6 address."""
    return _networks(address)


def _network(address: str) -> str:
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return address
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return f"{IPv6Address(int(parsed) >> 64 << 64)}/64"


_networks = Recent(_network, keep_s=_ADDRESSES_KEPT_S, most=_MOST_ADDRESSES)
