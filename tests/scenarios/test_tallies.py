"""Requests added up a batch at a time: whenever that happens, nothing is lost or counted twice."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capacity.run import Phase
from capacity.spool import PlannedStep
from scenarios.tallies import REFUSED, Heard, Place, Tallies, Tally

STEPS = (
    PlannedStep("warmup", Phase.WARMUP, 0.0, 2.0),
    PlannedStep("measured", Phase.MEASURED, 2.0, 9.0),
)
EPOCH = 1_700_000_000.0


@dataclass
class Expected:
    """What one endpoint comes to, counted request by request."""

    requests: int = 0
    refusals: int = 0
    received: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    raw: list[int] = field(default_factory=list)
    corrected: list[int] = field(default_factory=list)
    failed: list[int] = field(default_factory=list)


def counted(requests: Iterable[Heard]) -> dict[Place, Expected]:
    found: defaultdict[Place, Expected] = defaultdict(Expected)
    for method, name, intended, sent, took_us, length, status, failure in requests:
        one = found["warmup" if intended - EPOCH < 2 else "measured", method, name]
        one.requests += 1
        one.received += length or 0
        if status == REFUSED:
            one.refusals += 1
        elif failure is not None:
            one.errors[failure] += 1
            one.failed += [] if took_us is None else [took_us]
        elif took_us is not None:
            one.raw.append(took_us)
            one.corrected.append(took_us + max(0, int((sent - intended) * 1_000_000)))
    return dict(found)


def as_expected(tallies: dict[Place, Tally]) -> dict[Place, Expected]:
    for one in tallies.values():
        assert one.failures == sum(one.errors.values())
    return {
        place: Expected(
            one.requests,
            one.refusals,
            one.bytes,
            Counter(one.errors),
            one.raw,
            one.raw if one.corrected is None else one.corrected,
            one.failed,
        )
        for place, one in tallies.items()
    }


@st.composite
def requests(draw: st.DrawFn) -> Heard:
    intended = EPOCH + draw(st.sampled_from([0.0, 1.0, 1.999, 2.0, 2.5]))
    return (
        draw(st.sampled_from(["GET", "POST"])),
        draw(st.sampled_from(["/a", "/b"])),
        intended,
        intended + draw(st.sampled_from([0.0, 0.0, 0.125, -0.125])),
        draw(st.none() | st.integers(1, 10**7)),
        draw(st.none() | st.integers(0, 1000)),
        draw(st.sampled_from([0, 200, REFUSED])),
        draw(st.none() | st.sampled_from(["timeout", "http 500"])),
    )


@given(st.lists(st.tuples(requests(), st.sampled_from(["", "", "fold", "take"]))))
def test_when_it_is_added_up_does_not_matter(told: list[tuple[Heard, str]]) -> None:
    tallies = Tallies(STEPS)
    tallies.epoch = EPOCH
    since: list[Heard] = []
    for one, then in [*told, *([(told[0][0], "take")] if told else [])]:
        tallies.heard.append(one)
        since.append(one)
        if then == "fold":
            tallies.fold()
        elif then == "take":
            found, late_us = tallies.take()
            assert as_expected(found) == counted(since)
            late = [sent - meant for _, _, meant, sent, took, _, _, _ in _successes(since) if took]
            assert late_us == max([0, *(int(one * 1e6) for one in late)])
            since = []
    assert tallies.take() == ({}, 0)


def _successes(heard: Iterable[Heard]) -> list[Heard]:
    return [one for one in heard if one[6] != REFUSED and one[7] is None]


def test_what_cannot_be_counted_keeps_nothing_else_out(caplog: pytest.LogCaptureFixture) -> None:
    tallies = Tallies(STEPS)
    tallies.epoch = EPOCH
    nonsense: Any = {"no": "name"}
    right: Heard = ("GET", "/a", EPOCH, EPOCH, 7, 1, 200, None)
    tallies.heard += [right, ("GET", nonsense, EPOCH, EPOCH, 7, 1, 200, None), right]
    found, _ = tallies.take()
    assert as_expected(found) == counted([right, right])
    assert "cannot be counted" in caplog.text


def test_messages_that_all_differ_do_not_fill_the_memory() -> None:
    tallies = Tallies(STEPS)
    tallies.epoch = EPOCH
    for number in range(80):
        tallies.heard.append(("GET", "/a", EPOCH, EPOCH, 7, 1, 500, f"message {number}"))
    found, _ = tallies.take()
    (tally,) = found.values()
    assert tally.failures == 80
    assert (len(tally.errors), tally.errors["other"]) == (51, 30)
