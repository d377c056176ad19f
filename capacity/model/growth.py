"""How demands grow with the data: as a power of the users in the database, by class and tier.

D(n) = D(m) (n / m) ** e is a straight line in logarithms: least squares, each size weighted
by its own doubt (Draper & Smith 1998, Applied Regression Analysis, 3rd ed., 9.2). Where
three sizes or more lie further from the line than their doubts explain, the interval is wider
by sqrt(chi2 / (k - 2)) (Birge 1932, Physical Review 40:207). Two sizes cannot show that.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log, sqrt
from typing import TYPE_CHECKING

from capacity.demands import ClassDemand, DemandModel, SizeOfData, Tier
from capacity.errors import UsageError
from capacity.evidence import Span
from capacity.model.classes import (
    MOST_CONDITION,
    CollinearError,
    condition,
    design,
    independent_mixes,
    weights,
)
from capacity.model.fit import at_size
from capacity.model.material import Material
from capacity.model.windows import cut

if TYPE_CHECKING:
    from capacity.model.windows import Windows

FEWEST_SIZES = 2
_ANOTHER_SIZE = 1.5
"""Databases count as of different sizes when one holds this many times the other's people."""
_SD = 1.959964
"""Half a 95 % interval in standard deviations."""
_LEAST_DOUBT = 0.002
"""No demand is known better than this, as a share."""


@dataclass(frozen=True, slots=True)
class Sized:
    """Runs with about the same number of people in the database; None when runs do not say."""

    users: int | None
    runs: tuple[Material, ...]


def by_size(runs: Sequence[Material]) -> list[Sized]:
    """The runs by how much the database held, the smallest first."""
    told = [seeded_users(run) for run in runs]
    known = sorted(many for many in told if many is not None)
    if len(known) < len(runs):
        return [Sized(None, tuple(runs))]
    ends = [known[0]]
    for users in known:
        if users > _ANOTHER_SIZE * ends[-1]:
            ends.append(users)
    groups: dict[int, list[Material]] = {end: [] for end in ends}
    for run, many in zip(runs, told, strict=True):
        groups[max(end for end in ends if end <= (many or 0))].append(run)
    return [
        Sized(max(seeded_users(run) or 1 for run in group), tuple(group))
        for group in groups.values()
    ]


def seeded_users(run: Material) -> int | None:
    """How many people the database held; None when the record does not say."""
    users = (run.seen.run.where.topology or {}).get("seeded_users")
    return users if isinstance(users, int) and users > 0 else None


def with_growth(model: DemandModel, sizes: Sequence[Sized], seed: int = 1) -> DemandModel:
    """The model with its growth over `sizes`, the last of which it was fitted to.

    With one size the model stays as it is. Raises `UsageError` for runs of a size that do not
    ask for every class, and `capacity.model.classes.CollinearError` for those that cannot tell
    the classes apart.
    """
    if len(sizes) < FEWEST_SIZES:
        return model
    users = [one.users or 1 for one in sizes]
    names = [one.name for one in model.classes]
    shares = [model.mix[name] for name in names]
    found = []
    for one in sizes:
        windows = cut(one.runs)
        found.append(at_size(windows, _columns(windows, model.classes, one), shares, seed))

    def grown(pick: Mapping[Tier, Sequence[Span]]) -> dict[Tier, Span]:
        slopes = {tier: exponent(users, pick[tier]) for tier in Tier}
        return {tier: span for tier, span in slopes.items() if span is not None}

    return model.model_copy(
        update={
            "sizes": tuple(
                SizeOfData(
                    users=many, runs=len(one.runs), cpu_s={tier: at[tier][1] for tier in Tier}
                )
                for many, one, at in zip(users, sizes, found, strict=True)
            ),
            "growth": grown({tier: [at[tier][1] for at in found] for tier in Tier}),
            "classes": tuple(
                one.model_copy(
                    update={
                        "growth": grown({tier: [at[tier][0][n] for at in found] for tier in Tier})
                    }
                )
                for n, one in enumerate(model.classes)
            ),
        }
    )


def _columns(windows: "Windows", classes: Sequence[ClassDemand], size: Sized) -> list[list[int]]:
    """The columns of each class in the windows of another size."""
    groups = [
        [column for column, name in enumerate(windows.endpoints) if name in one.endpoints]
        for one in classes
    ]
    for one, group in zip(classes, groups, strict=True):
        if not group:
            raise UsageError(
                f"no run with {size.users:,} users in the database asked for {one.name}: run the "
                f"same mixes at every size"
            )
    mixes = independent_mixes(windows)
    number = condition(weights(windows)[:, None] * design(windows, groups))
    if mixes < len(classes) or number > MOST_CONDITION:
        raise CollinearError(
            f"collinear mixes: the runs with {size.users:,} users in the database do not tell the "
            f"{len(classes)} classes apart ({mixes} independent mixes, condition number "
            f"{number:.3g} of at most {MOST_CONDITION:g}); run the same mixes at every size"
        )
    return groups


def exponent(users: Sequence[int], demands: Sequence[Span]) -> Span | None:
    """The e of D ~ users ** e with its 95 % interval; None where a demand may as well be none.

    Raises `ValueError` for fewer than two sizes.
    """
    if len(set(users)) < FEWEST_SIZES or len(users) != len(demands):
        raise ValueError("growth needs two sizes of data and a demand at each")
    if any(span.low <= 0 for span in demands):
        return None
    x = [log(many) for many in users]
    y = [log(span.mid) for span in demands]
    doubts = [max(_LEAST_DOUBT, (span.high - span.low) / (2 * _SD * span.mid)) for span in demands]
    weight = [doubt**-2 for doubt in doubts]
    centre = sum(w * at for w, at in zip(weight, x, strict=True)) / sum(weight)
    level = sum(w * at for w, at in zip(weight, y, strict=True)) / sum(weight)
    spread = sum(w * (at - centre) ** 2 for w, at in zip(weight, x, strict=True))
    slope = (
        sum(w * (a - centre) * (b - level) for w, a, b in zip(weight, x, y, strict=True)) / spread
    )
    off = sum(
        w * (b - level - slope * (a - centre)) ** 2 for w, a, b in zip(weight, x, y, strict=True)
    )
    wider = sqrt(max(1.0, off / (len(x) - 2))) if len(x) > FEWEST_SIZES else 1.0
    half = _SD * wider / sqrt(spread)
    return Span(low=slope - half, mid=slope, high=slope + half)


def grown(model: DemandModel, users: int) -> DemandModel:
    """The model with its demands as they are with `users` in the database."""
    if model.seeded_users is None or not model.growth:
        return model
    times = {tier: (users / model.seeded_users) ** span.mid for tier, span in model.growth.items()}
    return model.model_copy(
        update={
            "seeded_users": users,
            "classes": tuple(
                one.model_copy(
                    update={
                        "cpu_s": {
                            tier: span.times(times.get(tier, 1.0))
                            for tier, span in one.cpu_s.items()
                        }
                    }
                )
                for one in model.classes
            ),
        }
    )
