"""All inputs of a plan in one place, and what a person sets of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from capacity.demands import DemandModel
from capacity.evidence import Evidence
from capacity.inputs import Input, InputError, Inputs
from capacity.model.cache import Answered, follows_rate
from capacity.nearest import nearest
from capacity.plan import plan_inputs
from capacity.plan.demand_inputs import HIT_RATE, KEYS_GROWTH, NGINX, REDIS, demand_inputs
from capacity.plan.rules import Rules, read_rules
from capacity.population import population_inputs
from capacity.revenue import revenue_inputs
from capacity.revenue.ledger import from_ledger

_GROWTH = "database.growth"


@dataclass(frozen=True, slots=True)
class Assumed:
    """Everything a plan takes as given."""

    model: DemandModel
    inputs: Inputs
    rules: Rules


def assumed(
    model: DemandModel,
    settings: Iterable[str] = (),
    ledger: Mapping[str, Any] | None = None,
) -> Assumed:
    """The inputs and rules for `model`, with the board's own `ledger` and then `settings` in place.

    Raises `InputError` in one line for a setting nobody knows or that cannot be.
    """
    planned = plan_inputs()
    inputs = population_inputs() + planned + revenue_inputs()
    inputs = inputs + demand_inputs(model, planned.known[_GROWTH])
    if ledger is not None:
        inputs = from_ledger(inputs, ledger)
    rules = read_rules()
    names = (*inputs.names, *rules.names)
    of_inputs: list[str] = []
    of_rules: list[str] = []
    for setting in settings:
        name, equals, _ = setting.partition("=")
        if not equals:
            raise InputError(f"--set {setting}: write name=value or name=low:mid:high")
        if name not in names:
            raise InputError(f'--set {setting}: nothing is named "{name}": {_hint(name, names)}')
        (of_rules if name in rules.names else of_inputs).append(setting)
    settled = inputs.settled(of_inputs).known
    held = {setting.partition("=")[0] for setting in of_inputs}
    # what is not there follows from the load
    idle = {HIT_RATE, NGINX, REDIS} - held if follows_rate(model) else {KEYS_GROWTH}
    kept = {name: one for name, one in settled.items() if name not in idle}
    return Assumed(model, Inputs(kept), rules.settled(of_rules))


def answered_as(given: Assumed, told: Answered) -> Assumed:
    """The same with caches that answer alike at every load, as in the first draw of `told`."""
    if not follows_rate(given.model):
        return given
    shares = {HIT_RATE: told.hit, NGINX: told.nginx, REDIS: told.redis}
    held = {
        name: Input(
            low=float(share[0]),
            mid=float(share[0]),
            high=float(share[0]),
            unit="share",
            reason="of the plan's peak with every assumption in the middle",
            evidence=Evidence.MODELLED,
        )
        for name, share in shares.items()
    }
    known = {name: one for name, one in given.inputs.known.items() if name != KEYS_GROWTH}
    return Assumed(given.model, Inputs(known | held), given.rules)


def _hint(name: str, names: Sequence[str]) -> str:
    """The nearest name; where none is near, those of the same group."""
    hint = nearest(name, names)
    if hint.startswith("did you mean"):
        return hint
    group = name.partition(".")[0]
    same = [one for one in names if one.startswith(f"{group}.")]
    groups = sorted({one.partition(".")[0] for one in names})
    return f"known: {', '.join(same)}" if same else f"known groups: {', '.join(groups)}"
