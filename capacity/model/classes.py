"""Request classes: endpoints that the runs can tell apart.

What always comes in the same proportion cannot be priced apart, by any method. Endpoints
start as classes of their own, rare ones together; then the most collinear pair is joined,
again and again, until the design can carry what is asked of it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from capacity.errors import UsageError

if TYPE_CHECKING:
    from capacity.model.arrays import Row, Rows
    from capacity.model.windows import Windows

MOST_CONDITION = 30.0
"""Belsley, Kuh & Welsch 1980, Regression Diagnostics, 3.2: beyond it estimates are unsafe."""
RARE = 0.01
"""Endpoints with a smaller share of all requests are no class of their own."""
_NEW_IN_MIX = 0.08
"""A mix counts as another when no combination of the others explains this share of it."""
_AS_COLLINEAR = 0.05
"""Pairs this near the most collinear one count as alike: those of one kind go first."""


class CollinearError(UsageError):
    """Runs whose mixes are too much alike."""


@dataclass(frozen=True, slots=True)
class RequestClass:
    """One class: the columns of `Windows.requests` it sums, and their names."""

    name: str
    columns: tuple[int, ...]
    endpoints: tuple[str, ...]


def condition(columns: "Rows") -> float:
    """The condition number of a design whose columns are scaled to the same length."""
    lengths = np.linalg.norm(columns, axis=0)
    if not (lengths > 0).all():
        return float("inf")
    return float(np.linalg.cond(columns / lengths))


def design(windows: "Windows", groups: Sequence[Sequence[int]]) -> "Rows":
    """The columns of the fit: requests by group, and last what runs without any (per pod)."""
    idle = windows.pods / windows.pods.max() * windows.seconds
    return np.column_stack([*(windows.requests[:, list(g)].sum(axis=1) for g in groups), idle])


def weights(windows: "Windows") -> "Row":
    """How much each window counts: CPU scatters with the square root of the requests."""
    return np.asarray(np.maximum(1.0, windows.requests.sum(axis=1)) ** -0.5)


def independent_mixes(windows: "Windows") -> int:
    """How many of the runs' mixes no combination of the others makes up.

    By QR with column pivoting on the runs' shares of requests (Golub & Van Loan, Matrix
    Computations, 4th ed., 5.4).
    """
    from scipy.linalg import qr

    shares = _by_run(windows, range(len(windows.endpoints)))
    shares = shares / shares.sum(axis=1, keepdims=True)
    diagonal = np.abs(np.diag(qr(shares.T, mode="r", pivoting=True)[0]))
    return int((diagonal > _NEW_IN_MIX).sum())


def classes(windows: "Windows") -> tuple[list[RequestClass], float]:
    """The classes these windows can tell apart, and the condition number of their design.

    At most as many as there are independent mixes. Raises `CollinearError` when that is one.
    """
    most = independent_mixes(windows)
    if most < 2:
        raise CollinearError(
            "collinear mixes: all runs ask for the same things in the same proportion, so no "
            "class of requests can be told from another; add runs of other scenarios"
        )
    groups = _beginning(windows)
    weight = weights(windows)[:, None]
    while len(groups) > most or condition(weight * design(windows, groups)) > MOST_CONDITION:
        if len(groups) == 2:
            raise CollinearError(
                f"collinear mixes: even two classes leave a condition number above "
                f"{MOST_CONDITION:g}; add runs that differ more, in mix and in load"
            )
        groups = _joined(windows, groups)
    found = [_named(windows, group) for group in groups]
    return found, condition(weight * design(windows, groups))


def kind(endpoint: str) -> tuple[str, bool]:
    """What an endpoint is about, and whether it only reads: `jobs`, True."""
    method, _, path = endpoint.partition(" ")
    parts = [part for part in path.partition("?")[0].split("/") if part]
    if parts[:1] == ["api"]:
        parts = parts[2:]
    return (parts[0] if parts else "/"), method in ("GET", "HEAD")


def route(endpoint: str) -> str:
    """What a load's endpoint and the app's route are both known by: no query, no names."""
    return re.sub(r"\{[^}]*\}", "{}", endpoint.partition("?")[0])


def _beginning(windows: "Windows") -> list[list[int]]:
    """Endpoints as groups; rare ones by what they are about, then by reading or writing."""
    totals = windows.requests.sum(axis=0)
    least = RARE * totals.sum()
    groups = [[column] for column in range(len(totals)) if totals[column] >= least]
    rare = [column for column in range(len(totals)) if 0 < totals[column] < least]
    for level in (0, 1):
        by_kind: dict[object, list[int]] = {}
        for column in rare:
            about = kind(windows.endpoints[column])
            by_kind.setdefault(about if level == 0 else about[1], []).append(column)
        big = [group for group in by_kind.values() if level or totals[group].sum() >= least]
        groups += big
        rare = [column for column in rare if not any(column in group for group in big)]
    return groups


def _joined(windows: "Windows", groups: list[list[int]], one: int | None = None) -> list[list[int]]:
    """The groups with the most collinear pair made one; among equals those of one kind.

    With `one`, of the pairs that it is part of.
    """
    # how runs differ from each other counts, not the noise within one
    rates = np.column_stack([_by_run(windows, group).sum(axis=1) for group in groups])
    lengths = np.linalg.norm(rates, axis=0)
    cosines = rates.T @ rates / np.outer(lengths, lengths)
    pairs = [(a, b) for b in range(len(groups)) for a in range(b)]
    highest = max(cosines[pair] for pair in pairs)
    alike = [pair for pair in pairs if cosines[pair] >= highest - _AS_COLLINEAR]
    first, second = max(
        alike,
        key=lambda pair: (*_likeness(windows, groups[pair[0]], groups[pair[1]]), cosines[pair]),
    )
    both = groups[first] + groups[second]
    return [*(g for n, g in enumerate(groups) if n not in (first, second)), both]


def _likeness(windows: "Windows", first: list[int], second: list[int]) -> tuple[bool, bool]:
    """Whether two groups are both about one thing and one sort, and whether of one sort."""
    one = {kind(windows.endpoints[column]) for column in first}
    other = {kind(windows.endpoints[column]) for column in second}
    sorts = {reads for _, reads in one | other}
    return len(one | other) == 1, len(sorts) == 1


def _by_run(windows: "Windows", columns: Sequence[int]) -> "Rows":
    """Requests per second of each run, by column."""
    chosen = windows.requests[:, list(columns)]
    return (
        np.array([chosen[windows.run == run].mean(axis=0) for run in np.unique(windows.run)])
        / windows.seconds
    )


def _named(windows: "Windows", group: Sequence[int]) -> RequestClass:
    """The class, named after its busiest endpoint and how many more there are."""
    totals = windows.requests.sum(axis=0)
    ordered = sorted(group, key=lambda column: -totals[column])
    busiest = windows.endpoints[ordered[0]]
    name = busiest if len(ordered) == 1 else f"{busiest} +{len(ordered) - 1}"
    return RequestClass(name, tuple(ordered), tuple(windows.endpoints[c] for c in ordered))
