"""The open load models: when their arrivals are due."""

from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from capacity.load_model import Piece, Stage
from capacity.load_words import brief, full
from scenarios.arrivals.constant import Constant
from scenarios.arrivals.curve import due_times
from scenarios.arrivals.day import Day
from scenarios.arrivals.kinds import planned
from scenarios.arrivals.model import OpenModel
from scenarios.arrivals.ramp import Ramp
from scenarios.arrivals.replay import Replay, ReplayError, read_replay
from scenarios.arrivals.soak import Soak
from scenarios.arrivals.spike import Spike
from scenarios.arrivals.stages import Level, Stages


def pieces(stages: tuple[Stage, ...]) -> list[Piece]:
    return [piece for stage in stages for piece in stage.pieces]


def due(
    model: OpenModel, duration_s: float = 60.0, seed: int = 1
) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    return np.array(list(due_times(pieces(model.stages(duration_s)), model.spacing, Random(seed))))


def test_even_arrivals_come_as_a_metronome() -> None:
    found = due(Constant(rate=20, spacing="even"), 10)
    assert len(found) == 200
    assert np.diff(found) == pytest.approx(np.full(199, 0.05))
    assert found[0] == pytest.approx(0.025)


def test_poisson_arrivals_are_independent() -> None:
    found = due(Constant(rate=100), 400)
    gaps = np.diff(found)
    # an exponential's mean is its standard deviation; five standard errors of 40,000 gaps
    assert gaps.mean() == pytest.approx(0.01, rel=0.025)
    assert gaps.std() / gaps.mean() == pytest.approx(1, abs=0.05)
    # and one gap says nothing of the next
    assert abs(np.corrcoef(gaps[1:], gaps[:-1])[0, 1]) < 0.025


def test_the_same_seed_gives_the_same_arrivals() -> None:
    model = Constant(rate=30)
    assert due(model, seed=3).tolist() == due(model, seed=3).tolist()
    assert due(model, seed=3).tolist() != due(model, seed=4).tolist()


@given(
    st.lists(
        st.builds(
            Piece,
            seconds=st.floats(0.1, 10),
            start=st.floats(0, 20),
            end=st.floats(0, 20),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_even_arrivals_follow_any_curve(curve: list[Piece]) -> None:
    found = list(due_times(curve, "even", Random(1)))
    whole = sum(piece.arrivals for piece in curve)
    assert len(found) == pytest.approx(whole, abs=0.5 + 1e-6)
    assert found == sorted(found)
    assert all(0 <= at <= sum(piece.seconds for piece in curve) + 1e-9 for at in found)
    # the n-th stands where the curve's integral is n - 1/2
    began_s = reached = 0.0
    for piece in curve:
        for number, at in enumerate(found):
            into = at - began_s
            if 0 <= into <= piece.seconds and reached <= number + 0.5 < reached + piece.arrivals:
                slope = (piece.end - piece.start) / piece.seconds
                integral = reached + piece.start * into + slope * into**2 / 2
                assert integral == pytest.approx(number + 0.5, abs=1e-5)
        began_s, reached = began_s + piece.seconds, reached + piece.arrivals


def test_a_ramp_rises_evenly() -> None:
    counts, _ = np.histogram(due(Ramp(rate=0, to=100, spacing="even"), 10), 10, (0, 10))
    assert counts == pytest.approx([5, 15, 25, 35, 45, 55, 65, 75, 85, 95], abs=1)


def test_stages_are_steps_of_their_own() -> None:
    model = Stages(levels=(Level(rate=10, seconds=20), Level(rate=40, seconds=5)))
    assert model.lasts_s == 25
    found = model.stages(25)
    assert [(stage.name, stage.seconds, stage.arrivals) for stage in found] == [
        ("1: 10/s", 20, 200),
        ("2: 40/s", 5, 200),
    ]


def test_a_spike_is_sudden_and_ends() -> None:
    found = Spike(rate=10, peak=90, peak_share=0.2).stages(100)
    assert [(stage.name, stage.seconds) for stage in found] == [
        ("before", 40),
        ("spike", 20),
        ("after", 40),
    ]
    assert [stage.arrivals for stage in found] == [400, 1800, 400]


def test_a_soak_is_one_rate_in_equal_parts() -> None:
    found = Soak(rate=7, parts=4).stages(3600)
    assert {stage.arrivals for stage in found} == {7 * 900}
    assert len({stage.name for stage in found}) == 4


def test_a_day_is_compressed_whole() -> None:
    hours = tuple(float(hour) for hour in range(24))
    found = Day(peak=46, hours=hours).stages(240)
    assert sum(stage.seconds for stage in found) == pytest.approx(240)
    assert [stage.name for stage in found] == ["night", "morning", "afternoon", "evening"]
    rates = [piece.start for piece in pieces(found)]
    assert rates == pytest.approx([2 * hour for hour in hours])
    # the last hour leads back to midnight
    assert pieces(found)[-1].end == 0
    with pytest.raises(ValidationError, match="24 weights"):
        Day(peak=1, hours=(1.0, 2.0))


def test_a_replay_repeats_every_second(tmp_path: Path) -> None:
    file = tmp_path / "arrivals.csv"
    file.write_text("second,arrivals\n0,3\n1,3\n\n4,7\n")
    model = read_replay(file)
    counts, _ = np.histogram(due(model), 5, (0, 5))
    assert counts.tolist() == [3, 3, 0, 0, 7]
    assert model.lasts_s == 5
    assert [piece.seconds for piece in pieces(model.stages(5))] == [2, 2, 1]
    load = planned(model, 9, 5)
    assert (load.source, load.peak_rate, load.offered_rate) == (str(file), 7, 13 / 5)
    assert full(load) == (
        f"open (replay), 0 to 7 arrivals/s, evenly spaced, of 9 people, from {file}"
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "the first line must be second,arrivals"),
        ("time,count\n0,1\n", "the first line must be second,arrivals"),
        ("second,arrivals\n", "holds no arrival"),
        ("second,arrivals\n0,0\n", "holds no arrival"),
        ("second,arrivals\n0,many\n", "line 2: write a whole second"),
        ("second,arrivals\n0,1\n2\n", "line 3: write a whole second"),
        ("second,arrivals\n3,1\n2,1\n", "line 3: seconds rise"),
        ("second,arrivals\n86400,1\n", "line 2: seconds rise, from 0 to 86399"),
        ("second,arrivals\n0,-1\n", "line 2: arrivals are from 0"),
        ("second,arrivals\n0,nan\n", "line 2: arrivals are from 0"),
    ],
)
def test_a_file_that_is_no_replay_says_where(tmp_path: Path, text: str, problem: str) -> None:
    file = tmp_path / "arrivals.csv"
    file.write_text(text)
    with pytest.raises(ReplayError, match=problem) as caught:
        read_replay(file)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 2


def test_a_replay_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ReplayError, match="No such file"):
        read_replay(tmp_path / "absent.csv")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    with pytest.raises(ReplayError, match="not CSV"):
        read_replay(tmp_path / "binary")


def test_loads_are_told_in_words() -> None:
    assert brief(planned(Constant(rate=120), 9, 1)) == "120 arrivals/s"
    assert brief(planned(Ramp(rate=200, to=50), 9, 1)) == "200 to 50 arrivals/s"
    assert brief(planned(Replay(arrivals=(5.0,), file="x"), 9, 1)) == "5 arrivals/s"
