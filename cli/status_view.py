"""`hmb status` as a person reads it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from capacity import figures

if TYPE_CHECKING:
    from stack.report import ServiceReport, Status

_COLUMNS = "{:<12} {:<9} {:>7} {:>6} {:>9} {:>9} {:>9} {:>6}"


def lines(status: "Status") -> Iterator[str]:
    """The lines to print."""
    if status.base_url is None:
        yield f"the stack is {status.phase}; start it with hmb up"
        return
    yield f"the stack is {status.phase}: {status.base_url}  {status.base_url_tls or ''}".rstrip()
    yield ""
    yield _COLUMNS.format("service", "state", "pid", "port", "up", "CPU", "memory", "conns")
    for service in status.services:
        yield _service(service)
    for replica in status.replication:
        yield f"{replica.name}: {replica.state}, {figures.count(replica.behind_bytes)} bytes behind"
    if status.pool_budget:
        yield status.pool_budget.line()
    if status.pool_use:
        yield status.pool_use.line()
    yield from status.pool_problems


def _service(service: "ServiceReport") -> str:
    return _COLUMNS.format(
        service.name,
        service.state,
        _or_dash(service.pid),
        _or_dash(service.port),
        figures.figure(service.uptime_s, "s"),
        figures.figure(service.cpu_seconds, "s"),
        figures.figure(service.memory_bytes, "bytes"),
        _or_dash(service.connections),
    )


def _or_dash(value: int | None) -> str:
    return figures.MISSING if value is None else str(value)
