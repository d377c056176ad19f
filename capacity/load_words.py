"""A load model, and the people of a load, in words."""

from collections.abc import Mapping

from capacity import figures
from capacity.load_model import ClosedLoad, OpenLoad
from capacity.run import ANONYMOUS


def brief(load: ClosedLoad | OpenLoad) -> str:
    """`2,000 virtual users`, `120 arrivals/s`, `20 to 120 arrivals/s`."""
    if isinstance(load, ClosedLoad):
        return figures.plural(load.users, "virtual user")
    rates = [
        rate for stage in load.stages for piece in stage.pieces for rate in (piece.start, piece.end)
    ]
    if load.kind == "ramp":
        low, high = rates[0], rates[-1]
    else:
        low, high = min(rates), max(rates)
    span = figures.exact(high) if low == high else f"{figures.exact(low)} to {figures.exact(high)}"
    return f"{span} arrivals/s"


def full(load: ClosedLoad | OpenLoad) -> str:
    """Kind, size and what else decides when requests come."""
    if isinstance(load, ClosedLoad):
        think = load.mean_think_s
        said = f", {figures.exact(think)} s mean think time" if think else ""
        return f"closed, {brief(load)}{said}"
    spacing = {"poisson": "Poisson", "even": "evenly spaced"}[load.spacing]
    source = f", from {load.source}" if load.source else ""
    return (
        f"open ({load.kind}), {brief(load)}, {spacing}, "
        f"of {figures.plural(load.users, 'person', 'people')}{source}"
    )


def people(shares: Mapping[str, float]) -> str:
    """`50 % anonymous, 41.6 % Free, 0.85 % Pro`; what nobody has is left out.

    `any` are employers, whose tier is only known of the accounts.
    """
    words = {ANONYMOUS: "anonymous", "any": "Pro or Business"}
    return ", ".join(
        f"{figures.figure(100 * share, '%')} {words.get(name, name.capitalize())}"
        for name, share in shares.items()
        if share > 0
    )
