"""Everything the two pages of a plan are made from."""

from dataclasses import dataclass

from capacity.audit.audit import Audit
from capacity.demands import DemandModel
from capacity.plan.shapes import PlanResult
from capacity.plan.what_if import WhatIf


@dataclass(frozen=True, slots=True)
class Told:
    """A plan, the model it rests on, its sliders' constants, the next step of its bill, and the
    blueprint's claims judged with it."""

    plan: PlanResult
    model: DemandModel
    what_if: WhatIf
    next_step: str
    audit: Audit
