"""A plan of the made-up model, as its pages tell it."""

from datetime import date
from functools import cache

import pytest

from capacity.audit.audit import Audit, Looked, audit
from capacity.audit.blueprint import read_blueprint
from capacity.audit.plan_document import figures_of
from capacity.cost.catalogue import read_catalogues
from capacity.demands import DemandModel
from capacity.plan.asking import Answer, Question, answer
from capacity.plan.assumed import Assumed, assumed
from capacity.plan.kept import Kept, keep
from capacity.plan.tail_grid import GridJob, Points
from capacity.plan.what_if import what_if
from tests.plan.made_up import following
from tests.reports.conftest import HOSTILE

USERS = 300_000.0


def model() -> DemandModel:
    """The made-up model with waiting that is not what a queue alone would give.

    Its reads hit as often as the load makes them.
    """
    return following().model_copy(update={"wait_factor": 1.5})


@cache
def the_answer() -> Answer:
    question = Question(USERS, None, date(2026, 11, 28), indices=True)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("capacity.plan.asking.DRAWS", 200)
        return answer(question, model(), (), read_catalogues())


@cache
def simulated_points() -> tuple[GridJob, Points]:
    """The sliders' simulation: once for all tests, of few requests."""
    seen: list[tuple[GridJob, Points]] = []

    def simulating(job: GridJob) -> Points:
        seen.append((job, job.run()))
        return seen[0][1]

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("capacity.plan.tail_grid._REQUESTS", 300)
        patched.setattr("capacity.plan.tail_grid._PER_POD", 1)
        what_if(assumed(model()), the_answer().plan, read_catalogues(), (), simulating)
    return seen[0]


def as_kept(given: Assumed) -> Kept:
    return keep(the_answer(), given, read_catalogues(), (), lambda _: simulated_points()[1])


def the_audit() -> Audit:
    planned = figures_of(the_answer().model_dump(mode="json"))
    return audit(read_blueprint(), Looked(plan=planned))


def hostile() -> Kept:
    """The same with names that try to break out of wherever they are put."""
    told = as_kept(assumed(model()))
    first = told.model.classes[0].model_copy(update={"name": HOSTILE})
    mix = {HOSTILE if name == "cached read" else name: one for name, one in model().mix.items()}
    made = told.model.model_copy(
        update={"classes": (first, *told.model.classes[1:]), "mix": mix, "runs": (HOSTILE,)}
    )
    inputs = {HOSTILE: 1.0, "</script>": 1.0, **told.what_if.inputs}
    plan = told.plan.model_copy(update={"first": HOSTILE, "warnings": (HOSTILE,)})
    return told.model_copy(
        update={
            "model": made,
            "plan": plan,
            "next_step": HOSTILE,
            "what_if": told.what_if.model_copy(update={"inputs": inputs}),
        }
    )
