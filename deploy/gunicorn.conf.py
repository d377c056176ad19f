"""Gunicorn's settings for a pod; each comes from the pod's environment."""

import asyncio
import gc
import os
import random
import resource
import signal
import socket
from typing import Any

from prometheus_client import multiprocess

from reference_app.kit.heap import fill_holes

# Inside the pod's network; nginx is before it.
bind = os.environ.get("BIND", "0.0.0.0:8000")
# Four, as the blueprint has it. Each is a process with pools of its own: the app divides the
# pod's connections by this number.
workers = int(os.environ.get("WEB_CONCURRENCY", "4"))

# gunicorn's own ASGI worker; gthread cannot serve an ASGI app, so threads have no setting.
worker_class = "asgi"
# Less CPU than asyncio's own loop.
asgi_loop = "uvloop"
# An app whose start fails must not serve.
asgi_lifespan = "on"
# The app is imported once and shared by the workers' memory; connections are opened
# in the lifespan, after the fork.
preload_app = True
# The import makes what stays. Looking for garbage in it, hundreds of times, would be a quarter of
# the time it takes.
gc.disable()

# What an ended connection leaves in the server are circles of references, too old by then for
# the short looks for garbage. The full one that finds them takes some 30 ms (measured) and comes
# by itself the more seldom the more a worker holds: dead sockets, 33 kB each, would pile up.
GARBAGE_EVERY_S = 300.0

# A worker whose event loop stood still for so long is killed; a request may take 30 s.
timeout = int(os.environ.get("TIMEOUT", "60"))
# Requests under way when a worker stops have as long as a request may take; Docker waits 35 s.
graceful_timeout = int(os.environ.get("GRACEFUL_TIMEOUT", "30"))
# Longer than nginx keeps an idle connection (5 s): otherwise a request could be sent
# into a connection the worker is just closing.
keepalive = int(os.environ.get("KEEPALIVE", "75"))
# Connections the kernel keeps waiting while all workers are busy.
backlog = int(os.environ.get("BACKLOG", "2048"))

# Clients only say small things over a socket; the default is 16 MB, held in memory.
websocket_max_message_size = int(os.environ.get("REALTIME_FRAME_BYTES", "4096"))
# A socket whose peer takes nothing for so long is closed by the kernel. Nothing else
# would end one that reads neither its frames nor its own close.
PEER_TIMEOUT_MS = 60_000

# Off by default: recycling a busy worker every thousand requests restarts it every few
# seconds and cuts its WebSockets.
max_requests = int(os.environ.get("MAX_REQUESTS", "0"))
# Spread, so that not all workers of a pod go at once.
max_requests_jitter = int(os.environ.get("MAX_REQUESTS_JITTER", "100"))

# nginx writes the access log.
accesslog = None
# To the container's log, as the app's own events.
errorlog = "-"
# One level for both.
loglevel = os.environ.get("LOG_LEVEL", "INFO").lower()
# Heartbeat files in memory: on a disk they can block a worker.
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108, PTH112
# Nobody steers a pod from beside it: orchestration is by signals.
control_socket_disable = True


def when_ready(server: Any) -> None:
    """What the import left behind is not garbage: no collection need look at it again.

    So workers go on sharing that memory, their collections are shorter, and each ends in
    a fifth of the time. Nor do they put what they make between it: see `fill_holes`.
    """
    gc.collect()
    server.filled_holes = fill_holes()
    gc.freeze()
    gc.enable()
    for listener in server.LISTENERS:
        if listener.sock.family in (socket.AF_INET, socket.AF_INET6):
            # Accepted sockets inherit it.
            listener.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, PEER_TIMEOUT_MS)


def post_fork(server: Any, worker: Any) -> None:
    """Workers of settings read anew (SIGHUP) look for garbage as well."""
    gc.enable()


def post_worker_init(worker: Any) -> None:
    """Room for many sockets, an end for them when the worker is told to stop, no dead ones.

    Gunicorn ends the app's lifespan only after the last connection is gone, and a socket
    never goes by itself: so the app is told at once, by what its lifespan left in the state.
    """
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))

    def stop() -> None:
        worker.handle_exit_signal()
        leave = worker.state.get("leave")
        if leave is not None:
            leave()

    worker.loop.add_signal_handler(signal.SIGTERM, stop)
    _look_for_garbage(worker.loop)


def _look_for_garbage(loop: asyncio.AbstractEventLoop) -> None:
    """Now, and again and again; not in all workers at once."""
    gc.collect()
    again_in_s = GARBAGE_EVERY_S * random.uniform(0.9, 1.1)  # noqa: S311 - keeps no secret
    loop.call_later(again_in_s, _look_for_garbage, loop)


def child_exit(server: Any, worker: Any) -> None:
    """A worker that is gone must not count in the gauges any more."""
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        multiprocess.mark_process_dead(worker.pid)
