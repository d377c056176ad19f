"""A service that is but one process of a test's own, and what that started."""

from pathlib import Path

from stack.processes import identity
from stack.state import ProcessId, ServiceState


def state(name: str, pid: int) -> ServiceState:
    began = identity(pid)
    assert began is not None
    return ServiceState(
        name=name,
        service=name,
        kind="",
        process=ProcessId(pid=pid, began=began),
        port=None,
        ports={},
        urls={},
        log=Path(),
        started_at=0.0,
    )
