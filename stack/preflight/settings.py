"""Checks of the environment file."""

import re
import stat
from collections.abc import Callable
from pathlib import Path

from capacity.checklist.steps import Setting
from capacity.errors import HmbError
from stack import budget, compose
from stack.outcome import Outcome, judged, passed
from stack.preflight.env_file import EnvFile

_SHORTEST_SECRET, _FEWEST_LETTERS = 24, 10
_PLACEHOLDERS = re.compile(
    r"change|secret|default|example|password|your[-_]|placeholder|12345", re.I
)
_NAMES_OF_SECRETS = re.compile(r"_(KEY|PASSWORD|SECRET)$")
_SIZES = {"": 1, "b": 1, "k": 2**10, "m": 2**20, "g": 2**30}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)([bkmg]?)b?", re.I)
_PODS = 10
"""As many as the blueprint grows to."""
_REDIS_SHARE = 0.8
"""Of the container's memory; the rest is for buffers and the copy while it saves."""


def setting(check: Setting, env: EnvFile) -> Outcome:
    """Whether a variable is as the step wants it. Secrets are never shown."""
    value = env.value(check.name)
    if not value:
        return judged(False, f"{check.name} is not set in {env.path.name}")
    if check.secret:
        weak = _weakness(value)
        return judged(not weak, f"{check.name} {weak or 'is strong'}")
    shown = f"{check.name}={value}" if not _NAMES_OF_SECRETS.search(check.name) else check.name
    if check.least is not None or check.most is not None:
        try:
            number = float(value)
        except ValueError:
            return judged(False, f"{shown} is no number")
        low = check.least if check.least is not None else number
        high = check.most if check.most is not None else number
        return judged(low <= number <= high, shown)
    return judged(re.search(check.pattern, value) is not None, shown)


def _weakness(value: str) -> str:
    if len(value) < _SHORTEST_SECRET:
        return f"is shorter than {_SHORTEST_SECRET} characters"
    if len(set(value)) < _FEWEST_LETTERS:
        return f"has fewer than {_FEWEST_LETTERS} different characters"
    return "looks like a placeholder" if _PLACEHOLDERS.search(value) else ""


def no_unknown(env: EnvFile, _: Path) -> Outcome:
    """Every variable is one that something reads."""
    unknown = env.unknown()
    return judged(not unknown, f"nothing reads {', '.join(unknown)}" if unknown else "all are read")


def all_required(env: EnvFile, _: Path) -> Outcome:
    """Everything without a default is filled in."""
    empty = sorted(name for name in env.required if not env.given.get(name))
    return judged(not empty, f"empty: {', '.join(empty)}" if empty else "all are filled in")


def distinct_secrets(env: EnvFile, _: Path) -> Outcome:
    """No secret serves twice."""
    holders: dict[str, list[str]] = {}
    for name, value in env.given.items():
        if value and _NAMES_OF_SECRETS.search(name):
            holders.setdefault(value, []).append(name)
    twice = [" and ".join(sorted(names)) for names in holders.values() if len(names) > 1]
    return judged(not twice, f"the same: {'; '.join(twice)}" if twice else "all differ")


def private_file(env: EnvFile, _: Path) -> Outcome:
    """Only its owner may read the file."""
    mode = stat.S_IMODE(env.path.stat().st_mode)
    return judged(
        not mode & 0o077,
        f"its mode is {mode:03o}; chmod 600 closes it" if mode & 0o077 else f"{mode:03o}",
    )


def pool_budget(env: EnvFile, checkout: Path) -> Outcome:
    """Pods into PgBouncer and PgBouncer into Postgres, by the rule `hmb up` keeps."""
    # what the file does not say is the compose file's own default; secrets do not matter here
    variables = dict.fromkeys(env.required, "unused") | {k: v for k, v in env.given.items() if v}
    try:
        file = compose.read(checkout, variables)
        found = budget.budget_of(file, checkout, pods=_PODS, running=list(file.services))
    except HmbError as error:
        return judged(False, str(error))
    if found is None:
        return judged(False, f"{compose.FILE} lacks a pod, PgBouncer or Postgres")
    return judged(not found.problems, "; ".join(found.problems) or found.line())


def pods_into_redis(env: EnvFile, _: Path) -> Outcome:
    """Ten pods' Redis connections within what Redis takes."""
    try:
        asked, taken = (
            _PODS * int(env.value("REDIS_MAX_CONNECTIONS")),
            int(env.value("REDIS_MAXCLIENTS")),
        )
    except ValueError:
        return judged(False, "REDIS_MAX_CONNECTIONS and REDIS_MAXCLIENTS must be whole numbers")
    return judged(asked <= taken, f"{_PODS} pods may open {asked} of {taken}")


def redis_in_memory(env: EnvFile, _: Path) -> Outcome:
    """What Redis keeps leaves room in its container."""
    kept, limit = _bytes(env.value("REDIS_MAXMEMORY")), _bytes(env.value("REDIS_MEMORY"))
    if not kept or not limit:
        return judged(False, "REDIS_MAXMEMORY and REDIS_MEMORY must be sizes like 384mb")
    return judged(kept <= _REDIS_SHARE * limit, f"it keeps {kept / limit:.0%} of its memory")


def stripe_is_live(env: EnvFile, _: Path) -> Outcome:
    """The key of a live account; its value is not shown."""
    live = env.value("STRIPE_SECRET_KEY").startswith(("sk_live_", "rk_live_"))
    return passed("a live key") if live else judged(False, "STRIPE_SECRET_KEY is no live key")


def _bytes(text: str) -> float:
    found = _SIZE.fullmatch(text.strip())
    return float(found[1]) * _SIZES[found[2].lower()] if found else 0.0


NAMED: dict[str, Callable[[EnvFile, Path], Outcome]] = {
    "no_unknown": no_unknown,
    "all_required": all_required,
    "distinct_secrets": distinct_secrets,
    "private_file": private_file,
    "pool_budget": pool_budget,
    "pods_into_redis": pods_into_redis,
    "redis_in_memory": redis_in_memory,
    "stripe_is_live": stripe_is_live,
}
