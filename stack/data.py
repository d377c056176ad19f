"""Fills the stack's database, and takes out what load needs to know of it.

The app's own seeding program does the work, in a process of its own: the stack never
imports the app.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from math import ceil
from pathlib import Path
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from stack.errors import StackError
from stack.servers import search_path
from stack.settling import settle
from stack.state import Running

Progress = Callable[[str], None]

_MODULE = "reference_app.seed"
_TAIL_LINES = 15
_LACKS_A_TABLE = re.compile(r'(relation|column) "?\S+"? does not exist')
"""What Postgres says of a table it was asked for and has not."""
_UNKNOWN_OPTION = "unrecognized arguments"
_EMPLOYERS = 0.15
"""The share of employers among sessions that nobody asked for by tier."""
_OPEN_SHARE = 0.5
"""The least share of jobs still open in data worth keeping; freshly seeded it is over 80 %."""


def ensure_seeded(
    running: Running, scale: str, seed: int, progress: Progress, *, exactly: bool = False
) -> dict[str, Any]:
    """Fill the database if it is empty; data of whatever scale that is there stays.

    With `exactly`, data of another scale is replaced. Jobs expire: data so old that most of its
    jobs have closed is made anew, of the same scale and seed. Returns what the seeding program
    reports: scale, seed, and rows by table. Raises `StackError` with its last lines when it
    fails.
    """
    present = _seed(running, ["status"], lambda line: None)
    if present.get("scale") is None or (exactly and present["scale"] != scale):
        return seed_anew(running, scale, seed, progress)
    if present["open_jobs"] < _OPEN_SHARE * present["jobs"]:
        progress("most of the seeded jobs have expired: seeding anew")
        return seed_anew(running, present["scale"], present["seed"], progress)
    return present


def users_in(told: dict[str, Any]) -> int:
    """How many people the database holds, by what `ensure_seeded` returned.

    A load that was made names its rows by table, data that was there its own counts.
    """
    return int(told.get("rows", told)["users"])


def seed_anew(running: Running, scale: str, seed: int, progress: Progress) -> dict[str, Any]:
    """Replace the seeded data by that of `scale` and `seed`; answers as `ensure_seeded`.

    The databases are at rest afterwards.
    """
    loaded = _seed(running, ["load", "--scale", scale, "--seed", str(seed)], progress)
    _forget_cached(running)
    settle(running, progress)
    return loaded


def _forget_cached(running: Running) -> None:
    """Have Redis and every pod forget: the new data's ids mean other things."""
    try:
        with Redis.from_url(running.environment["REDIS_URL"]) as redis:
            redis.flushall()
            # Pods drop their own memory when they have lost the line invalidations come on.
            redis.client_kill_filter(_type="pubsub")
    except RedisError as error:
        raise StackError(f"the data is new, but Redis still holds the old: {error}") from None


def export_load_data(
    running: Running,
    accounts: Mapping[str, Mapping[str, int]],
    seed: int,
    out: Path,
    progress: Progress = lambda line: None,
) -> dict[str, Any]:
    """Sign in `accounts` and write their sessions with ids to ask for to `out`.

    `accounts` tells for `seeker` and `employer` how many of each tier, or of `any`.
    Returns what was written. Raises `StackError` when the seeding program fails.
    """
    words = ["export", "--seed", str(seed), "--out", str(out)]
    by_tier = list(words)
    for role, wanted in accounts.items():
        by_tier += [f"--{role}s", ",".join(f"{tier}={count}" for tier, count in wanted.items())]
    try:
        _run(running, by_tier, progress)
    except StackError as error:
        # a gate's base may be older than tiers are asked for; the record tells which were had
        if _UNKNOWN_OPTION not in str(error):
            raise
        progress("this version of the board cannot pick accounts by tier: they are as they come")
        _run(running, [*words, "--sessions", str(_sessions(accounts))], progress)
    try:
        written: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StackError(f"the load data in {out} cannot be read: {error}") from None
    return written


def _sessions(accounts: Mapping[str, Mapping[str, int]]) -> int:
    """How many sessions of any tier hold so many seekers and employers."""
    seekers, employers = (sum(accounts.get(role, {}).values()) for role in ("seeker", "employer"))
    # two more than needed: the split may round either way
    return ceil(max(seekers / (1 - _EMPLOYERS), employers / _EMPLOYERS)) + 2


def _seed(running: Running, words: list[str], progress: Progress) -> dict[str, Any]:
    output = _run(running, words, progress)
    lines = output.strip().splitlines()
    try:
        answer: dict[str, Any] = json.loads(lines[-1])
    except (IndexError, ValueError):
        raise StackError(f"`{_MODULE} {words[0]}` gave no summary", output[-1000:]) from None
    return answer


def _run(running: Running, words: list[str], progress: Progress) -> str:
    """The program's standard output; each line of its progress is passed on as it comes."""
    program = subprocess.Popen(
        [sys.executable, "-m", _MODULE, *words],
        cwd=running.home,
        env=_environment(running),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert program.stdout is not None  # noqa: S101 - tells the type checker of PIPE
    assert program.stderr is not None  # noqa: S101
    told: list[str] = []
    with program:
        try:
            # Its one line of summary fits the pipe: it never waits for us to read that.
            for line in program.stderr:
                told.append(line.rstrip())
                progress(told[-1])
            output = program.stdout.read()
            status = program.wait()
        except BaseException:
            program.kill()
            raise
    if status != 0:
        if any(_LACKS_A_TABLE.search(line) for line in told):
            raise StackError(
                "the stack's database was made by other sources: hmb down --purge removes it, and "
                "the next hmb up makes it anew",
                "\n".join(told[-_TAIL_LINES:]),
            )
        last = told[-1].removeprefix("seed: ") if told else "it said nothing"
        raise StackError(f"`{_MODULE} {words[0]}` failed: {last}", "\n".join(told[-_TAIL_LINES:-1]))
    return output


def _environment(running: Running) -> dict[str, str]:
    """The app's environment and the least Python needs, nothing of ours."""
    kept = {name: os.environ[name] for name in ("HOME", "TMPDIR") if name in os.environ}
    return kept | {"PATH": search_path(), "LANG": "C.UTF-8"} | running.environment
