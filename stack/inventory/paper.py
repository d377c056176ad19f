"""Facts of what is written: the documents, and the checklist's steps and phases."""

import re
from pathlib import Path

from capacity.audit.facts import Fact

_DOCS = "docs"
_CHECKLIST = "DEPLOYMENT_CHECKLIST_1M_SCALE"
_STEP = re.compile(r"^\s*(?:[-*]|\d+\.) \[[ xX]\] ", re.M)
_PHASE = re.compile(r"^#+\s*(?:\d+\.?\s*)?Phase\s+\d+[:.\s-]*(.*)$", re.M | re.I)
_WEEK = re.compile(r"\bweek (\d+)\b", re.I)
_TITLES = (
    *("infrastructure", "monetization", "security", "monitoring", "testing", "launch", "go live"),
)


def facts(home: Path) -> dict[str, Fact]:
    """Which documents there are, and what the checklist holds."""
    documents = sorted((home / _DOCS).rglob("*.md"))
    checklist = next((one for one in documents if one.stem == _CHECKLIST), None)
    words = checklist.read_text(encoding="utf-8") if checklist else ""
    phases = [one.strip().lower() for one in _PHASE.findall(words)]
    titles = [title for title in _TITLES if any(title in phase for phase in phases)]
    where = str(checklist.relative_to(home)) if checklist else f"{_DOCS}/{_CHECKLIST}.md"
    there = checklist is not None
    return {
        "docs.names": Fact(tuple(dict.fromkeys(one.stem for one in documents)), _DOCS),
        "checklist.steps": Fact(len(_STEP.findall(words)) if there else None, where),
        "checklist.phases": Fact(len(phases) if there else None, where),
        "checklist.titles": Fact(tuple(titles) if there else None, where),
        "checklist.weeks": Fact(len(set(_WEEK.findall(words))) if there else None, where),
    }
