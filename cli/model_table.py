"""A demand model on the terminal: what a request costs where, and how far predictions were off."""

import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from capacity import figures
from capacity.demands import Tier
from capacity.model.predict import Load, limits
from capacity.model.scaling import diagnoses
from capacity.model.validate import AIMED

if TYPE_CHECKING:
    from capacity.demands import DemandModel, Held
    from capacity.evidence import Span

_CLASS = "{:<48}"
_DEMANDS = _CLASS + " {:>6}" + " {:>17}" * len(Tier)
_CHECK = _CLASS + " {:>10} {:>10} {:>10} {:>16}"
_CHECKED = 15
_HITS = _CLASS + " {:>8} {:>22} {:>8} {:>20}"
_HELD = "{:<34} {:<12} {:<10} {:>12} {:>12} {:>9}"


def show(model: "DemandModel") -> None:
    """Print the model to stdout."""
    lines = [*_demands(model), *_hits(model), *_checks(model), *_growth(model), "", *_errors(model)]
    sys.stdout.writelines(f"{line.rstrip()}\n" for line in lines)
    sys.stdout.flush()


def _demands(model: "DemandModel") -> Iterator[str]:
    yield "CPU milliseconds per request and tier, with 95 % intervals (modelled)"
    yield _DEMANDS.format("class", "share", *(tier.value for tier in Tier))
    for one in model.classes:
        yield _DEMANDS.format(
            one.name[:48],
            f"{model.mix.get(one.name, 0.0):.1%}",
            *(_milliseconds(one.cpu_s[tier]) for tier in Tier),
        )
    for layer, cpu in model.layers.items():
        yield _DEMANDS.format(
            f"any answered by {layer.value}", "", *(_milliseconds(cpu[tier]) for tier in Tier)
        )
    idle = (f"{figures.number(1000 * model.idle_cpu.get(tier, 0.0))} mcores" for tier in Tier)
    yield _DEMANDS.format(f"idle, {figures.plural(model.topology.pods, 'pod')}", "", *idle)
    yield (
        f"condition number {figures.number(model.condition)}; generator "
        f"{_milliseconds(model.beside_cpu_s)} ms per request; waiting for cores is "
        f"{figures.number(model.wait_factor)} of what a queue alone would give"
    )
    alone = limits(model, Load(1, 1.0, model.mix, model.topology))
    yield (
        "with nothing else on it this machine carries at most "
        f"{figures.number(alone.saturation_rate)} "
        f"req/s of this mix (modelled); tested up to {figures.number(model.tested_rate)}"
    )
    yield from diagnoses(model.levels)
    if any(one.statement_s.mid for one in model.classes):
        yield _database(model)


def _database(model: "DemandModel") -> str:
    """The database's CPU beside what it says itself."""
    cpu = elapsed = 0.0
    for one in model.classes:
        share = model.mix.get(one.name, 0.0)
        cpu += share * (one.cpu_s[Tier.PRIMARY].mid + one.cpu_s[Tier.REPLICAS].mid)
        elapsed += share * one.statement_s.mid
    return (
        f"primary and replicas: {figures.number(1000 * cpu)} ms of CPU per mean request, "
        f"{figures.number(1000 * elapsed)} ms elapsed in statements (pg_stat_statements)"
    )


def _hits(model: "DemandModel") -> Iterator[str]:
    """How often caches answer, and what of that follows from how often they are asked."""
    if not model.families:
        return
    yield ""
    yield (
        "requests answered by a cache in these runs; where the number of different answers is "
        "told, hits follow from the rate (modelled)"
    )
    yield _HITS.format("answers", "hits", "different ones", "kept for", "asked within that")
    for one in model.families:
        keys = "taken as constant"
        if one.keys is not None:
            low, mid, high = (
                figures.number(end, 2) for end in (one.keys.low, one.keys.mid, one.keys.high)
            )
            keys = mid if low == high else f"{mid} ({low}-{high})"
        asked = f"{figures.number(one.asked.low)} to {figures.number(one.asked.high)}"
        life = f"{figures.number(one.life_s)} s"
        yield _HITS.format(one.name, f"{one.hit:.1%}", keys, life, asked)


def _checks(model: "DemandModel") -> Iterator[str]:
    """The fit beside the pods' own CPU by endpoint; the busiest endpoints, JSON has all."""
    if model.own_share is None:
        return
    yield ""
    yield (
        "pods' CPU milliseconds per request, timed by the pods in requests' own tasks (measured) "
        f"and fitted (modelled); {model.own_share:.0%} of the pods' CPU is in such tasks, the rest "
        "in event loop and protocol"
    )
    yield _CHECK.format("endpoint", "requests", "timed", "fitted", "timed / fitted")
    for one in model.checked[:_CHECKED]:
        yield _CHECK.format(
            one.endpoint[:48],
            f"{one.requests:,}",
            figures.number(1000 * one.own_s, 2),
            figures.number(1000 * one.fitted_s, 2),
            figures.number(one.own_s / one.fitted_s, 2) if one.fitted_s else figures.MISSING,
        )


def _growth(model: "DemandModel") -> Iterator[str]:
    """How demands grow with the people in the database, where several sizes were measured."""
    if not model.sizes:
        return
    yield ""
    yield "CPU milliseconds of a mean request, by users in the database (modelled)"
    for size in model.sizes:
        yield _DEMANDS.format(
            figures.count(size.users), "", *(_milliseconds(size.cpu_s[tier]) for tier in Tier)
        )
    yield "grows as users to the power of"
    yield _DEMANDS.format("a mean request", "", *_exponents(model.growth))
    for one in model.classes:
        yield _DEMANDS.format(one.name[:48], "", *_exponents(one.growth))


def _exponents(growth: "Mapping[Tier, Span]") -> Iterator[str]:
    for tier in Tier:
        span = growth.get(tier)
        ends = (span.low, span.high) if span is not None else ()
        low_high = " to ".join(f"{end:+.2f}" for end in ends)
        yield f"{span.mid:+.2f} ({low_high})" if span is not None else figures.MISSING


def _milliseconds(span: "Span") -> str:
    low, mid, high = (figures.number(1000 * value, 2) for value in (span.low, span.mid, span.high))
    return f"{mid} ({low}-{high})"


def _errors(model: "DemandModel") -> Iterator[str]:
    if not model.held_out:
        yield "no run was held out: how far these predictions are off is not known"
        return
    yield "predicted against measured, in runs the fit has not seen"
    yield _HELD.format("run", "figure", "tier", "predicted", "measured", "error")
    for row in model.held_out:
        yield _held(row)


def _held(row: "Held") -> str:
    of_machine = row.what == "utilisation"
    tier = "" if not of_machine else row.tier.value if row.tier else "machine"

    def shown(value: float) -> str:
        return f"{value:.1%}" if row.is_share else figures.figure(value, row.unit)

    mark = " !" if abs(row.error) > AIMED[row.what] else ""
    return (
        _HELD.format(
            row.run, row.what, tier, shown(row.predicted), shown(row.measured), f"{row.error:+.1%}"
        )
        + mark
    )
