"""The processes that sent a load, as the record tells them."""

from collections.abc import Iterable, Sequence

from capacity.run import Invalidity, Phase, Sender, Step
from capacity.spool import Beat, Fold, Lost
from capacity.validity import within, worst_stretch


def senders(whole: Fold) -> list[Sender]:
    """Everyone who took part, in order of their names, and what they used."""
    measured = [step for step in whole.steps() if step.phase is Phase.MEASURED]
    found = []
    for name, opening in sorted(whole.openings.items()):
        beats = [beat for beat in whole.beats if beat.generator == name]
        lost = whole.lost.get(name)
        found.append(
            Sender(
                name=name,
                users=opening.users,
                cpu=_worst(beats, measured),
                memory_bytes=max((beat.memory_bytes for beat in beats), default=0),
                elsewhere=opening.elsewhere,
                clock_ahead_s=opening.ahead_s,
                clock_within_s=opening.within_s,
                lost="" if lost is None else lost.why,
            )
        )
    return found


def _worst(beats: Sequence[Beat], measured: Sequence[Step]) -> float:
    inside = [beat.cpu for beat in beats if any(within(beat.second, step) for step in measured)]
    return worst_stretch(inside) if inside else 0.0


def missing(lost: Iterable[Lost]) -> list[Invalidity]:
    """Why a load from several processes is invalid when one of them was lost on the way."""
    return [
        Invalidity(
            reason="generator-lost",
            detail=f"{one.generator} was lost in second {one.at_s:.0f}: {one.why}; its part of "
            f"the load, and what it had not yet told, is missing",
        )
        for one in lost
    ]
