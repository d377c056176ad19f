"""A plan with all that its pages are made from, so that they can be told again later."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from capacity.cost.catalogue import Catalogue
from capacity.demands import DemandModel
from capacity.plan.asking import Answer
from capacity.plan.assumed import Assumed
from capacity.plan.budget import Afforded, next_step
from capacity.plan.shapes import PlanResult
from capacity.plan.tail_grid import Simulating
from capacity.plan.what_if import WhatIf, what_if


class Kept(BaseModel):
    """What `hmb plan` keeps: an answer, the model it rests on, its sliders' constants, and the
    next step of its bill in words."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    afforded: Afforded | None
    plan: PlanResult
    model: DemandModel
    what_if: WhatIf
    next_step: str


def keep(
    found: Answer,
    given: Assumed,
    catalogues: Sequence[Catalogue],
    providers: Sequence[str],
    simulating: Simulating,
) -> Kept:
    """The answer with what its pages need, under the assumptions it was given.

    `simulating` answers for the tails that the sliders show.
    """
    return Kept(
        afforded=found.afforded,
        plan=found.plan,
        model=given.model,
        what_if=what_if(given, found.plan, catalogues, providers, simulating),
        next_step=next_step(given, found.plan.users, catalogues, providers),
    )


def kept_of(document: object) -> Kept | None:
    """The kept plan in a JSON document; None for one that tells figures alone.

    Raises `ValueError`, in one line, for one that another version kept.
    """
    if not isinstance(document, Mapping) or "what_if" not in document:
        return None
    try:
        return Kept.model_validate(dict[str, Any](document))
    except ValidationError as error:
        place = ".".join(str(part) for part in error.errors(include_url=False)[0]["loc"])
        raise ValueError(f"{place} is not as this hmb writes it: hmb plan makes it anew") from error
