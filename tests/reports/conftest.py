"""A real browser for the reports, and reports to look at."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from capacity.run import Invalidity, Run, Status
from capacity.slo import blueprint_targets
from capacity.verdicts import judge
from reports.render import write_report
from tests.reports.sample import ENDPOINTS, sample_run, sample_timeline

if TYPE_CHECKING:
    from playwright.sync_api import Browser

HOSTILE = "<script>document.title='owned'</script>&\"'<img src=x onerror=alert(1)>"


def hostile_run() -> Run:
    """A run whose names try to break out of wherever they are put."""
    run = sample_run(
        failures=400, endpoints=[("GET", HOSTILE, 0.5, 8.0, 0.5), *ENDPOINTS], own_system=False
    )
    what = run.what.model_copy(update={"scenario": HOSTILE, "host": HOSTILE, "slo_file": HOSTILE})
    stats = [one.model_copy(update={"errors": {HOSTILE: one.failures}}) for one in run.endpoints]
    bad = Invalidity(reason="metric-missing", detail=HOSTILE)
    return run.model_copy(update={"what": what, "endpoints": stats, "invalid": [bad]})


RUNS = {
    "good": sample_run,
    "bad": lambda: sample_run(slowness=9, failures=60),
    "foreign": lambda: sample_run(own_system=False),
    "invalid": lambda: sample_run(
        invalid=[Invalidity(reason="generator-saturated", detail="generator 1 used 97 % of a core")]
    ),
    "interrupted": lambda: sample_run(status=Status.INTERRUPTED),
    "hostile": hostile_run,
}


@pytest.fixture(scope="session")
def reports_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the report of every run of `RUNS` as `<name>/report.html`."""
    folder = tmp_path_factory.mktemp("reports")
    for name, make in RUNS.items():
        run = make()
        timeline = sample_timeline(run)
        (folder / name).mkdir()
        write_report(folder / name, run, timeline, judge(run, timeline, blueprint_targets()))
    return folder


@pytest.fixture(scope="module")  # while Playwright runs, no other event loop can
def chromium() -> "Iterator[Browser]":
    """Headless Chromium as installed on the machine."""
    executable = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
    if executable is None:
        pytest.skip("no Chromium on this machine: make servers installs it")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield browser
        browser.close()
