"""The growth path: stages, quarters, conversion, break-even."""

from dataclasses import replace
from math import ceil, isclose

from capacity.arithmetic.finding import Finding
from capacity.arithmetic.money import amount
from capacity.evidence import Evidence
from capacity.figures import exact, number

_ROUNDED = 0.5
"""Whole dollars may have been rounded so far."""


def part_of_year(users: float, all_users: float, all_mrr: float, claimed: float) -> Finding:
    """Whether `users` of `all_users` bring their part of the MRR, in whole dollars."""
    part = users / all_users * all_mrr
    return Finding(
        abs(part - claimed) <= _ROUNDED + 1e-6,
        part,
        "$",
        f"{exact(users)} of {exact(all_users)} users bring {amount(part, '$')} of "
        f"{amount(all_mrr, '$')}; {amount(claimed, '$')} is said",
    )


def two_figures(first: float, second: float, within: float) -> Finding:
    """Whether two figures for one thing agree `within` a share of the smaller."""
    times = max(first, second) / min(first, second)
    agree = times - 1 <= within
    return Finding(
        agree,
        times,
        "times",
        f"{exact(first)} in one place and {exact(second)} in another"
        + (" agree" if agree else f" are {number(times, 2)} times apart"),
    )


def at_least(least: float, stated: float) -> Finding:
    """Whether the figure `stated` elsewhere is at least the one promised."""
    return Finding(
        stated >= least,
        stated,
        "$",
        f"the table has {amount(stated, '$')}, {number(stated / least)} times what is said here",
    )


def conversion(paying: float, users: float, claimed: float) -> Finding:
    """Whether a stage's share of paying users is the `claimed` per cent, to a tenth of it."""
    share = 100 * paying / users
    return Finding(
        isclose(share, claimed, rel_tol=0.1),
        share,
        "%",
        f"{exact(paying)} of {exact(users)} is {number(share)} %, where the year's table has "
        f"{exact(claimed)} %",
    )


def stage_share(paying: float, users: float, usual: float) -> Finding:
    """Whether a stage has the `usual` per cent of paying users; open where it has another."""
    found = conversion(paying, users, usual)
    return replace(found, consistent=found.consistent or None)


def break_even(
    subscribers: float,
    price: float,
    card_share: float,
    billing_share: float,
    per_charge: float,
    cost: float,
) -> Finding:
    """Whether `subscribers` at `price` a month pay a monthly `cost`, card fees taken off."""
    each = price * (1 - (card_share + billing_share) / 100) - per_charge
    needed = ceil(cost / each)
    return Finding(
        subscribers >= needed,
        needed,
        "subscribers",
        f"after card and billing fees one subscriber leaves {amount(each, '$')}, so "
        f"{exact(needed)} pay for infrastructure of {amount(cost, '$')} a month, and the plan has "
        f"{exact(subscribers)} by then; wages and everything else are not in it",
        Evidence.PRICED,
    )


def implied_whole(part: float, share: float, most: float) -> Finding:
    """Whether a `part` that is `share` per cent leaves a whole of at most `most`."""
    whole = part / (share / 100)
    return Finding(
        whole <= most,
        whole,
        "employers",
        f"{exact(part)} are {exact(share)} % of {exact(whole)}, "
        f"{number(100 * whole / most)} % of all users",
    )
