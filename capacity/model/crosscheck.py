"""Fitted demands beside what the pods timed themselves: two ways that share no arithmetic.

A worker times the steps of one request's task in some (`reference_app.kit.steps`), and the
threads that hash passwords: that leaves out the event loop and the protocol, which a fit puts onto
the requests. So the pods'
own figure lies below the fitted one, by about as much for every endpoint; one that stands
out is an endpoint whose class does not describe it. It is the least that a request costs, which
the fit takes it for (`capacity.model.fit`): so it can show a class that is fitted too dear, and
none that is fitted cheaper than this.
"""

from collections.abc import Mapping, Sequence

from capacity.demands import Checked, DemandModel, Tier
from capacity.endpoint_cpu import by_route
from capacity.model import measured
from capacity.model.classes import route
from capacity.model.composing import only
from capacity.model.material import Material
from capacity.model.windows import TIER_CPU
from capacity.observation import name

_FEWEST = 200
"""Requests of an endpoint: one in seven is timed, so some thirty."""
PODS = TIER_CPU[Tier.PODS]


def timed(runs: Sequence[Material]) -> dict[str, float]:
    """CPU seconds per request that the pods timed, by route; empty unless all `runs` tell it."""
    own: dict[str, float] = {}
    asked: dict[str, int] = {}
    for run in runs:
        told = _own(run)
        if not told:
            return {}
        for at, seconds in told.items():
            own[at] = own.get(at, 0.0) + seconds
        for stats in run.seen.endpoints():
            at = route(name(stats))
            asked[at] = asked.get(at, 0) + stats.requests
    return {at: own[at] / many for at, many in asked.items() if at in own and many >= _FEWEST}


def with_checks(model: DemandModel, runs: Sequence[Material]) -> DemandModel:
    """The model with the pods' own CPU by endpoint, where all `runs` tell it."""
    own: dict[str, float] = {}
    asked: dict[str, int] = {}
    fitted: dict[str, float] = {}
    whole = 0.0
    of = measured.class_of(model.classes)
    for run in runs:
        told = _own(run)
        if not told:
            return model
        for at, seconds in told.items():
            own[at] = own.get(at, 0.0) + seconds
        for stats in run.seen.endpoints():
            if (found := of.get(name(stats))) is not None:
                at = route(name(stats))
                cost = only(model.by_name(found), name(stats)).cpu_s[Tier.PODS].mid
                asked[at] = asked.get(at, 0) + stats.requests
                fitted[at] = fitted.get(at, 0.0) + stats.requests * cost
        used = run.seen.summed(PODS)
        whole += 0.0 if used is None else float(used.sum())
    return model.model_copy(
        update={
            "checked": _rows(own, asked, fitted),
            "own_share": sum(own.values()) / whole if whole > 0 else None,
        }
    )


def _own(run: Material) -> dict[str, float]:
    """CPU seconds the workers timed over the measured seconds, by route."""
    told = {at: float(cores.sum()) for at, cores in by_route(run.seen).items()}
    return {at: seconds for at, seconds in told.items() if seconds > 0}


def _rows(
    own: Mapping[str, float], asked: Mapping[str, int], fitted: Mapping[str, float]
) -> tuple[Checked, ...]:
    """The endpoints asked for most, first."""
    enough = [at for at in asked if at in own and asked[at] >= _FEWEST]
    return tuple(
        Checked(
            endpoint=at,
            requests=asked[at],
            own_s=own[at] / asked[at],
            fitted_s=fitted[at] / asked[at],
        )
        for at in sorted(enough, key=lambda at: (-asked[at], at))
    )
