"""CPU and requests by route, where the system under test tells them: `endpoint.*` in timelines."""

import re
from typing import TYPE_CHECKING

from capacity.model.classes import route
from capacity.observation import Observation

if TYPE_CHECKING:
    import pandas as pd

_CPU = re.compile(r"endpoint\.(.+)\.cpu")
_REQUESTS = re.compile(r"endpoint\.(.+)\.requests")


def by_route(seen: Observation) -> "dict[str, pd.Series[float]]":
    """Cores used for each route, by measured second; empty when the system tells none.

    Only seconds in which any was read. A route without a figure in one of them was not asked
    for until then.
    """
    return _by_route(seen, _CPU)


def reached_by_route(seen: Observation) -> "dict[str, pd.Series[float]]":
    """Requests per second of each route that reached a pod, as `by_route` tells the CPU.

    Those that something before the pods answered are not among them.
    """
    return _by_route(seen, _REQUESTS)


def _by_route(seen: Observation, of: re.Pattern[str]) -> "dict[str, pd.Series[float]]":
    window = seen.window
    columns = [(str(one), of.fullmatch(str(one))) for one in window.columns]
    routes = {column: route(match.group(1)) for column, match in columns if match is not None}
    read = window[list(routes)].dropna(how="all").fillna(0.0)
    found: dict[str, pd.Series[float]] = {}
    for column, at in routes.items():
        found[at] = read[column] + found[at] if at in found else read[column]
    return found
