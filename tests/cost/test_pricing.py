"""Bills, against the blueprint's own arithmetic and the providers' tables."""

import numpy as np
import pytest

from capacity.cost.catalogue import Catalogue, Plan, read_catalogues
from capacity.cost.pricing import price
from tests.cost.month import month

THIRTY_DAYS = 30 * 86_400
"""The blueprint's month; a catalogue's is 730 hours, 1.4 % longer."""


def plan(provider: str, name: str) -> Plan:
    found = {one.provider: one for one in read_catalogues()}[provider]
    return {one.name: one for one in found.plan}[name]


def usd(provider: str, name: str, **used: float) -> float:
    return float(price(plan(provider, name), month(**used)).usd[0])


def test_redis_by_the_command_costs_what_the_blueprint_says() -> None:
    by_command = plan("Upstash", "Redis pay as you go")
    all_month = price(by_command, month(redis_commands=5_000 * THIRTY_DAYS))
    assert float(all_month.usd[0]) == pytest.approx(25_920)
    mean = 1_000_000 * 0.15 * 1.3 * 40 / 86_400  # load-1m: 90.3 requests a second
    assert usd("Upstash", by_command.name, redis_commands=mean * THIRTY_DAYS) == pytest.approx(
        468, abs=0.5
    )
    # $10 buys a mean of 1.9 commands a second
    assert usd("Upstash", by_command.name, redis_commands=1.929 * THIRTY_DAYS) == pytest.approx(
        10, abs=0.01
    )


def test_stripe_keeps_what_the_blueprint_forgot() -> None:
    payers = 20_000 + 500 + 20
    fees = usd("Stripe", "Payments and Billing", card_usd=234_795, card_charges=payers)
    assert fees == pytest.approx(14_608.62, abs=0.01)
    assert 1 - fees / 332_795 == pytest.approx(0.956, abs=0.0005)


@pytest.mark.parametrize(("pods", "bill"), [(2, 50), (4, 100), (10, 250)])
def test_render_bills_by_the_instance(pods: int, bill: float) -> None:
    priced = price(plan("Render", "Web service, autoscaled"), month(pod_hours=pods * 730))
    instances = {line.what: float(line.usd[0]) for line in priced.lines}["pods"]
    assert instances == pytest.approx(bill)


def test_what_is_included_is_not_billed() -> None:
    assert usd("Vercel", "Pro", edge_gb=1000, edge_requests=10_000_000) == 20
    assert usd("Vercel", "Pro", edge_gb=1100, edge_requests=12_000_000) == pytest.approx(
        20 + 15 + 4
    )
    assert usd("Cloudflare", "R2", objects_gb=10, object_writes=1e6, object_reads=1e7) == 0


def test_steps_bill_the_rest_at_their_own_price() -> None:
    # 1 TB free, 9 TB at 0.085, 40 TB at 0.08, the rest at 0.06
    bill = usd("AWS", "CloudFront", edge_gb=60_000)
    assert bill == pytest.approx(9_000 * 0.085 + 40_000 * 0.08 + 10_000 * 0.06)


def test_a_pod_gets_the_cheapest_size_that_holds_it() -> None:
    instance = plan("Render", "Web service, autoscaled")
    assert _size(instance, pod_vcpu=1, pod_gb=2) == "Standard"
    assert _size(instance, pod_vcpu=1, pod_gb=3) == "Pro"
    assert _size(instance, pod_vcpu=3, pod_gb=1) == "Pro Plus"


@pytest.mark.parametrize(
    ("provider", "name", "used", "says"),
    [
        (
            "Upstash",
            "Redis pay as you go",
            {"redis_commands_per_s_peak": 10_001},
            "above its limit of 1e",
        ),
        ("Render", "Web service, autoscaled", {"pods_peak": 101}, "above its limit of 100"),
        ("Neon", "Launch", {"database_connections": 3_601}, "no size has 1 cores"),
        ("Neon", "Launch", {"database_cores": 17}, "no size has 17 cores"),
        ("Grafana Cloud", "Free", {"log_gb": 51}, "log_gb 51 is above"),
    ],
)
def test_a_limit_of_a_plan_is_enforced(
    provider: str, name: str, used: dict[str, float], says: str
) -> None:
    priced = price(plan(provider, name), month(**used))
    assert not priced.carries[0]
    assert says in priced.why_not
    assert price(plan(provider, name), month()).carries[0]


def test_connections_force_a_larger_compute_as_neon_says() -> None:
    launch = plan("Neon", "Launch")
    assert _size(launch, database_cores=0.1, database_connections=93) == "0.25 CU"
    assert _size(launch, database_cores=0.1, database_connections=94) == "1 CU"


def test_an_autoscaled_database_is_billed_by_its_mean() -> None:
    # 0.7 busy cores keep one core; with two idle replicas of a quarter each
    bill = usd("Neon", "Launch", database_mean_cores=0.7, replicas=2, database_gb=10)
    assert bill == pytest.approx(730 * 1.5 * 0.106 + 3.5)


def test_all_draws_are_priced_at_once() -> None:
    amounts = {name: np.repeat(value, 3) for name, value in month().items()}
    amounts["redis_commands"] = np.array([0.0, 1e5, 1e6])
    amounts["redis_commands_per_s_peak"] = np.array([1.0, 1.0, 20_000.0])
    priced = price(plan("Upstash", "Redis pay as you go"), amounts)
    assert priced.usd.tolist() == pytest.approx([0, 0.2, 2])
    assert priced.carries.tolist() == [True, True, False]


def test_every_catalogue_says_where_and_when() -> None:
    known: dict[str, Catalogue] = {one.provider: one for one in read_catalogues()}
    assert {
        "AWS", "Cloudflare", "Datadog", "DigitalOcean", "Grafana Cloud", "Neon", "Render",
        "Sentry", "Stripe", "Upstash", "Vercel",
    } == set(known)  # fmt: skip
    assert all(one.source for one in known.values())


def _size(of: Plan, **used: float) -> str:
    return price(of, month(pod_hours=730, **used)).lines[-1 if of.layer == "pods" else -2].sku
