"""A plan on the terminal: what to rent, what it costs, what is left, and what it rests on."""

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from capacity import figures

if TYPE_CHECKING:
    from capacity.plan.asking import Answer
    from capacity.plan.shapes import Figure, PlanResult, Tails

_ROW = "{:<28} {:>12} {:>26}  {}"
_AROUND = 5
"""Numbers of pods told on each side of the chosen one; JSON has all."""
_SIMULATED = "{:>5} {:>20} {:>20} {:>24} {:>24}"
_COMPARED = "{:<20} {:>24} {:>24}"


def show(answers: "Sequence[Answer]", names: Sequence[str]) -> None:
    """Print one plan in full, or two side by side."""
    lines = _plan(answers[0]) if len(answers) == 1 else _beside(answers, names)
    sys.stdout.writelines(f"{line.rstrip()}\n" for line in lines)
    sys.stdout.flush()


def _plan(answer: "Answer") -> Iterator[str]:
    plan = answer.plan
    if answer.afforded is not None:
        yield from _afforded(answer)
        yield ""
    yield (
        f"{figures.count(plan.users)} registered users, {plan.draws:,} draws; intervals hold 90 % "
        "of them"
    )
    yield ""
    yield from _traffic(plan)
    yield from _resources(plan)
    yield from _pods(plan)
    yield from _simulation(plan)
    yield from _limits(plan)
    yield from _cost(plan)
    yield from _money(plan)
    yield from _moved(plan)
    yield from _basis(plan)


def _afforded(answer: "Answer") -> Iterator[str]:
    found = answer.afforded
    if found is None:
        return
    yield (
        f"${found.budget:,.0f} a month carries {_count(found.middle)} users "
        f"({_count(found.users.low)} to {_count(found.users.high)})"
    )
    yield f"next step: {found.next_step}"
    yield f"fills first: {answer.plan.first}, then {answer.plan.second}"


def _traffic(plan: "PlanResult") -> Iterator[str]:
    for name, figure in plan.traffic.items():
        yield _row(name, figure)
    yield ""


def _resources(plan: "PlanResult") -> Iterator[str]:
    found = plan.resources
    yield "to rent (one pod and one replica may be lost)"
    yield (
        f"  pods        {found.pods_least} to {found.pods_most}, "
        f"{figures.number(found.pods_mean.mid)} on average, "
        f"{_interval(found.pods_reached)} at the peak by the rule; "
        f"{figures.plural(found.workers_per_pod, 'worker')} of "
        f"{figures.plural(found.slots_per_worker, 'slot')}; "
        f"{found.websocket_pods} would do for the WebSockets"
    )
    yield (
        f"  pools       {found.pool_per_worker} a worker, {found.pool_clients:,} in all, of "
        f"{found.pgbouncer_clients:,} clients of {found.pgbouncers} PgBouncer"
    )
    yield (
        f"  Postgres    primary {found.primary_cores:g} cores, {found.primary_connections} "
        f"connections; {figures.plural(found.replicas, 'replica')} of "
        f"{found.replica_cores:g} cores, {found.replica_connections} connections each; "
        f"{_span(found.database_gb)}"
    )
    yield (
        f"  Redis       {found.redis_processes} process, {_span(found.redis_gb)}, "
        f"{_span(found.redis_commands_per_s)}, {found.redis_connections} connections"
    )
    yield (
        f"  nginx       {figures.plural(found.nginx_workers, 'worker')}; files "
        f"{_span(found.files_gb)}; egress {_span(found.egress_gb)}"
    )
    yield from (f"  problem     {one}" for one in found.problems)
    yield ""


def _pods(plan: "PlanResult") -> Iterator[str]:
    yield "pods    targets hold    with one lost    why"
    chosen = next(at for at, one in enumerate(plan.pods) if one.chosen)
    for one in plan.pods[max(0, chosen - _AROUND) : chosen + _AROUND + 1]:
        mark = "*" if one.chosen else " "
        yield (
            f"{mark}{one.pods:>4} {figures.number(100 * one.holds):>12} % "
            f"{figures.number(100 * one.holds_one_lost):>14} %    {one.why}"
        )
    yield ""


def _simulation(plan: "PlanResult") -> Iterator[str]:
    """Simulated tails; of a number of pods with one lost it says what one fewer do."""
    found = plan.simulation
    if found is None:
        return
    yield (
        f"simulated at the busiest seconds: {found.draws} draws, {found.requests:,} requests each, "
        "one replica lost (modelled)"
    )
    yield _SIMULATED.format("pods", "p95, ms", "p99, ms", "targets hold", "with one pod lost")
    for up in found.tails:
        lost = found.up(up.pods_up - 1)
        yield _SIMULATED.format(
            f"{'*' if up.pods_up == plan.resources.pods_most else ' '}{up.pods_up:>4}",
            _interval(up.p95_ms) if up.p95_ms else "saturated",
            _interval(up.p99_ms) if up.p99_ms else "saturated",
            _chance(up),
            _chance(lost) if lost else figures.MISSING,
        )
    yield ""


def _chance(tails: "Tails") -> str:
    low, high = (figures.number(100 * one) for one in (tails.holds_low, tails.holds_high))
    return f"{figures.number(100 * tails.holds)} % ({low} to {high})"


def _limits(plan: "PlanResult") -> Iterator[str]:
    yield f"fills first: {plan.first}, second: {plan.second}; headroom {_share(plan.headroom)}"
    for one in plan.limits[:5]:
        yield _ROW.format(
            f"  {one.name}",
            f"{figures.number(100 * one.used.mid)} %",
            _share(one.used),
            f"{one.what}; full at {_count(one.full_at_users.mid)} users",
        )
    yield _row("carries, one of each lost", plan.capacity_users)
    for path in plan.runs_out:
        yield (
            f"  runs out on the path {path.path}: {_when(path.date_mid)} "
            f"({_when(path.date_low)} to {_when(path.date_high)})"
        )
    yield ""


def _cost(plan: "PlanResult") -> Iterator[str]:
    cost = plan.cost
    yield f"bill of a month of {plan.month_hours:g} hours, USD, payments apart"
    for line in cost.invoice:
        if line.BilledCost >= 0.005 and line.x_layer != "payments":
            yield (
                f"  {line.x_layer:<9} {line.ProviderName:<14} {line.ChargeDescription:<46} "
                f"{line.BilledCost:>12,.2f}  prices of {line.x_price_read}"
            )
    yield f"  with every assumption in the middle {cost.mid_usd:>62,.2f}"
    yield _row("over all draws", cost.usd)
    yield _row("per registered user", cost.per_user)
    yield _row("per active user", cost.per_active_user)
    yield _row("per 1,000 requests", cost.per_1000_requests)
    for one in cost.per_class:
        yield (
            f"  {one.name:<26} ${figures.number(one.usd_per_1000)} per 1,000; "
            f"{figures.number(100 * one.share_of_requests)} % of requests, "
            f"{figures.number(100 * one.share_of_cost)} % of cost"
        )
    yield from _curve(plan)
    for way in cost.combinations:
        told = f"${way.usd:,.2f}" if way.usd is not None else way.problem
        yield f"  {way.name:<26} {told}"
    yield ""


def _curve(plan: "PlanResult") -> Iterator[str]:
    """The bill at rising numbers of users where a plan or machine changes, and at both ends."""
    points = plan.cost.curve
    for at, point in enumerate(points):
        if point.steps or point.problem or at in (0, len(points) - 1):
            told = f"${point.usd:,.0f}" if point.usd is not None else "no bill"
            why = point.problem or "; ".join(point.steps)
            yield f"  {_count(point.users):>11} users {told:>9}  {why}"
            if point.problem:
                return


def _money(plan: "PlanResult") -> Iterator[str]:
    money = plan.money
    yield "money of a month, USD (assumed, nothing is sold yet)"
    yield _row("subscriptions (MRR)", money.mrr)
    yield _row("advertising, doubtable", money.advertising)
    yield _row("payment fees", money.payment_fees)
    yield _row("contribution", money.contribution)
    yield (
        f"  contribution margin {_share(money.margin)}, without advertising "
        f"{_share(money.margin_without_ads)}"
    )
    for tier in money.tiers:
        yield (
            f"  {tier.tier:<12} {_count(tier.users.mid):>10} users, a user costs "
            f"${figures.number(tier.served_per_user)} to serve and leaves "
            f"${figures.number(tier.contribution_per_user)} a month, in all "
            f"${figures.number(tier.lifetime_value.mid)}"
        )
    for name, course in money.paths.items():
        yield (
            f"  path {name}: first year's revenue ${course.revenue:,.0f}, cash "
            f"${course.cash_received:,.0f}; profit from month "
            f"{course.break_even or figures.MISSING}"
        )
    yield ""


def _moved(plan: "PlanResult") -> Iterator[str]:
    for outcome in plan.sensitivity:
        if outcome.outcome == "margin":
            continue
        yield f"moves {outcome.outcome} most ({figures.number(outcome.middle)} {outcome.unit})"
        for bar in outcome.bars[:3]:
            yield f"  {bar.name:<26} {figures.number(bar.at_low)} to {figures.number(bar.at_high)}"
        for one in outcome.effects[:3]:
            yield (
                f"  {one.name:<26} Sobol index {figures.number(one.first, 2)} alone, "
                f"{figures.number(one.total, 2)} in all"
            )
    yield ""


def _basis(plan: "PlanResult") -> Iterator[str]:
    basis = plan.basis
    errors = ", ".join(
        f"{name} {figures.number(100 * error)} %"
        for name, error in basis.errors.items()
        if error is not None
    )
    yield (
        f"rests on a demand model of {basis.made_at:%Y-%m-%d} ({basis.evidence}, {basis.runs} "
        f"runs); largest held-out errors: {errors or 'none was held out'}"
    )
    if basis.sizes:
        yield (
            f"demands are those with {_count(plan.users)} users in the database, by growth fitted "
            f"over {len(basis.sizes)} sizes of data ({_count(basis.sizes[0])} to "
            f"{_count(basis.sizes[-1])} users)"
        )
    yield from (f"warning: {one}" for one in plan.warnings)


def _beside(answers: "Sequence[Answer]", names: Sequence[str]) -> Iterator[str]:
    one, two = (answer.plan for answer in answers)
    yield f"A: {names[0]}"
    yield f"B: as A, and {names[1]}"
    yield ""
    yield _COMPARED.format("", "A", "B")
    rows = {
        "users": (_count(one.users), _count(two.users)),
        "pods at most": (str(one.resources.pods_most), str(two.resources.pods_most)),
        "pods on average": _both(one.resources.pods_mean, two.resources.pods_mean),
        "primary cores": (f"{one.resources.primary_cores:g}", f"{two.resources.primary_cores:g}"),
        "replica cores": (f"{one.resources.replica_cores:g}", f"{two.resources.replica_cores:g}"),
        "carries, users": _both(one.capacity_users, two.capacity_users),
        "fills first": (one.first, two.first),
        "p95, ms": (_p95(one), _p95(two)),
        "bill, USD": _both(one.cost.usd, two.cost.usd),
        "per user, USD": _both(one.cost.per_user, two.cost.per_user),
        "MRR, USD": _both(one.money.mrr, two.money.mrr),
        "contribution, USD": _both(one.money.contribution, two.money.contribution),
        "margin": (_share(one.money.margin), _share(two.money.margin)),
    }
    if one.simulation and two.simulation:
        rows["simulated p95, ms"] = (_lost_one(one), _lost_one(two))
    for name, (left, right) in rows.items():
        yield _COMPARED.format(name, left, right)
    yield ""
    yield from _basis(one)
    yield from (
        f"only of B: {one_more}" for one_more in two.warnings if one_more not in one.warnings
    )
    for name, plan in (("A", one), ("B", two)):
        yield from (f"problem of {name}: {problem}" for problem in plan.resources.problems)


def _p95(plan: "PlanResult") -> str:
    """In the busiest seconds, nothing lost."""
    return _interval(plan.latency["p95"]) if "p95" in plan.latency else "saturated"


def _lost_one(plan: "PlanResult") -> str:
    """The p95 of the plan with one pod and one replica lost."""
    up = plan.simulation.up(plan.resources.pods_most - 1) if plan.simulation else None
    return _interval(up.p95_ms) if up and up.p95_ms else "saturated"


def _both(one: "Figure", two: "Figure") -> tuple[str, str]:
    return _interval(one), _interval(two)


def _interval(figure: "Figure") -> str:
    return f"{figures.number(figure.low)} to {figures.number(figure.high)}"


def _row(name: str, figure: "Figure") -> str:
    return _ROW.format(
        f"  {name}",
        figures.number(figure.mid),
        _interval(figure),
        f"{figure.unit} ({figure.evidence})",
    )


def _span(figure: "Figure") -> str:
    return f"{_interval(figure)} {figure.unit}"


def _share(figure: "Figure") -> str:
    return f"{figures.number(100 * figure.low)} to {figures.number(100 * figure.high)} %"


def _count(value: float) -> str:
    return figures.count(value)


def _when(day: object) -> str:
    return "not within a century" if day is None else str(day)
