"""Connections: what pools and sockets come to when every process has its own."""

from collections.abc import Sequence
from math import ceil

from capacity.arithmetic.finding import Finding
from capacity.evidence import Evidence
from capacity.figures import exact


def pools_per_process(
    pods: float, workers: float, per_process: float, claimed: float, server_limits: Sequence[float]
) -> Finding:
    """Whether pools of `per_process` in each worker open the `claimed` connections in all.

    A pool belongs to the process that made it, so `workers` of a pod have as many pools.
    """
    opened = pods * workers * per_process
    servers = " or ".join(exact(limit) for limit in server_limits)
    against = f", to a server that takes {servers}" if servers else ""
    return Finding(
        opened <= claimed,
        opened,
        "connections",
        f"pools are per process: {exact(pods)} pods of {exact(workers)} workers of "
        f"{exact(per_process)} each may open {exact(opened)}, not {exact(claimed)}{against}",
    )


def proxy_connections(
    sockets: float, sides: float, per_worker: float, most_workers: float
) -> Finding:
    """Whether one proxy of `most_workers` holds `sockets`, each with `sides` connections."""
    held = sockets * sides
    needed = ceil(held / per_worker)
    return Finding(
        needed <= most_workers,
        needed,
        "workers",
        f"{exact(sockets)} sockets are {exact(held)} connections at the proxy; at "
        f"{exact(per_worker)} per worker that is {exact(needed)} workers, where "
        f"{exact(most_workers)} are assumed to be the most of one machine",
        Evidence.ASSUMED,
    )
