"""All inputs of a plan in one place, and what a person sets of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from capacity.demands import DemandModel
from capacity.inputs import InputError, Inputs
from capacity.nearest import nearest
from capacity.plan import plan_inputs
from capacity.plan.demand_inputs import demand_inputs
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
    return Assumed(model, inputs.settled(of_inputs), rules.settled(of_rules))


def _hint(name: str, names: Sequence[str]) -> str:
    """The nearest name; where none is near, those of the same group."""
    hint = nearest(name, names)
    if hint.startswith("did you mean"):
        return hint
    group = name.partition(".")[0]
    same = [one for one in names if one.startswith(f"{group}.")]
    groups = sorted({one.partition(".")[0] for one in names})
    return f"known: {', '.join(same)}" if same else f"known groups: {', '.join(groups)}"
