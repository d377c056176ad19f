"""The kinds of breaks, one function each, by the name of the drill.

Each waits for its moment, breaks, waits, and mends; whatever happens meanwhile, it leaves
the stack mended.
"""

import signal
import time
from collections.abc import Callable
from functools import partial

from redis import Redis
from redis.exceptions import RedisError

from stack.drills.backup import backup_restore
from stack.drills.balancer import answers_through_nginx, reload_nginx
from stack.drills.instances import end, family, held_still, kill
from stack.drills.migration import migration_under_load
from stack.drills.promotion import replica_promotion
from stack.drills.stage import Stage
from stack.errors import StackError

_GRACE_S = 60.0
"""How long a service that is asked to end may take: longer than any of them has."""
_SLOW_STILL_S, _SLOW_MOVING_S = 0.06, 0.03
"""A slow database gets a third of its time, in slices shorter than a page takes."""
_FAMILY_S = 1.0

_asked = partial(end, number=signal.SIGTERM, patience_s=_GRACE_S)
_at_once = partial(end, number=signal.SIGINT, patience_s=_GRACE_S)
"""A fast shutdown of Postgres: sessions are ended, all is written."""


def killed(stage: Stage) -> None:
    """An instance is gone without a word, for a while."""
    stage.wait_until(stage.drill.at_s)
    (name,) = stage.drill.services
    with stage.gone(name, f"{name} killed", kill):
        stage.wait(stage.drill.lasts_s)


def restarted(stage: Stage) -> None:
    """An instance is ended in order, and started again."""
    stage.wait_until(stage.drill.at_s)
    (name,) = stage.drill.services
    how = _at_once if "postgres" in stage.service(name).kind else _asked
    with stage.gone(name, f"{name} told to end", how):
        stage.wait(stage.drill.lasts_s)


def rolling_restart(stage: Stage) -> None:
    """Every pod in turn is asked to end, and the next only when this one has requests again.

    nginx leaves a pod that refused three connections out for half a minute, however soon it
    is back: without the reload all pods could be left out at once.
    """
    stage.wait_until(stage.drill.at_s)
    for name in stage.pods:
        with stage.gone(name, f"{name} told to end", _asked):
            pass
        reload_nginx(stage)
        stage.wait_for(partial(answers_through_nginx, stage, name), f"requests for {name}")
        stage.tell("note", f"nginx passes requests to {name} again")


def stalled(stage: Stage) -> None:
    """An instance accepts connections and answers nothing."""
    stage.wait_until(stage.drill.at_s)
    stage.tell("break", f"{', '.join(stage.drill.services)} held still")
    with held_still([pid for one in stage.targets for pid in family(one)]):
        stage.wait(stage.drill.lasts_s)
    stage.tell("repair", "let go")


def slow(stage: Stage) -> None:
    """Instances get only a part of the time there is."""
    stage.wait_until(stage.drill.at_s)
    stage.tell("break", f"{', '.join(stage.drill.services)} slowed down")
    until, looked, mine = stage.now_s + stage.drill.lasts_s, 0.0, list[int]()
    while stage.now_s < until:
        if time.monotonic() - looked > _FAMILY_S:
            looked, mine = time.monotonic(), [pid for one in stage.targets for pid in family(one)]
        with held_still(mine):
            stage.wait(_SLOW_STILL_S)
        stage.wait(_SLOW_MOVING_S)
    stage.tell("repair", "at full speed again")


def nginx_reload(stage: Stage) -> None:
    """nginx reads its configuration anew, as whenever pods come or go."""
    stage.wait_until(stage.drill.at_s)
    stage.tell("break", "nginx told to reload")
    reload_nginx(stage)
    stage.tell("repair", "new workers have taken over")


def redis_flush(stage: Stage) -> None:
    """Redis forgets all it holds."""
    stage.wait_until(stage.drill.at_s)
    stage.tell("break", "Redis emptied")
    try:
        with Redis.from_url(stage.running.environment["REDIS_URL"]) as redis:
            redis.flushall()
    except RedisError as error:
        raise StackError(f"Redis could not be emptied: {error}") from None
    stage.tell("repair", "nothing to mend: it fills again")


def replica_lag(stage: Stage) -> None:
    """A replica receives what is written, and shows none of it."""
    stage.wait_until(stage.drill.at_s)
    (name,) = stage.drill.services
    try:
        stage.tell("break", f"{name} stops replaying")
        stage.sql(name, "SELECT pg_wal_replay_pause()")
        stage.wait(stage.drill.lasts_s)
    finally:
        stage.sql(name, "SELECT pg_wal_replay_resume()")
        stage.tell("repair", f"{name} replays again")


KINDS: dict[str, Callable[[Stage], None]] = {
    "pod-kill": killed,
    "rolling-restart": rolling_restart,
    "replica-loss": killed,
    "redis-loss": killed,
    "nginx-reload": nginx_reload,
    "primary-restart": restarted,
    "redis-flush": redis_flush,
    "pgbouncer-restart": restarted,
    "pod-stall": stalled,
    "replica-lag": replica_lag,
    "slow-database": slow,
    "replica-promotion": replica_promotion,
    "reconnect-storm": killed,
    "migration-under-load": migration_under_load,
    "backup-restore": backup_restore,
}
