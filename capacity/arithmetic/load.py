"""Slots, workers, users and speed: what the promised load asks of the promised pods."""

from math import exp, log

from capacity.arithmetic.finding import Finding
from capacity.evidence import Evidence
from capacity.figures import exact, number, seconds

_Z95 = 1.6448536269514722
"""The 95 % quantile of the standard normal distribution."""
_DAY_S = 86_400


def lognormal_mean(p50: float, p95: float) -> float:
    """The mean of the lognormal distribution with this median and 95th percentile.

    For a lognormal, p95 = p50 exp(1.645 sigma) and mean = p50 exp(sigma^2 / 2).
    """
    sigma = log(p95 / p50) / _Z95
    return p50 * exp(sigma**2 / 2)


def slots_for_rate(
    slots: float, rate: float, best_p50: float, best_p95: float, p50: float, p95: float
) -> Finding:
    """Whether `slots` requests at a time carry `rate` per second at the projected latencies (ms).

    Little 1961: busy slots = rate x mean residence. Judged at the best
    projection (`best_p50`, `best_p95`); the middle one stands beside it.
    """
    best, middle = lognormal_mean(best_p50, best_p95), lognormal_mean(p50, p95)
    carried = slots / best * 1000
    return Finding(
        carried >= rate,
        carried,
        "req/s",
        f"by Little's law {exact(slots)} slots carry {number(carried)} req/s at the fastest "
        f"projected latencies (mean {number(best)} ms) and {number(slots / middle * 1000)} at the "
        f"middle ones ({number(middle)} ms); {exact(rate)} req/s would need a mean of "
        f"{number(slots / rate * 1000)} ms or {number(rate * middle / 1000)} busy slots",
    )


def worker_life(requests: float, jitter: float, rate: float, connection_hours: float) -> Finding:
    """Whether a worker that ends after `requests` (+ jitter) outlives its connections."""
    shortest, longest = requests / rate, (requests + jitter) / rate
    return Finding(
        longest >= connection_hours * 3600,
        longest,
        "s",
        f"at {exact(rate)} req/s a worker lives {number(shortest, 2)} to {number(longest, 2)} s, "
        f"while WebSockets are promised {exact(connection_hours)} h",
    )


def users_for_rate(
    rate: float,
    users: float,
    active_share: float,
    sessions: float,
    requests: float,
    peak_over_mean: float,
    think_s: float,
) -> Finding:
    """Whether `rate` carries `users` at once, as it does the same number registered.

    A registered user sends `sessions` x `requests` on an active day; a
    concurrent one a request every `think_s` seconds.
    """
    peak = users * active_share * sessions * requests / 86_400 * peak_over_mean
    concurrent = rate * think_s
    within = "well within" if peak <= rate else "beyond"
    return Finding(
        concurrent >= users and peak <= rate,
        users / rate,
        "s",
        f"as registered users they peak at about {number(peak)} req/s, {within} "
        f"{exact(rate)}; as concurrent ones each would send one request in "
        f"{seconds(users / rate)}, where a person at the screen sends one in "
        f"{exact(think_s)} s: {exact(rate)} req/s carry {number(concurrent)} at once",
    )


def like_with_like(
    mean_before: float, p95_after: float, claimed: float, p50: float, p95: float
) -> Finding:
    """Whether means before and after (ms) give the `claimed` ratio, within a tenth.

    The mean after is that of the projected latencies `p50`, `p95`.
    """
    mean_after = lognormal_mean(p50, p95)
    times = mean_before / mean_after
    return Finding(
        abs(times / claimed - 1) <= 0.1,
        times,
        "times",
        f"{exact(claimed)} times divides a mean of {exact(mean_before)} ms by a p95 of "
        f"{exact(p95_after)} ms, two different things; mean over projected mean "
        f"({number(mean_after)} ms) is {number(times, 2)} times",
    )


def registered_peak(
    rate: float,
    users: float,
    active_share: float,
    sessions: float,
    requests: float,
    peak_over_mean: float,
) -> Finding:
    """Whether `rate` carries the busiest hour of `users` registered ones, at assumed habits."""
    mean = users * active_share * sessions * requests / _DAY_S
    peak = mean * peak_over_mean
    return Finding(
        peak <= rate,
        peak,
        "req/s",
        f"{exact(100 * active_share)} % of {exact(users)} active on a day, {exact(sessions)} "
        f"sessions of {exact(requests)} requests and a peak of {exact(peak_over_mean)} times the "
        f"mean come to {number(mean)} req/s on average and {number(peak)} at the peak, where "
        f"{exact(rate)} are promised",
        Evidence.ASSUMED,
    )


def requests_each(
    rate: float,
    users: float,
    active_share: float,
    sessions: float,
    requests: float,
    peak_over_mean: float,
) -> Finding:
    """Whether `rate` at the peak is what those users send: requests per active one and day."""
    each = rate / peak_over_mean * _DAY_S / (users * active_share)
    habit = sessions * requests
    return Finding(
        abs(each / habit - 1) <= 0.5,
        each,
        "requests",
        f"{exact(rate)} req/s at the peak is {number(each)} requests of every active user on every "
        f"day, {number(each / habit, 2)} times the {number(habit)} they are assumed to send",
        Evidence.ASSUMED,
    )


def growth_factor(before: float, after: float, claimed: float) -> Finding:
    """Whether `after` is `claimed` times `before`, to a hundredth."""
    times = after / before
    return Finding(
        abs(times / claimed - 1) <= 0.01,
        times,
        "times",
        f"{exact(after)} is {number(times)} times {exact(before)}; {exact(claimed)} times is said",
    )


def downtime(share: float, hours: float, claimed: float) -> Finding:
    """Whether an availability of `share` per cent leaves `claimed` hours of `hours`."""
    left = (1 - share / 100) * hours
    return Finding(
        abs(left - claimed) < 0.005,
        left,
        "h",
        f"{exact(share)} % of {exact(hours)} hours a year leave {number(left)} hours",
    )
