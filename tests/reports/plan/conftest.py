"""The pages of a plan, and the same with hostile names."""

from pathlib import Path

import pytest

from capacity.plan.assumed import assumed
from reports.audit.render import write_reports
from tests.reports.plan.planned import as_kept, hostile, model, the_audit


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plans")
    write_reports(folder / "ours", the_audit(), as_kept(assumed(model())))
    write_reports(folder / "hostile", the_audit(), hostile())
    return folder
