"""Drills as data, and how a run of one is judged: what failed, how long, what was lost."""

from collections import Counter

import pandas as pd
import pytest

from capacity import drill as plans
from capacity.errors import UsageError
from capacity.ledger import balance
from capacity.run import Drilled, Event, Ledger, Run, Trouble
from capacity.spool import Written
from capacity.targets import Target
from capacity.validity import unfinished
from capacity.verdicts import ExitCode, Outcome, exit_code, worst
from tests.capacity.cases import run_of, target, verdict

CLEAN = Ledger(acknowledged=100, refused=2, unanswered=1, kept=1, lost=[], doubled=[])
EVENTS = [
    Event(at_s=12.4, kind="break", text="gone"),
    Event(at_s=20.5, kind="repair", text="back"),
]
LOST = {"metric": "ledger", "statistic": "lost", "op": "<=", "limit": 0, "unit": "writes"}
HEALS = {"metric": "recovery", "statistic": "after_repair", "op": "<=", "limit": 5, "unit": "s"}
GETS = {
    "metric": "failed_requests",
    "statistic": "gets",
    "op": "<=",
    "limit": 0,
    "unit": "requests",
}


def drilled(
    *trouble: tuple[int, str], ledger: Ledger | None = CLEAN, events: list[Event] = EVENTS
) -> Run:
    """A run of 500 GETs with these failures, by second and sort."""
    failures = [
        Trouble.model_validate({"second": second, "sort": sort, "kind": "http 503", "count": 3})
        for second, sort in trouble
    ]
    found = Drilled(name="pod-kill", events=events, trouble=failures, ledger=ledger)
    return run_of({10.0: 500}).model_copy(update={"drill": found})


def by_second(fails_from: int = 40) -> pd.DataFrame:
    """40 s with reads and writes, all of which fail from a second on."""
    seconds = range(40)
    columns = {}
    for sort in ("get", "write"):
        columns[f"load.{sort}s"] = [5.0] * 40
        columns[f"load.{sort}_failures"] = [5.0 if s >= fails_from else 0.0 for s in seconds]
    return pd.DataFrame(columns, index=pd.Index(seconds, name="second"))


def written(key: str, status: int) -> Written:
    return Written("one", key, 1.0, 0.1, status)


def test_every_acknowledged_write_must_be_there_once() -> None:
    told = [written("a", 201), written("b", 201), written("c", 201)]
    found = balance(told, Counter({"a": 1, "c": 2, "of another run": 2}))
    assert found == Ledger(
        acknowledged=3, refused=0, unanswered=0, kept=0, lost=["b"], doubled=["c"]
    )


def test_a_write_nobody_acknowledged_may_be_there_or_not_but_not_twice() -> None:
    told = [written("a", 503), written("b", 0), written("c", 502), written("d", 0)]
    found = balance(told, Counter({"b": 1, "c": 1, "d": 2}))
    assert found == Ledger(acknowledged=0, refused=2, unanswered=2, kept=3, lost=[], doubled=["d"])


def test_a_lost_write_misses_the_promise() -> None:
    lossy = CLEAN.model_copy(update={"lost": ["b"]})
    assert verdict(drilled(), target(**LOST)).outcome is Outcome.MET
    found = verdict(drilled(ledger=lossy), target(**LOST))
    assert (found.outcome, found.value) == (Outcome.NOT_MET, 1)
    assert exit_code(drilled(ledger=lossy), [found]) == ExitCode.SLO_FAILED


@pytest.mark.parametrize(
    "run",
    [
        drilled(ledger=None),
        drilled(ledger=CLEAN.model_copy(update={"acknowledged": 0})),
        run_of({10.0: 5}),
    ],
    ids=["never looked", "nothing written", "no drill"],
)
def test_a_ledger_that_shows_nothing_is_no_pass(run: Run) -> None:
    found = verdict(run, target(**LOST))
    assert found.outcome is Outcome.NOT_MEASURED
    assert exit_code(run, [found]) == ExitCode.INVALID


def test_one_failed_get_is_one_too_many() -> None:
    run = run_of({10.0: 500}, failures=1)
    assert verdict(run_of({10.0: 500}), target(**GETS)).outcome is Outcome.MET
    assert verdict(run, target(**GETS)).outcome is Outcome.NOT_MET
    # there were none of these, which is not the same as none failed
    writes = target(**{**GETS, "statistic": "writes"})
    assert verdict(run, writes).outcome is Outcome.NOT_MEASURED


@pytest.mark.parametrize(
    ("last", "outcome", "value"),
    [(19, Outcome.MET, 0.0), (24, Outcome.MET, 4.5), (25, Outcome.NOT_MET, 5.5)],
)
def test_healing_counts_from_the_repair_to_the_end_of_the_last_failure(
    last: int, outcome: Outcome, value: float
) -> None:
    run = drilled((14, "get"), (last, "write"))
    found = verdict(run, target(**HEALS), by_second())
    assert (found.outcome, found.value) == (outcome, value)


def test_what_failed_before_the_break_is_not_the_drills() -> None:
    found = verdict(drilled((3, "get")), target(**HEALS), by_second())
    assert (found.value, found.reason) == (0, "nothing failed after the break")


def test_what_never_works_again_has_not_healed() -> None:
    found = verdict(drilled((22, "write")), target(**HEALS), by_second(fails_from=22))
    assert found.outcome is Outcome.NOT_MET
    assert "to the end" in found.reason


def test_what_was_never_mended_cannot_be_judged_healed() -> None:
    run = drilled((14, "get"), events=EVENTS[:1])
    assert verdict(run, target(**HEALS), by_second()).outcome is Outcome.NOT_MEASURED


def test_a_load_that_ended_before_the_repair_shows_nothing() -> None:
    assert unfinished(EVENTS, 30.0) == []
    assert [one.reason for one in unfinished(EVENTS, 20.0)] == ["drill-unfinished"]
    assert [one.reason for one in unfinished([], 20.0)] == ["drill-unfinished"]


@pytest.mark.parametrize(
    ("codes", "code"), [([0, 0], 0), ([0, 5], 5), ([5, 3, 0], 3), ([3, 6, 5], 6), ([], 0)]
)
def test_of_several_drills_the_worst_decides(codes: list[int], code: int) -> None:
    assert worst(codes) == code


def test_every_drill_gates_on_its_ledger() -> None:
    for one in plans.drills():
        gates = [each.id for each in plans.promises(one) if each.gate]
        assert {"nothing-lost", "nothing-doubled"} <= set(gates), one.name


def test_the_issue_s_promises_are_the_drills() -> None:
    for name in ("pod-kill", "rolling-restart", "replica-loss", "redis-loss", "nginx-reload"):
        assert {"no-get-fails", "nothing-lost"} <= set(plans.drill(name).promised)
    assert {"no-get-fails", "heals", "nothing-lost"} <= set(plans.drill("primary-restart").promised)


def test_promises_come_before_what_only_informs() -> None:
    found: list[Target] = plans.promises(plans.drill("pod-kill"))
    assert [one.gate for one in found] == sorted((one.gate for one in found), reverse=True)


def test_a_mistyped_drill_is_told_the_nearest() -> None:
    with pytest.raises(UsageError, match='did you mean "pod-kill"'):
        plans.drill("pod-kil")


def sockets(by_second: dict[int, float]) -> pd.DataFrame:
    """40 s of two pods with these sockets each from the given seconds on."""
    half = pd.Series(by_second, dtype=float).reindex(range(40)).ffill() / 2
    frame = pd.DataFrame({"pod.backend-1.sockets": half, "pod.backend-2.sockets": half})
    frame.index.name = "second"
    return frame


@pytest.mark.parametrize(
    ("by_second", "back"),
    [
        ({0: 80, 12: 0, 20: 40, 30: 80}, 100.0),
        # cut within the second before, and at the very end some have left
        ({0: 80, 11: 60, 12: 0, 30: 76, 39: 10}, 95.0),
        ({0: 80, 12: 0, 30: 40}, 50.0),
    ],
)
def test_sockets_are_back_when_as_many_are_open_again(
    by_second: dict[int, float], back: float
) -> None:
    wanted = target(metric="sockets", statistic="back", op=">=", limit=90, unit="%")
    found = verdict(drilled(), wanted, sockets(by_second))
    assert found.value == pytest.approx(back)
    assert found.outcome is (Outcome.MET if back >= 90 else Outcome.NOT_MET)


def test_without_a_socket_none_came_back() -> None:
    wanted = target(metric="sockets", statistic="back", op=">=", limit=90, unit="%")
    assert verdict(drilled(), wanted, sockets({0: 0})).outcome is Outcome.NOT_MEASURED


@pytest.mark.parametrize(
    ("checks", "outcome"),
    [
        ({"all there": True, "none more": True}, Outcome.MET),
        ({"all there": True, "none more": False}, Outcome.NOT_MET),
        ({}, Outcome.NOT_MEASURED),
    ],
)
def test_what_a_drill_looks_at_besides_must_hold(checks: dict[str, bool], outcome: Outcome) -> None:
    run = drilled()
    assert run.drill is not None
    run = run.model_copy(update={"drill": run.drill.model_copy(update={"checks": checks})})
    wanted = target(metric="checks", statistic="failed", op="<=", limit=0, unit="checks")
    found = verdict(run, wanted)
    assert found.outcome is outcome
    if outcome is Outcome.NOT_MET:
        assert found.reason == "does not hold: none more"


# As the task of the drills words them.
PROMISED = {
    "no-get-fails": ("pod-kill", "rolling-restart", "replica-loss", "redis-loss", "nginx-reload"),
    "heals": ("primary-restart",),
}


@pytest.mark.parametrize("promise", PROMISED)
def test_what_is_promised_of_these_decides_their_exit_code(promise: str) -> None:
    for name in PROMISED[promise]:
        gates = {each.id: each for each in plans.promises(plans.drill(name)) if each.gate}
        assert promise in gates, name
        assert gates[promise].limit == {"no-get-fails": 0, "heals": 5}[promise]
