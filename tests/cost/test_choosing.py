"""The cheapest that carries a layer, why others do not, invoices, curves, costs by class."""

from datetime import date

import numpy as np
import pytest

from capacity.cost.catalogue import Catalogue, Layer, read_catalogues
from capacity.cost.choosing import cheapest, least_bills, spread_cost
from capacity.cost.curve import cost_curve
from capacity.cost.invoice import invoice
from capacity.cost.units import per_class
from capacity.errors import UsageError
from tests.cost.month import month
from tests.plan.made_up import model


def catalogue(provider: str, price: float, most: float, confidence: str = "high") -> Catalogue:
    """A Redis at `price` a month for at most `most` commands a second."""
    plan = {
        "name": "R",
        "layer": "redis",
        "fixed": price,
        "limits": {"redis_commands_per_s_peak": most},
    }
    return Catalogue.model_validate(
        {"provider": provider, "source": "x", "read": "2026-11-01", "confidence": confidence}
        | {"plan": [plan]}
    )


SMALL, LARGE = catalogue("Small", 10, 100), catalogue("Large", 50, 1000)
DOUBTFUL = catalogue("Doubtful", 1, 5000, "low")
ALL = (SMALL, LARGE, DOUBTFUL)


def test_the_cheapest_that_carries_the_load_is_taken_and_the_rest_explained() -> None:
    choice = cheapest(ALL, month(redis_commands_per_s_peak=50))
    assert choice.providers == {Layer.REDIS: "Small"}
    assert choice.usd == 10
    why = {one.name: one.why for one in choice.rejected}
    assert why["Large R"] == "$40.0 a month more than Small R"
    assert why["Doubtful R"] == "$9.00 a month cheaper, but its prices are of low confidence"


def test_who_cannot_carry_the_load_is_passed_over() -> None:
    choice = cheapest(ALL, month(redis_commands_per_s_peak=500))
    assert choice.providers == {Layer.REDIS: "Large"}
    small = next(one for one in choice.rejected if one.name == "Small R")
    assert small.usd is None
    assert "500 is above its limit of 100" in small.why


def test_doubtful_prices_are_taken_where_nobody_else_can_or_who_was_asked_for() -> None:
    assert cheapest(ALL, month(redis_commands_per_s_peak=2000)).usd == 1
    assert cheapest(ALL, month(), ["Doubtful"]).usd == 1
    asked = cheapest(ALL, month(), ["Large"])
    assert asked.usd == 50
    assert "not a provider asked for" in {one.name: one.why for one in asked.rejected}["Small R"]


def test_a_layer_nobody_carries_is_one_clear_line() -> None:
    with pytest.raises(UsageError, match="no provider carries the redis of this plan") as error:
        cheapest(ALL, month(redis_commands_per_s_peak=6000))
    assert "\n" not in str(error.value)


def test_a_provider_nobody_knows_is_refused() -> None:
    with pytest.raises(UsageError, match='no catalogue of "Smal": did you mean "Small"'):
        cheapest(ALL, month(), ["Smal"])


def test_every_draw_gets_what_it_alone_would_take() -> None:
    amounts = {name: np.repeat(value, 4) for name, value in month().items()}
    amounts["redis_commands_per_s_peak"] = np.array([50.0, 500.0, 2000.0, 6000.0])
    assert least_bills(ALL, amounts)[Layer.REDIS].tolist() == [10, 50, 1, np.inf]
    assert least_bills(ALL, amounts, ["Large"])[Layer.REDIS].tolist() == [50, 50, np.inf, np.inf]
    kept = spread_cost(ALL, amounts, {Layer.REDIS: "Small"})
    assert kept[Layer.REDIS].tolist() == [10, np.inf, np.inf, np.inf]


def test_an_invoice_has_focus_columns_and_adds_up() -> None:
    choice = cheapest(read_catalogues(), month(users=1000, edge_gb=1500, pod_hours=1460))
    lines = invoice(choice, date(2026, 12, 1))
    assert {(line.BillingPeriodStart, line.BillingPeriodEnd) for line in lines} == {
        (date(2026, 12, 1), date(2027, 1, 1))
    }
    billed = sum(line.BilledCost for line in lines if line.x_layer is not Layer.PAYMENTS)
    assert billed == pytest.approx(choice.usd, abs=0.01)
    for line in lines:
        assert line.BilledCost == line.ListCost == line.ContractedCost == line.EffectiveCost
        assert line.ListCost == pytest.approx(line.PricingQuantity * line.ListUnitPrice, abs=0.01)
    edge = next(line for line in lines if line.ChargeDescription == "CloudFront: transfer")
    assert (edge.ConsumedQuantity, edge.PricingQuantity, edge.ServiceCategory) == (
        1500,
        500,
        "Networking",
    )


def test_a_curve_tells_its_steps_and_where_it_ends() -> None:
    amounts = {name: np.repeat(value, 3) for name, value in month().items()}
    amounts["users"] = np.array([1e3, 1e4, 1e5])
    amounts["redis_commands_per_s_peak"] = np.array([50.0, 500.0, 5000.0])
    points = cost_curve((SMALL, LARGE), amounts)
    assert [point.usd for point in points] == [10, 50, None]
    assert points[1].steps == ("redis: Small R -> Large R",)
    assert points[2].problem.startswith("no provider carries the redis")
    assert points[0].by_provider == {"Small": 10}


def test_a_bill_goes_to_the_classes_by_what_drives_it() -> None:
    told = model()
    choice = cheapest((SMALL,), month(redis_commands_per_s_peak=50))
    costs = {one.name: one for one in per_class(choice, told, requests=1e6)}
    # Redis by commands: 0.7 x 3, 0.15 x 3 and 0.15 x 6 of 3.45 in all
    assert costs["write"].share_of_cost == pytest.approx(0.9 / 3.45)
    assert costs["write"].usd_per_1000 == pytest.approx(1000 * 10 * 0.9 / 3.45 / 150_000)
    assert sum(one.share_of_cost for one in costs.values()) == pytest.approx(1)


def placed(provider: str, layer: str, price: float, place: str) -> Catalogue:
    plan = {"name": "P", "layer": layer, "fixed": price, "place": place}
    return Catalogue.model_validate(
        {"provider": provider, "source": "x", "read": "2026-11-01", "confidence": "high"}
        | {"plan": [plan]}
    )


def test_what_speaks_in_every_request_is_taken_in_one_place() -> None:
    here = (placed("A", "pods", 10, "here"), placed("B", "redis", 50, "here"))
    there = (placed("C", "pods", 30, "there"), placed("D", "redis", 5, "there"))
    choice = cheapest((*here, *there, placed("E", "edge", 1, "nowhere near")), month())
    assert set(choice.providers.values()) == {"C", "D", "E"}
    why = {one.name: one.why for one in choice.rejected}
    assert why["A P"] == "$20.0 a month cheaper, but not in there, where the rest is"
    bills = least_bills((*here, *there), month())
    assert {layer: usd.tolist() for layer, usd in bills.items()} == {"pods": [30], "redis": [5]}


def test_a_place_without_one_of_them_is_none() -> None:
    split = (placed("A", "pods", 10, "here"), placed("B", "redis", 50, "there"))
    with pytest.raises(UsageError, match="not in one place with the rest"):
        cheapest(split, month())
