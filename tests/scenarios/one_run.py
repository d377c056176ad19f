"""One load test in a process of its own, for tests that end it from outside.

Arguments: locustfile, host, runs directory, users, warm-up and duration in seconds,
and optionally the most bytes any file may have, or --processes and how many.
"""

import resource
import sys
from pathlib import Path

from capacity.errors import HmbError
from capacity.run import Machine, Where
from scenarios import runner
from scenarios.runner import RunRequest, Workers, run

HERE = Where(
    commit=None,
    dirty=None,
    machine=Machine(cpu_model="test", cores=1, memory_bytes=1, system="test", python="3"),
    versions={},
    topology=None,
)


def main() -> int:
    """Run; 0 when it completed, 1 with one line on stderr when it could not, 130 on Ctrl-C."""
    locustfile, host, runs_dir, users, warmup, duration, *most = sys.argv[1:]
    workers = Workers(int(most.pop()), here=True) if "--processes" in most else None
    if most and workers is None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(most[0]), int(most[0])))
    # So that who waits for what is under way is told from who is merely slow.
    runner._FOREIGN_FINISH_S = 300.0
    request = RunRequest(
        Path(locustfile),
        host,
        HERE,
        users=int(users),
        warmup_s=float(warmup),
        duration_s=float(duration),
        workers=workers,
    )
    try:
        run(request, probes=[], runs_dir=Path(runs_dir), on_second=lambda _tick: None)
    except HmbError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
