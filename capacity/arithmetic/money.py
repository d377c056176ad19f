"""Revenue, fees, prices, margins: the business plan's numbers, put together."""

from collections.abc import Sequence
from math import floor, isclose, log10

from capacity.arithmetic.finding import Finding
from capacity.evidence import Evidence
from capacity.figures import exact, number, plural

_ROUNDED = 0.5
"""Whole dollars may have been rounded so far."""
_DAY_S = 86_400


def amount(value: float, unit: str) -> str:
    """A stated amount: `$98,000`, `$0.00013` or `980,000 users`."""
    if unit != "$":
        return f"{exact(value)} {unit}".strip()
    if 0 < abs(value) < 0.01:
        return f"${value:.{1 - floor(log10(abs(value)))}f}".rstrip("0")
    if 0 < abs(value) < 1:
        return f"${value:.2f}"
    return f"${exact(value)}" if value == round(value) else f"${value:,.2f}"


def dollars(value: float) -> str:
    """An amount that was worked out: whole dollars from a hundred on, cents below."""
    return amount(round(value) if abs(value) >= 100 else value, "$")


def _percent(value: float) -> str:
    return f"{value:.2f} %"


def product(each: float, count: float, claimed: float) -> Finding:
    """Whether `count` times `each` is the `claimed` amount of dollars."""
    value = each * count
    return Finding(
        abs(value - claimed) <= _ROUNDED,
        value,
        "$",
        f"{exact(count)} times {amount(each, '$')} is {amount(value, '$')}",
    )


def revenue(parts: Sequence[float], claimed: float) -> Finding:
    """Whether `parts` add up to the `claimed` dollars exactly."""
    value = sum(parts)
    said = "as is said" if value == claimed else f"where {amount(claimed, '$')} is said"
    return Finding(value == claimed, value, "$", f"the rows add up to {amount(value, '$')}, {said}")


def total(parts: Sequence[float], claimed: float, within: float) -> Finding:
    """Whether `parts` add up to `claimed`, `within` a share of it."""
    value = sum(parts)
    off = value - claimed
    right = abs(off) <= max(within * claimed, 1e-6)
    said = (
        "as is said"
        if off == 0
        else f"{exact(abs(off))} {'more' if off > 0 else 'fewer'} than said"
    )
    return Finding(right, value, "", f"the rows add up to {exact(value)}, {said}")


def range_total(
    lows: Sequence[float], highs: Sequence[float], claimed_low: float, claimed_high: float
) -> Finding:
    """Whether the lines of a bill add up to the range claimed for it."""
    low, high = sum(lows), sum(highs)
    return Finding(
        isclose(low, claimed_low) and isclose(high, claimed_high),
        high,
        "$",
        f"the lines add up to {amount(low, '$')} to {amount(high, '$')} a month",
    )


def per_user(costs: Sequence[float], users: float, claimed: Sequence[float]) -> Finding:
    """Whether each of `costs` divided by `users` is its `claimed` cost per user."""
    each = [cost / users for cost in costs]
    right = all(isclose(one, said, rel_tol=0.01) for one, said in zip(each, claimed, strict=True))
    return Finding(
        right,
        each[-1],
        "$",
        f"{_span(costs)} for {exact(users)} users is {_span(each)} each; as right as the bill is",
    )


def cheaper_per_user(before: float, now: Sequence[float], claimed: Sequence[float]) -> Finding:
    """Whether the cost per user `before`, divided by each of `now`, is as `claimed`."""
    times = [before / cost for cost in now]
    right = all(isclose(one, said, rel_tol=0.01) for one, said in zip(times, claimed, strict=True))
    return Finding(
        right,
        times[-1],
        "times",
        f"{amount(before, '$')} over {_span(now)} is {number(min(times))} to {number(max(times))} "
        f"times; right if both costs are",
    )


def _span(values: Sequence[float]) -> str:
    low, high = min(values), max(values)
    return amount(low, "$") if low == high else f"{amount(low, '$')} to {amount(high, '$')}"


def first_year_cash(quarters: Sequence[float], year_end: float, claimed: float) -> Finding:
    """Whether the first year brings in the `claimed` ARR.

    Along `quarters`, the MRR at the end of each held level through it; and along a straight
    line from nothing to `year_end`, twelve months paid at their end.
    """
    level = 3 * sum(quarters)
    straight = sum(year_end * month / 12 for month in range(1, 13))
    best = max(level, straight)
    return Finding(
        best >= claimed - _ROUNDED,
        best,
        "$",
        f"the four quarters held level bring {amount(round(level), '$')} in the first year and a "
        f"straight line {amount(round(straight), '$')}; {amount(claimed, '$')} is the pace at "
        f"its end",
    )


def infrastructure_margins(
    cost: float, bases: Sequence[float], claimed: Sequence[float]
) -> Finding:
    """Whether each `claimed` margin (per cent) is what `cost` leaves of its own base."""
    margins = [100 * (1 - cost / base) for base in bases]
    right = all(abs(one - said) < 0.006 for one, said in zip(margins, claimed, strict=True))
    told = " and ".join(
        f"{_percent(one)} of {amount(base, '$')}" for one, base in zip(margins, bases, strict=True)
    )
    return Finding(
        right,
        margins[0],
        "%",
        f"{amount(cost, '$')} leave {told}: two bases, each right for infrastructure alone",
    )


def fees(paid: float, charges: float, share: float, per_charge: float) -> float:
    """What a card service takes of `paid` dollars in `charges`: a `share` (%) and so much each."""
    return paid * share / 100 + charges * per_charge


def margin_after_fees(
    subscribers: Sequence[float],
    prices: Sequence[float],
    advertising: float,
    card_share: float,
    per_charge: float,
    billing_share: float,
    infrastructure: float,
    claimed: Sequence[float],
) -> Finding:
    """Whether the smallest `claimed` margin survives the fees on every subscription.

    Shares in per cent, `per_charge` in dollars for one monthly charge of each subscriber.
    """
    paid = sum(count * price for count, price in zip(subscribers, prices, strict=True))
    taken = fees(paid, sum(subscribers), card_share + billing_share, per_charge)
    ceiling = 100 * (1 - taken / (paid + advertising))
    return Finding(
        ceiling >= min(claimed),
        ceiling,
        "%",
        f"card and billing fees on {amount(paid, '$')} of subscriptions are "
        f"{amount(round(taken), '$')} a month, {number(taken / infrastructure)} times the whole "
        f"infrastructure bill: with them alone the margin is at most {number(ceiling)} %",
        Evidence.PRICED,
    )


def instances(
    counts: Sequence[float], price: float, claimed_low: float, claimed_high: float
) -> Finding:
    """Whether so many instances at `price` a month cost at most what is claimed."""
    low, high = min(counts) * price, max(counts) * price
    many = "" if low == high else f"{exact(min(counts))} to "
    return Finding(
        high <= claimed_high,
        high,
        "$",
        f"{many}{plural(max(counts), 'instance')} at {amount(price, '$')} come to "
        f"{_span((low, high))} a month, where {_span((claimed_low, claimed_high))} is said",
        Evidence.PRICED,
    )


def priced_lines(
    counts: Sequence[float],
    price: float,
    fixed: float,
    other_lows: Sequence[float],
    other_highs: Sequence[float],
    users: float,
    claimed_low: float,
    claimed_high: float,
) -> Finding:
    """Whether a bill of instances at their price, a fixed cache and other lines as claimed fits.

    The bill is divided by `users`: 1 for the whole. None when only its cheaper end fits.
    """
    low = (min(counts) * price + fixed + sum(other_lows)) / users
    high = (max(counts) * price + fixed + sum(other_highs)) / users
    each = "" if users == 1 else f" for each of {exact(users)} users"
    right: bool | None = high <= claimed_high
    if not right and low <= claimed_high:
        right = None
    return Finding(
        right,
        high,
        "$",
        f"{exact(min(counts))} to {exact(max(counts))} instances at {amount(price, '$')}, a fixed "
        f"cache of {amount(fixed, '$')} and the other lines as claimed are {_span((low, high))} a "
        f"month{each}, where {_span((claimed_low, claimed_high))} is said",
        Evidence.PRICED,
    )


def commands(rate: float, price: float, batch: float, days: float, claimed_high: float) -> Finding:
    """Whether `rate` commands a second all month, at `price` per `batch`, stay in the claim."""
    month = days * _DAY_S
    bill = rate * month / batch * price
    carried = claimed_high / price * batch / month
    return Finding(
        bill <= claimed_high,
        bill,
        "$",
        f"{number(rate)} commands/s at {amount(price, '$')} per {exact(batch)} are "
        f"{amount(round(bill), '$')} in a month of {exact(days)} days; {amount(claimed_high, '$')} "
        f"buys a mean of {number(carried, 2)}/s",
        Evidence.PRICED,
    )


def fixed_or_metered(
    users: float,
    active_share: float,
    sessions: float,
    requests: float,
    price: float,
    batch: float,
    days: float,
    fixed: float,
    claimed_high: float,
) -> Finding:
    """Whether the cheaper of a fixed plan and metered commands stays in the claim.

    One command per request at the mean of those users: the least an app with a cache sends.
    """
    rate = users * active_share * sessions * requests / _DAY_S
    metered = rate * days * _DAY_S / batch * price
    bill = min(fixed, metered)
    return Finding(
        bill <= claimed_high,
        bill,
        "$",
        f"one command per request is a mean of {number(rate)}/s: {amount(round(metered), '$')} "
        f"metered, or a fixed plan of {amount(fixed, '$')}, where at most "
        f"{amount(claimed_high, '$')} is said",
        Evidence.PRICED,
    )


def impressions(
    per_user: float, cpms: Sequence[float], active_share: float, days: float, sessions: float
) -> Finding:
    """What `per_user` a month asks of advertising; open, as nobody has measured what it brings."""
    needed = [per_user / cpm * 1000 for cpm in cpms]
    visits = active_share * days * sessions
    each = [count / visits for count in needed]
    return Finding(
        None,
        max(needed),
        "impressions",
        f"at {_span(cpms)} per thousand it takes {number(min(needed))} to {number(max(needed))} "
        f"impressions per free user and month, {number(min(each), 2)} to {number(max(each), 2)} in "
        f"each session; what they bring is nobody's measurement",
        Evidence.ASSUMED,
    )


def advertising_twice(users: float, per_user: float, elsewhere: Sequence[float]) -> Finding:
    """Whether `users` times `per_user` is the total stated `elsewhere`."""
    value = users * per_user
    return Finding(
        min(elsewhere) <= value <= max(elsewhere),
        value,
        "$",
        f"{exact(users)} times {amount(per_user, '$')} is {amount(value, '$')} a month, where the "
        f"strategy elsewhere has {_span(elsewhere)} in all",
    )
