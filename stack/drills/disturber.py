"""Does what a drill says beside a load, in a thread of its own. See `capacity.disturbance`."""

import threading
from collections.abc import Sequence

from capacity.drill import Drill
from capacity.errors import UsageError
from capacity.ledger import balance
from capacity.run import Event, Ledger
from capacity.spool import Written
from stack.drills.kinds import KINDS
from stack.drills.ledger import keys_at
from stack.drills.stage import AbandonedError, Stage
from stack.errors import StackError
from stack.state import Running

_END_SECONDS = 240.0


class Disturber:
    """A drill on a running stack. Whoever makes one closes it, so that the stack is whole again."""

    def __init__(self, drill: Drill, running: Running) -> None:
        if running.choices.engine != "native":
            raise UsageError("drills break processes of the native engine: hmb up without --engine")
        self.name = drill.name
        self.error: Exception | None = None
        self._stage = Stage(drill, running)
        self._heals_s = drill.heals_s
        for name in drill.services:
            self._stage.service(name)
        self._break = KINDS[drill.name]
        self._thread = threading.Thread(target=self._run, name=f"drill {drill.name}")

    @property
    def enough(self) -> bool:
        """Whether all is mended for as long as the drill wants to look."""
        mended = not self._thread.is_alive() and self._thread.ident is not None
        if not mended or not self._stage.events:
            return False
        return self._stage.now_s > self._stage.events[-1].at_s + self._heals_s

    @property
    def events(self) -> list[Event]:
        """What happened until now."""
        return list(self._stage.events)

    def begin(self, epoch: float) -> None:
        """The load began."""
        self._stage.open(epoch)
        self._thread.start()

    def end(self) -> None:
        """Wait until all is mended. Raises what kept it from that."""
        self._thread.join(_END_SECONDS)
        if self.error is not None:
            raise self.error

    def abandon(self) -> None:
        """Break nothing more, mend what is broken."""
        self._stage.abandon()
        if self._thread.ident is not None:
            self._thread.join(_END_SECONDS)

    def settle(self, written: Sequence[Written]) -> tuple[Ledger, dict[str, bool]]:
        """Hold a load's own account of its writes against the database.

        Also whatever else this drill looks at, each a sentence -> whether it holds.
        """
        stage = self._stage
        there = keys_at(stage.running, stage.service(stage.truth).port)
        checks: dict[str, bool] = {}
        for check in stage.checks:
            checks |= check(written)
        return balance(written, there), checks

    def close(self) -> None:
        """Mend all that is left to mend; returns when the stack is whole.

        Raises `StackError` when it does not get so, or what had kept it from that.
        """
        self.abandon()
        for mend in self._stage.afterwards:
            mend()
        self._stage.afterwards.clear()
        if self._thread.ident is not None:
            try:
                self._stage.wait_for(self._stage.is_whole, "the stack is whole again")
            except StackError as error:
                # what went wrong first says why
                raise (self.error or error) from None

    def _run(self) -> None:
        try:
            self._break(self._stage)
        except AbandonedError:
            pass
        except Exception as error:
            self.error = error
