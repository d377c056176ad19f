"""The arithmetic of billing, pure: periods, proration, discounts, totals.

Times are Unix seconds (UTC), money is integer cents. Where a fraction of a cent arises
it is rounded half away from zero, each line by itself, as Stripe's invoices do.
"""

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

DAY = 86_400
_FIXED = {"day": timedelta(days=1), "week": timedelta(weeks=1)}
_MONTHS = {"month": 1, "year": 12}


def add_interval(moment: int, interval: str, count: int) -> int:
    """`moment` plus `count` intervals. Months keep the day, or take the month's last.

    31 January plus one month is 28 (or 29) February; plus two it is 31 March.
    """
    start = datetime.fromtimestamp(moment, UTC)
    if interval in _FIXED:
        return int((start + _FIXED[interval] * count).timestamp())
    months = start.year * 12 + start.month - 1 + _MONTHS[interval] * count
    year, month = divmod(months, 12)
    day = min(start.day, calendar.monthrange(year, month + 1)[1])
    return int(start.replace(year=year, month=month + 1, day=day).timestamp())


def period_end(anchor: int, start: int, interval: str, count: int) -> int:
    """The end of the period that begins at `start`: the first billing date after it.

    Billing dates are the anchor plus whole intervals, so a subscription of the 31st
    returns to the 31st after February.
    """
    steps = 0
    if start > anchor:
        longest = {"day": 1, "week": 7, "month": 31, "year": 366}[interval] * count * DAY
        steps = (start - anchor) // longest
    while (end := add_interval(anchor, interval, steps * count)) <= start:
        steps += 1
    return end


def share(amount: int, numerator: int, denominator: int) -> int:
    """`amount` times a fraction, rounded to a cent half away from zero."""
    doubled = 2 * abs(amount) * numerator + denominator
    rounded = doubled // (2 * denominator)
    return -rounded if amount < 0 else rounded


def prorate(amount: int, start: int, end: int, at: int) -> int:
    """What of `amount`, the price of start..end, falls on at..end, by the second."""
    if end <= start or at >= end:
        return 0
    return share(amount, end - max(at, start), end - start)


@dataclass(frozen=True, slots=True)
class Reduction:
    """What a coupon takes off: a percentage of each line, or cents off the whole."""

    percent_off: float | None = None
    amount_off: int | None = None

    def off(self, amounts: Sequence[int]) -> list[int]:
        """Cents taken off each amount; never more than the amount, nothing off a credit."""
        if self.percent_off is not None:
            rate = Decimal(str(self.percent_off)) / 100
            return [
                int((max(amount, 0) * rate).quantize(Decimal(1), ROUND_HALF_UP))
                for amount in amounts
            ]
        left = self.amount_off or 0
        taken: list[int] = []
        for amount in amounts:
            cut = min(left, max(amount, 0))
            left -= cut
            taken.append(cut)
        return taken


def discounted(amounts: Sequence[int], reductions: Sequence[Reduction]) -> list[list[int]]:
    """For each reduction the cents it takes off each amount, one after the other."""
    left = list(amounts)
    taken: list[list[int]] = []
    for reduction in reductions:
        cuts = reduction.off(left)
        left = [amount - cut for amount, cut in zip(left, cuts, strict=True)]
        taken.append(cuts)
    return taken


@dataclass(frozen=True, slots=True)
class Settlement:
    """How an invoice's total meets the customer's balance (below zero: credit)."""

    amount_due: int
    ending_balance: int

    @property
    def collectable(self) -> bool:
        """Whether something is left to charge."""
        return self.amount_due > 0


def settle(total: int, balance: int) -> Settlement:
    """Credit pays first, a debt is added; a negative total becomes credit."""
    together = total + balance
    if together <= 0:
        return Settlement(amount_due=0, ending_balance=together)
    if total <= 0:
        # A debt is collected with the next charge, never by an invoice that charges nothing.
        return Settlement(amount_due=0, ending_balance=together)
    return Settlement(amount_due=together, ending_balance=0)
