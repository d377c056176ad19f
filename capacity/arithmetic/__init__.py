"""Claims that need no measurement: the promises' own numbers, put together.

Each check takes the numbers a claim states (`capacity/blueprint/`) and says
whether they agree with each other, with public prices, or with what they assume.
"""

from collections.abc import Callable, Mapping, Sequence

from capacity.arithmetic import connections, growth, load, money, words
from capacity.arithmetic.finding import Finding
from capacity.arithmetic.money import amount, dollars

__all__ = ["CHECKS", "Finding", "Number", "amount", "check", "dollars"]

Number = float | tuple[float, ...]
"""One number a claim states, or several of a kind."""

CHECKS: dict[str, Callable[..., Finding]] = {
    "slots-for-rate": load.slots_for_rate,
    "worker-life": load.worker_life,
    "users-for-rate": load.users_for_rate,
    "registered-peak": load.registered_peak,
    "requests-each": load.requests_each,
    "like-with-like": load.like_with_like,
    "growth-factor": load.growth_factor,
    "downtime": load.downtime,
    "pools-per-process": connections.pools_per_process,
    "proxy-connections": connections.proxy_connections,
    "product": money.product,
    "total": money.total,
    "revenue": money.revenue,
    "range-total": money.range_total,
    "per-user": money.per_user,
    "cheaper-per-user": money.cheaper_per_user,
    "first-year-cash": money.first_year_cash,
    "infrastructure-margins": money.infrastructure_margins,
    "margin-after-fees": money.margin_after_fees,
    "instances": money.instances,
    "priced-lines": money.priced_lines,
    "commands": money.commands,
    "fixed-or-metered": money.fixed_or_metered,
    "impressions": money.impressions,
    "advertising-twice": money.advertising_twice,
    "part-of-year": growth.part_of_year,
    "two-figures": growth.two_figures,
    "at-least": growth.at_least,
    "conversion": growth.conversion,
    "stage-share": growth.stage_share,
    "break-even": growth.break_even,
    "implied-whole": growth.implied_whole,
    "documents-only": words.documents_only,
    "refused-since": words.refused_since,
}


def check(name: str, numbers: Mapping[str, float | Sequence[float]]) -> Finding:
    """The finding of the check `name` on a claim's `numbers`.

    Raises `TypeError` when the numbers are not the check's own.
    """
    return CHECKS[name](**numbers)
