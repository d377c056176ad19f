"""The checklist as its document, and what a preflight found as Markdown."""

from collections.abc import Iterable

from capacity import figures
from capacity.checklist.steps import Phase

DOCUMENT = "docs/DEPLOYMENT_CHECKLIST_1M_SCALE.md"
COMMAND = "hmb documents"


def document(phases: Iterable[Phase]) -> str:
    """The whole checklist, a section per phase."""
    told = list(phases)
    steps = [step for phase in told for step in phase.steps]
    checked = sum(step.check is not None for step in steps)
    days = sum(step.days for step in steps)
    lines = [
        "# Deployment checklist for a million users",
        "",
        f"{len(steps)} steps in {len(told)} phases; {checked} of them `hmb preflight` checks, "
        f"{len(steps) - checked} a person ticks with `hmb preflight --done ID`. "
        f"The days add up to {_days(days)} of work and are assumed, not measured.",
        "",
        f"Made by `{COMMAND}` from `capacity/checklist/`; a test fails when the two disagree.",
    ]
    for number, phase in enumerate(told, start=1):
        total = sum(step.days for step in phase.steps)
        lines += [
            "",
            f"## Phase {number}: {phase.title}",
            "",
            f"{phase.week}; {len(phase.steps)} steps, {_days(total)} (assumed).",
            "",
        ]
        lines += [
            f"- [ ] {one.do} (`{one.id}`). {one.why}. "
            f"{one.owner.capitalize()}, {_days(one.days)}. Checked: {one.checked}."
            for one in phase.steps
        ]
    return "\n".join(lines) + "\n"


def _days(amount: float) -> str:
    return f"{figures.exact(amount)} {'day' if amount == 1 else 'days'}"


def findings(rows: Iterable[tuple[str, str, str, str]], tally: str) -> str:
    """What a preflight found (state, step, do, note) as Markdown."""
    lines = ["# Preflight", "", tally, "", "| state | step | do | seen |", "|---|---|---|---|"]
    lines += [_row(*row) for row in rows]
    return "\n".join(lines) + "\n"


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"
