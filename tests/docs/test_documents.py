"""The four documents are what the data say; figures carry their evidence."""

from dataclasses import replace
from pathlib import Path

import pytest

from capacity.audit.audit import Looked, audit
from capacity.audit.blueprint import read_blueprint
from cli.documents import made
from reports import papers
from stack.inventory import gather
from stack.inventory.paper import facts

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("path", sorted(made()))
def test_a_document_is_what_the_data_say(path: str) -> None:
    assert (CHECKOUT / path).read_text(encoding="utf-8") == made()[path], "run hmb documents"


def test_the_documents_have_the_names_of_the_blueprint() -> None:
    wanted = {"document-blueprint", "document-monetization", "document-scaling"}
    found = audit(read_blueprint(), Looked([], gather(CHECKOUT), None))
    for claim in (*wanted, "document-checklist", "checklist-steps"):
        assert found.of(claim).fair.outcome.words == "met", claim


def test_the_inventory_counts_the_checklist() -> None:
    found = facts(CHECKOUT)
    assert found["checklist.phases"].value == 7
    assert found["checklist.weeks"].value == 4


def test_what_needs_a_run_says_that_it_was_not_measured() -> None:
    text = made()["docs/SCALE_TO_1M_USERS_BLUEPRINT.md"]
    (row,) = [line for line in text.splitlines() if line.startswith("| Half of all requests")]
    assert row.split(" | ")[2:5] == ["—", "none", "not measured"]


def test_a_claim_that_is_not_there_stops_the_making() -> None:
    found = audit(read_blueprint(), Looked([], None, None))
    with pytest.raises(KeyError):
        papers.documents(replace(found, rows=found.rows[:1]))
