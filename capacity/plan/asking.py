"""A question with users or a budget, and its answer."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from pydantic import BaseModel, ConfigDict

from capacity.cost.catalogue import Catalogue
from capacity.demands import DemandModel
from capacity.plan.assumed import assumed
from capacity.plan.budget import BUDGET_DRAWS, Afforded, afforded
from capacity.plan.planning import DRAWS, Request, make_plan
from capacity.plan.shapes import PlanResult
from capacity.plan.tails import Simulating


@dataclass(frozen=True, slots=True)
class Question:
    """Either `users` to plan for or a `budget` in USD a month; the rest as in `Request`."""

    users: float | None
    budget: float | None
    start: date
    providers: tuple[str, ...] = ()
    seed: int = 1
    indices: bool = False


class Answer(BaseModel):
    """A plan; of a budget, for the users it carries with all assumptions in the middle."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    afforded: Afforded | None
    plan: PlanResult


def answer(
    question: Question,
    model: DemandModel,
    settings: Iterable[str],
    catalogues: Sequence[Catalogue],
    ledger: Mapping[str, Any] | None = None,
    simulating: Simulating | None = None,
) -> Answer:
    """The answer to `question`, with simulated tails where `simulating` is given.

    Raises `UsageError` in one line for what cannot be planned.
    """
    given = assumed(model, settings, ledger)
    carried, users, draws = None, question.users, DRAWS
    if question.budget is not None:
        carried = afforded(given, question.budget, catalogues, question.providers, question.seed)
        # the same draws, so that the plan is the one that was afforded
        users, draws = carried.middle, BUDGET_DRAWS
    request = Request(
        users=users or 0.0,
        start=question.start,
        providers=question.providers,
        draws=draws,
        seed=question.seed,
        indices=question.indices,
    )
    return Answer(afforded=carried, plan=make_plan(given, request, catalogues, simulating))
