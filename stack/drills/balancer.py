"""nginx as the one who deploys deals with it: told to read anew, asked who answers."""

import os
import signal
from urllib.request import urlopen

from stack.drills.instances import family
from stack.drills.stage import Stage

_ASK_SECONDS = 5.0


def reload_nginx(stage: Stage) -> None:
    """Have nginx read its configuration again, and forget which pods it has left out.

    Returns when new workers take what is new; those that hold sockets stay until these end.
    """
    nginx = stage.service("nginx")
    before = set(family(nginx)) - {nginx.pid}
    os.kill(nginx.pid, signal.SIGHUP)
    stage.wait_for(lambda: bool(set(family(nginx)) - {nginx.pid} - before), "new nginx workers")


def answers_through_nginx(stage: Stage, name: str) -> bool:
    """Whether the pod `name` was the one that answered a request to nginx just now."""
    address = f"{stage.service('nginx').urls['http']}/health"
    try:
        with urlopen(address, timeout=_ASK_SECONDS) as answer:  # noqa: S310 - ours
            return bool(answer.headers["X-Pod"] == name)
    except OSError:
        return False
