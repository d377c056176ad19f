"""A probe of a tier alone: its rate, what a vCPU comes to, and what a claim may make of it."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from capacity.audit.audit import Audited, Looked, audit
from capacity.audit.blueprint import read_blueprint
from capacity.errors import HmbError
from capacity.tier_probe import Figure, Round, TierProbe
from capacity.verdicts import Outcome
from cli.probing import FOLDER, read_probes
from tests.reports.sample import sample_run

RATES = (11_900, 12_000, 12_100, 12_050, 11_950, 12_000)


def _probe(times: float = 1.0, *, failures: int = 0, figure: str = "requests") -> TierProbe:
    rounds = tuple(
        Round(operations=int(2 * rate), per_second=rate * times, failures=failures, cpu_s=1.0)
        for rate in RATES
    )
    found = Figure(name=figure, what="requests", unit="req/s", command="wrk", rounds=rounds)
    return TierProbe(
        id="lb-rps-1",
        name="lb-rps",
        started_at=datetime(2026, 11, 1, tzinfo=UTC),
        where=sample_run().where,
        figures=(found,),
    )


def _row(*probes: TierProbe) -> Audited:
    return audit(read_blueprint(), Looked(probes=probes)).of("lb-rps")


def test_a_rate_wholly_above_the_limit_meets_the_claim() -> None:
    row = _row(_probe())
    assert row.fair.outcome is Outcome.MET
    assert row.fair.value == pytest.approx(12_000)
    assert row.fair.source == "lb-rps-1"
    # 24,000 operations in a second of the tier's CPU
    assert "24,000 req/s of one vCPU" in row.fair.reason


def test_a_rate_below_is_a_floor_and_refutes_nothing() -> None:
    row = _row(_probe(0.5))
    assert row.fair.outcome is Outcome.INCONCLUSIVE
    assert "a floor" in row.fair.reason


@pytest.mark.parametrize(
    ("probes", "why"),
    [
        ([], "hmb probe lb-rps"),
        ([_probe(failures=1)], "6 operations of probe lb-rps-1 failed"),
        ([_probe(figure="other")], "no figure requests"),
    ],
)
def test_without_a_sound_figure_it_is_not_measured(probes: list[TierProbe], why: str) -> None:
    row = _row(*probes)
    assert row.fair.outcome is Outcome.NOT_MEASURED
    assert why in row.fair.reason


def test_a_tier_that_used_no_cpu_says_nothing_of_a_vcpu() -> None:
    idle = Round(operations=0, per_second=0.0, cpu_s=0.0)
    assert Figure(name="a", what="b", unit="c", command="d", rounds=(idle,)).per_vcpu is None


def test_what_was_kept_is_read_again_and_what_is_no_probe_is_named(tmp_path: Path) -> None:
    folder = tmp_path / FOLDER
    folder.mkdir()
    assert read_probes(tmp_path) == []
    (folder / "lb-rps.json").write_text(_probe().model_dump_json(), encoding="utf-8")
    assert read_probes(tmp_path) == [_probe()]
    (folder / "redis-ops.json").write_text("{}", encoding="utf-8")
    with pytest.raises(HmbError, match=r"redis-ops\.json is no probe's record"):
        read_probes(tmp_path)


def test_a_probe_of_a_claim_without_a_floor_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "theirs.toml"
    path.write_text(
        '[[claim]]\nid = "x"\ntext = "y"\nvalue = "z"\nnot_measured = "w"\n'
        'probe = { name = "lb-rps", figure = "requests" }\n',
        encoding="utf-8",
    )
    with pytest.raises(HmbError, match="a probe needs an op"):
        read_blueprint(path)
