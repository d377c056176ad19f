"""The built-in journeys as an ordinary locustfile.

Read by our generator, and just as well by plain Locust, with the environment variable
`HMB_ORDERS` naming a file of orders, as every run's folder holds one.
"""

from functools import partial

from locust import events

from capacity.run import SOCKET, STORE
from scenarios import load_opening
from scenarios.catalogue import Scenario
from scenarios.crowd import Crowd
from scenarios.deliveries import Deliveries
from scenarios.journeys.world import World
from scenarios.load_data import read_load_data
from scenarios.object_store import ObjectStore
from scenarios.orders import Orders, read_orders
from scenarios.virtual_user import VirtualUser


def _crowd(orders: Orders) -> Crowd:
    if orders.scenario is None or orders.data_file is None:
        raise ValueError("the orders name no scenario, or no load data for it")
    scenario: Scenario = orders.scenario
    world = World.of(scenario, read_load_data(orders.data_file), orders.seed)
    deliveries = Deliveries(partial(_report, SOCKET))
    store = ObjectStore(partial(_report, STORE), scenario.limits.answer_s)
    return Crowd(
        world,
        orders.load.users,
        orders.share,
        orders.lasts_s,
        load_opening.begin,
        deliveries,
        store,
    )


def _report(
    method: str, what: str, began: float, taken_s: float | None, error: Exception | None
) -> None:
    events.request.fire(  # type: ignore[no-untyped-call]  # Locust has no types here
        request_type=method,
        name=what,
        response_time=None if taken_s is None else 1000 * taken_s,
        response_length=0,
        exception=error,
        context={},
        start_time=began,
    )


class JobBoardUser(VirtualUser):
    """A visitor, seeker or employer, as the scenario's population has it."""

    crowd = _crowd(read_orders())
