"""A machine that others used too: said where the figures are read."""

import pandas as pd
import pytest

from capacity.observation import OTHERS_SHARE
from reports.digest import Digest
from reports.render import html, markdown
from tests.reports.sample import sample_run, sample_timeline


def busy(others: float) -> pd.DataFrame:
    """The sample's timeline with this many cores used by programs outside the test."""
    timeline = sample_timeline(sample_run())
    ours = [name for name in timeline if name.startswith("service.") and name.endswith(".cpu")]
    timeline["machine.cpu"] = timeline[[*ours, "generator.cpu_total"]].sum(axis=1) + others
    return timeline


def test_others_on_the_machine_are_named_with_their_share() -> None:
    run, timeline = sample_run(), busy(0.8)
    assert "used 0.800 of 2 cores" in Digest(run, timeline, []).disturbed
    assert "Programs outside this test" in html(run, timeline, [])
    assert "**Disturbed**" in markdown(run, timeline, [])


@pytest.mark.parametrize("others", [0.0, 0.9 * OTHERS_SHARE * 2])
def test_a_little_is_nothing_to_speak_of(others: float) -> None:
    run, timeline = sample_run(), busy(others)
    assert Digest(run, timeline, []).disturbed == ""
    assert "Disturbed" not in html(run, timeline, [])


def test_what_cannot_be_seen_is_not_claimed() -> None:
    run = sample_run()
    timeline = busy(0.8).drop(columns="machine.cpu")
    assert Digest(run, timeline, []).disturbed == ""
