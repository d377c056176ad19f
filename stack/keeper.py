"""The keeper: the one process that is the parent of all a native stack's services.

Run as `python -m stack.keeper`. Its first line of input is the request; it answers
with one JSON object per line: progress, then `ready` or `error`. While its input stays
open it belongs to whoever opened it, and end of input ends the stack: so a stack dies
with its owner, however that one dies. The line `detach` frees it. SIGTERM ends the
stack in order; SIGUSR1 has it look for an order (`stack.orders`). When the keeper itself
is killed the kernel ends its children.
"""

import asyncio
import json
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from stack import orders, state
from stack.errors import StackError
from stack.native.conductor import Conductor
from stack.native.describe import running
from stack.native.site import build
from stack.places import Places, prepare
from stack.processes import identity
from stack.state import Choices, Phase, ProcessId, Record, Running

DETACH = "detach"


class Keeper:
    """Starts one stack, watches over it, stops it."""

    def __init__(self, home: Path, choices: Choices) -> None:
        self._home = home
        self._choices = choices
        self._ended = asyncio.Event()
        self._conductor: Conductor | None = None
        self._record = Record(phase=Phase.STOPPED)
        self._ordered = asyncio.Event()

    async def keep(self, owner: asyncio.StreamReader) -> int:
        """The whole life of a stack; the process' exit status."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._ended.set)
        loop.add_signal_handler(orders.SIGNAL, self._ordered.set)
        listening = asyncio.create_task(self._listen(owner))
        ending = asyncio.create_task(self._ended.wait())
        starting = asyncio.create_task(self._start())
        try:
            await asyncio.wait({starting, ending}, return_when=asyncio.FIRST_COMPLETED)
            if not starting.done():
                starting.cancel()
                with suppress(asyncio.CancelledError, StackError):
                    await starting
                return 1
            starting.result()
            obeying = asyncio.create_task(self._obey())
            await asyncio.wait({obeying, ending}, return_when=asyncio.FIRST_COMPLETED)
            obeying.cancel()
            await asyncio.wait({obeying})
        except (StackError, OSError) as error:
            await self._stop()
            tell(error=str(error), details=getattr(error, "details", ""))
            return 1
        finally:
            listening.cancel()
            await self._stop()
        return 0

    async def _start(self) -> None:
        before = state.read(self._home)
        places = prepare(self._home)
        known = before.ports if before else {}
        self._write(Phase.STARTING, known, places)
        stack = build(places, self._choices, known)
        for note in stack.notes:
            tell(progress=note)
        self._conductor = Conductor(stack, self._progress)
        self._write(Phase.STARTING, {**known, **stack.ports}, places)
        await self._conductor.start()
        found = running(stack, self._choices, self._conductor.states)
        self._record = self._record.model_copy(update={"phase": Phase.RUNNING, "running": found})
        state.write(self._home, self._record)
        tell(ready=True)

    def _progress(self, line: str) -> None:
        """Tell our owner, who follows the start and nothing after it."""
        if self._record.phase is Phase.STARTING:
            tell(progress=line)
        else:
            note(line)

    async def _obey(self) -> None:
        """Carry out orders as they come, one after the other."""
        while True:
            await self._ordered.wait()
            self._ordered.clear()
            order = orders.take(self._home)
            if order is None or self._conductor is None or self._record.running is None:
                continue
            try:
                await self._start_again(self._conductor, self._record.running, order["start"])
            except (StackError, OSError) as error:
                details = getattr(error, "details", "")
                orders.answer(self._home, order, error=str(error), details=details)
            else:
                orders.answer(self._home, order)

    async def _start_again(self, conductor: Conductor, known: Running, name: str) -> None:
        await conductor.start_again(name)
        services = {each: conductor.states[each] for each in known.services}
        found = known.model_copy(update={"services": services})
        self._record = self._record.model_copy(update={"running": found})
        state.write(self._home, self._record)

    def _write(self, phase: Phase, ports: dict[str, int], places: Places) -> None:
        me = os.getpid()
        keeper = ProcessId(pid=me, began=identity(me) or 0.0)
        self._record = Record(phase=phase, keeper=keeper, ports=ports, data=places.data)
        state.write(self._home, self._record)

    async def _stop(self) -> None:
        if self._conductor is not None:
            conductor, self._conductor = self._conductor, None
            for name, status in conductor.exited().items():
                note(f"{name} had ended with status {status}")
            for name in await conductor.stop():
                note(f"{name} did not stop when asked and was killed")
        if self._record.keeper is not None:
            stopped = Record(phase=Phase.STOPPED, ports=self._record.ports, data=self._record.data)
            state.write(self._home, stopped)
            self._record = Record(phase=Phase.STOPPED)

    async def _listen(self, owner: asyncio.StreamReader) -> None:
        """Until told to detach, our owner's end is ours."""
        line = await owner.readline()
        if line.decode().strip() != DETACH:
            self._ended.set()


def tell(**message: Any) -> None:
    """Send our owner a message, if it still listens."""
    with suppress(BrokenPipeError):
        sys.stdout.write(json.dumps(message) + "\n")
        sys.stdout.flush()


def note(line: str) -> None:
    """Write a line into the keeper's log."""
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - stderr is the keeper's log


async def _main() -> int:
    owner = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(owner), sys.stdin)
    line = await owner.readline()
    if not line:
        return 1
    request = json.loads(line)
    home = Path(request["home"])
    return await Keeper(home, Choices.model_validate(request["choices"])).keep(owner)


if __name__ == "__main__":
    # A terminal that closes takes its commands with it, not a stack that was detached.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    sys.exit(asyncio.run(_main()))
