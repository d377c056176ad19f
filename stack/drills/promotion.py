"""The primary is lost for good: a replica takes its place; and the way back."""

import re
import signal
from functools import partial
from pathlib import Path

import psutil

from stack.drills.instances import end, kill
from stack.drills.stage import Stage
from stack.drills.tools import Tools, data_directory
from stack.errors import StackError
from stack.places import remove

_GRACE_S = 60.0


def replica_promotion(stage: Stage) -> None:
    """The primary is killed; after a while a replica is promoted, and PgBouncer told so."""
    stage.wait_until(stage.drill.at_s)
    (heir,) = stage.drill.services
    lost = stage.service("primary")
    stage.afterwards.append(partial(fail_back, stage, heir, data_directory(stage, "primary")))
    stage.tell("break", "primary killed, for good")
    kill(lost)
    stage.wait(stage.drill.lasts_s)
    stage.sql(heir, "SELECT pg_promote()")
    stage.truth = heir
    _point_pgbouncer(stage, lost.port, stage.service(heir).port)
    stage.tell("repair", f"{heir} promoted, PgBouncer sends there what went to the primary")


def fail_back(stage: Stage, heir: str, data: Path) -> None:
    """The primary serves again with all that `heir` has; all replicas are made anew."""
    if stage.truth == "primary":
        stage.start_again("primary")
        return
    # Without PgBouncer nobody writes: what the backup holds is all there will be.
    end(stage.service("pgbouncer"), signal.SIGTERM, _GRACE_S)
    fresh, old = data.with_name("pgdata.fresh"), data.with_name("pgdata.lost")
    remove(fresh)
    remove(old)
    Tools(stage).base_backup(heir, fresh, "stream")
    replicas = [one.name for one in stage.running.services.values() if "replica" in one.kind]
    theirs = [data_directory(stage, name) for name in replicas]
    for name, directory in zip(replicas, theirs, strict=True):
        end(stage.service(name), signal.SIGINT, _GRACE_S)
        remove(directory)  # the start script would keep it aside
    data.rename(old)
    fresh.rename(data)
    remove(old)
    data.chmod(0o700)
    for name in ("primary", *replicas, "pgbouncer"):
        stage.start_again(name)
    stage.truth = "primary"


def _point_pgbouncer(stage: Stage, before: int | None, now: int | None) -> None:
    """Have PgBouncer send to port `now` what went to port `before`."""
    process = psutil.Process(stage.service("pgbouncer").pid)
    path = Path(process.cmdline()[-1])  # what its start script made, as it reads it again
    text, changed = re.subn(rf"\bport={before}\b", f"port={now}", path.read_text("utf-8"))
    if not changed:
        raise StackError(f"{path} names no server at port {before}, where the primary was")
    path.write_text(text, encoding="utf-8")
    process.send_signal(signal.SIGHUP)
