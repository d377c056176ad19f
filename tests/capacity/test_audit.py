"""The audit: each way of judging can come out either way, and the fairest reading goes first."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from capacity.audit.audit import Audit, Audited, Looked, audit
from capacity.audit.blueprint import Blueprint, read_blueprint
from capacity.audit.facts import Expectation, Fact
from capacity.audit.plan import PlanFigures
from capacity.audit.plan_document import figures_of
from capacity.audit.selection import Recorded, newest_of_each_load, unusable
from capacity.errors import UsageError
from capacity.evidence import Evidence, Span
from capacity.observation import Observation
from capacity.run import Drilled, Invalidity, Run, Status
from capacity.verdicts import Outcome
from tests.reports.sample import sample_run, sample_timeline

FACTS = {
    "server.workers": Fact(4, "server.conf"),
    "server.names": Fact(("a", "b"), "server.conf"),
    "app.there": Fact(True, "app.py"),
}


def _recorded(run: Run) -> Recorded:
    return Recorded(run, sample_timeline(run))


def _as(
    run: Run, *, name: str = "", scenario: str = "mixed", users: int = 0, later: int = 0
) -> Run:
    load = run.what.load.model_copy(update={"users": users or run.what.load.users})
    what = run.what.model_copy(update={"scenario": scenario, "load": load})
    started = run.started_at + timedelta(minutes=later)
    return run.model_copy(
        update={"id": name or f"{scenario}-{later}", "what": what, "started_at": started}
    )


GOOD, SLOW = sample_run(), sample_run(slowness=9)


def _theirs(folder: Path, claim: str, more: str = "") -> Blueprint:
    path = folder / "theirs.toml"
    text = f'[[claim]]\nid = "x"\ntext = "y"\nvalue = "z"\n{claim}\n{more}'
    path.write_text(text, encoding="utf-8")
    return read_blueprint(path)


def _only(found: Audit) -> Audited:
    (row,) = found.rows
    return row


def _judged(blueprint: Blueprint, *recorded: Run, **looked: object) -> Audited:
    given = Looked([_recorded(run) for run in recorded])
    return _only(audit(blueprint, replace(given, **looked)))  # type: ignore[arg-type]  # by name


LATENCY = """
metric = "latency"
statistic = "p95"
op = "<"
limit = 200
unit = "ms"
"""


def test_a_run_judges_and_the_literal_reading_stands_beside(tmp_path: Path) -> None:
    blueprint = _theirs(tmp_path, LATENCY, '[claim.literal]\nreading = "w"\nlimit = 1\n')
    good, slow = _judged(blueprint, GOOD), _judged(blueprint, SLOW)
    assert (good.fair.outcome, slow.fair.outcome) == (Outcome.MET, Outcome.NOT_MET)
    assert good.literal is not None
    assert good.literal.outcome is Outcome.NOT_MET
    assert good.fair.evidence is Evidence.MEASURED
    assert good.fair.source == GOOD.id
    assert "more strictly" not in good.fair.reason


def test_without_a_run_nothing_is_concluded(tmp_path: Path) -> None:
    row = _judged(_theirs(tmp_path, LATENCY))
    assert row.fair.outcome is Outcome.NOT_MEASURED
    assert "hmb loadtest makes one" in row.fair.reason


def test_the_named_scenario_counts_and_others_that_differ_are_named(tmp_path: Path) -> None:
    blueprint = _theirs(tmp_path, LATENCY)
    newer = _as(SLOW, scenario="search", later=5)
    row = _judged(blueprint, GOOD, newer)
    assert row.fair.outcome is Outcome.MET
    assert row.fair.source == GOOD.id
    assert "other runs say otherwise: search-5 not met" in row.fair.reason
    row = _judged(_theirs(tmp_path, LATENCY + 'scenarios = ["search"]'), GOOD, newer)
    assert row.fair.outcome is Outcome.NOT_MET


def test_of_one_scenario_the_newest_run_counts(tmp_path: Path) -> None:
    blueprint = _theirs(tmp_path, LATENCY)
    row = _judged(blueprint, GOOD, _as(SLOW, later=5))
    assert row.fair.outcome is Outcome.NOT_MET
    row = _judged(blueprint, SLOW, _as(GOOD, later=5))
    assert row.fair.outcome is Outcome.MET


def test_a_newer_light_load_does_not_stand_for_the_heavy_one(tmp_path: Path) -> None:
    blueprint = _theirs(tmp_path, LATENCY)
    light = _as(GOOD, users=200, later=5)
    row = _judged(blueprint, SLOW, light)
    assert (row.fair.outcome, row.fair.source) == (Outcome.NOT_MET, SLOW.id)


def test_people_go_before_a_newer_schedule(tmp_path: Path) -> None:
    later = _as(SLOW, later=5)
    load = later.what.load.model_copy(update={"kind": "constant"})
    level = later.model_copy(update={"what": later.what.model_copy(update={"load": load})})
    blueprint = _theirs(tmp_path, LATENCY)
    assert _judged(blueprint, GOOD, level).fair.source == GOOD.id
    assert _judged(blueprint, level).fair.outcome is Outcome.NOT_MET
    assert newest_of_each_load([GOOD, level]) == [level, GOOD]


def test_a_rate_is_met_by_any_run_that_reaches_it(tmp_path: Path) -> None:
    rate = 'metric = "throughput"\nstatistic = "total"\nop = ">="\nlimit = 120\nunit = "req/s"'
    calm = sample_run(rate=40)
    low = Recorded(calm, sample_timeline(calm) * 0.2)
    probe = _recorded(_as(GOOD, scenario="lb-rps", later=-5))
    blueprint = _theirs(tmp_path, rate)
    row = _only(audit(blueprint, Looked([low, probe])))
    assert row.fair.outcome is Outcome.MET
    assert row.fair.source == "lb-rps--5"
    alone = _only(audit(blueprint, Looked([low])))
    assert alone.fair.outcome is Outcome.NOT_MEASURED
    assert "offered 40.0 req/s" in alone.fair.reason


@pytest.mark.parametrize(
    ("run", "why"),
    [
        (sample_run(status=Status.INTERRUPTED), "did not end by itself"),
        (sample_run(invalid=[Invalidity(reason="metric-missing", detail="no CPU")]), "no CPU"),
        (sample_run(own_system=False), "a system hmb does not run"),
        (sample_run().model_copy(update={"drill": Drilled(name="d")}), "broken on purpose"),
    ],
)
def test_a_run_that_proves_nothing_is_left_out(run: Run, why: str) -> None:
    assert why in unusable(run)
    assert newest_of_each_load([run, GOOD]) == [GOOD]


def test_the_newest_of_every_load_is_chosen() -> None:
    runs = [_as(GOOD, later=1), _as(GOOD, later=3), _as(GOOD, users=100, later=2)]
    assert [run.id for run in newest_of_each_load(runs)] == ["mixed-3", "mixed-2"]


STEPS = "steps = [100, 1000]\n"
GATE = f'[[claim]]\nid = "g"\ntext = "y"\nvalue = "z"\n{LATENCY}gate = true\n'


@pytest.mark.parametrize(
    ("runs", "outcome", "words"),
    [
        ((_as(GOOD, users=100), _as(GOOD, users=1000)), Outcome.MET, "passed with 100 "),
        ((_as(GOOD, users=100),), Outcome.NOT_MEASURED, "no run with 1,000 users"),
        ((_as(GOOD, users=100), _as(SLOW, users=1000)), Outcome.NOT_MET, "did not pass with 1,000"),
        ((_as(SLOW, users=100),), Outcome.NOT_MET, "did not pass with 100"),
    ],
)
def test_steps_take_a_passing_run_of_each_load(
    tmp_path: Path, runs: Sequence[Run], outcome: Outcome, words: str
) -> None:
    section = '[section]\nname = "s"\ntitle = "S"\njudged_by_runs = true\n'
    blueprint = _theirs(tmp_path, STEPS, GATE + section)
    found = audit(blueprint, Looked([_recorded(run) for run in runs]))
    assert found.of("x").fair.outcome is outcome
    assert words in found.of("x").fair.reason


@pytest.mark.parametrize(
    ("times", "outcome"),
    [(2.0, Outcome.MET), (0.5, Outcome.NOT_MET), (1.0, Outcome.INCONCLUSIVE)],
)
def test_the_last_step_without_a_run_is_what_ten_pods_carry(
    tmp_path: Path, times: float, outcome: Outcome
) -> None:
    run = _as(GOOD, users=100)
    seen = Observation(run, sample_timeline(run))
    wanted = 10 * sum(one.requests for one in seen.endpoints()) / seen.seconds
    carried = Span(low=0.8 * times * wanted, mid=times * wanted, high=1.2 * times * wanted)
    plan = PlanFigures(users=1_000_000, requests_per_s_carried=carried)
    section = '[section]\nname = "s"\ntitle = "S"\njudged_by_runs = true\n'
    blueprint = _theirs(tmp_path, STEPS, GATE + section)
    found = audit(blueprint, Looked([_recorded(run)], plan=plan)).of("x").fair
    assert found.outcome is outcome
    assert found.evidence is Evidence.MODELLED
    assert "by the model 1,000 who ask as often" in found.reason
    # a run that did not pass is not made good by a plan
    slow = Looked([_recorded(_as(SLOW, users=100))], plan=plan)
    assert audit(blueprint, slow).of("x").fair.outcome is Outcome.NOT_MET


@pytest.mark.parametrize(
    ("expects", "outcome", "words"),
    [
        ('{ fact = "server.workers", equals = 4 }', Outcome.MET, "server workers: 4"),
        (
            '{ fact = "server.workers", equals = 5 }',
            Outcome.NOT_MET,
            "server workers is 4 where 5 is said (server.conf)",
        ),
        ('{ fact = "server.workers", least = 5 }', Outcome.NOT_MET, "at least 5 is said"),
        ('{ fact = "server.workers", most = 3 }', Outcome.NOT_MET, "at most 3 is said"),
        ('{ fact = "server.names", has = ["b"] }', Outcome.MET, "server names: b"),
        ('{ fact = "server.names", has = ["b", "c"] }', Outcome.NOT_MET, "c is not among"),
        ('{ fact = "server.names", lacks = ["c"] }', Outcome.MET, "without c"),
        ('{ fact = "server.names", lacks = ["a"] }', Outcome.NOT_MET, "a is among"),
        ('{ fact = "app.there", equals = true }', Outcome.MET, "there: yes"),
        ('{ fact = "app.gone", equals = 1 }', Outcome.NOT_MET, "there is no gone, where 1 is said"),
    ],
)
def test_facts_are_compared(tmp_path: Path, expects: str, outcome: Outcome, words: str) -> None:
    row = _judged(_theirs(tmp_path, f"expects = [{expects}]"), facts=FACTS)
    assert row.fair.outcome is outcome
    assert words in row.fair.reason
    unseen = _judged(_theirs(tmp_path, f"expects = [{expects}]"))
    assert unseen.fair.outcome is Outcome.NOT_MEASURED


def test_a_fact_nobody_looks_for_is_an_error_with_the_nearest(tmp_path: Path) -> None:
    blueprint = _theirs(tmp_path, 'expects = [{ fact = "server.wokers", equals = 4 }]')
    with pytest.raises(UsageError, match=r'"server.wokers": did you mean "server.workers"\?'):
        _judged(blueprint, facts=FACTS)


def test_ours_is_told_in_few_words_and_never_as_said_when_it_is_not(tmp_path: Path) -> None:
    names = [f"server.f{number}" for number in range(3)]
    differing = {name: Fact(f"{name} is a long one", "f") for name in names}
    each = ", ".join(f'{{ fact = "{name}", equals = "x" }}' for name in names)
    row = _judged(_theirs(tmp_path, f"expects = [{each}]"), facts=differing)
    assert (row.fair.outcome, row.fair.shown) == (Outcome.NOT_MET, "3 facts otherwise")
    each = ", ".join(f'{{ fact = "{name}", equals = "{differing[name].value}" }}' for name in names)
    row = _judged(_theirs(tmp_path, f"expects = [{each}]"), facts=differing)
    assert (row.fair.outcome, row.fair.shown) == (Outcome.MET, "3 facts as said")


def test_true_is_not_one_and_a_word_is_no_number() -> None:
    assert not Expectation(fact="f", least=1).holds("2")
    assert not Expectation(fact="f", equals=4).holds(("4",))
    assert Expectation(fact="f", lacks=("a",)).holds(None)
    assert not Expectation(fact="f", has=("a",)).holds(None)


PLANNED = 'plan = { figure = "monthly_bill", op = "<=", limit = 130, users = 1000000 }\n'


@pytest.mark.parametrize(
    ("bill", "outcome"),
    [
        ((90, 100, 120), Outcome.MET),
        ((300, 400, 500), Outcome.NOT_MET),
        ((100, 120, 200), Outcome.INCONCLUSIVE),
    ],
)
def test_a_plan_judges_by_its_interval(
    tmp_path: Path, bill: tuple[float, float, float], outcome: Outcome
) -> None:
    low, mid, high = bill
    plan = PlanFigures(users=1_000_000, monthly_bill=Span(low=low, mid=mid, high=high))
    row = _judged(_theirs(tmp_path, PLANNED), plan=plan)
    assert row.fair.outcome is outcome
    assert row.fair.evidence is Evidence.PRICED
    assert row.fair.value == mid


@pytest.mark.parametrize(
    ("plan", "why"),
    [
        (None, "it takes a plan: hmb plan --users 1000000, then hmb audit"),
        (PlanFigures(users=50_000, monthly_bill=Span.exact(1)), "the plan is for 50,000 users"),
        (PlanFigures(users=1_000_000), "does not say its monthly bill"),
    ],
)
def test_without_a_plan_for_these_people_it_is_not_measured(
    tmp_path: Path, plan: PlanFigures | None, why: str
) -> None:
    row = _judged(_theirs(tmp_path, PLANNED), plan=plan)
    assert row.fair.outcome is Outcome.NOT_MEASURED
    assert why in row.fair.reason


def test_a_rate_no_run_asked_for_is_judged_by_what_pods_carry_in_a_plan() -> None:
    def judged(one_pod: float, ten: float) -> list[Audited]:
        plan = PlanFigures(
            users=1_000_000,
            requests_per_s_carried=Span(low=ten * 0.9, mid=ten, high=ten * 1.1),
            requests_per_s_carried_by_a_pod=Span(
                low=one_pod * 0.9, mid=one_pod, high=one_pod * 1.1
            ),
        )
        found = audit(read_blueprint(), Looked([_recorded(GOOD)], plan=plan))
        return [found.of("throughput"), found.of("throughput-pod")]

    for row in judged(150, 1_500):
        assert row.fair.outcome is Outcome.NOT_MET
        assert row.fair.evidence is Evidence.MODELLED
        assert row.literal is not None
        assert row.literal.outcome is Outcome.NOT_MET
    # enough for what is said, not for the projection and the burst
    for row in judged(700, 7_000):
        assert row.fair.outcome is Outcome.MET
        assert row.literal is not None
        assert row.literal.outcome is Outcome.NOT_MET


def test_the_first_way_that_can_tell_is_taken(tmp_path: Path) -> None:
    check = '[claim.check]\nname = "product"\nnumbers = { each = 2, count = 5, claimed = 10 }\n'
    blueprint = _theirs(tmp_path, PLANNED, check)
    assert _judged(blueprint).fair.evidence is Evidence.CLAIMED
    plan = PlanFigures(users=1_000_000, monthly_bill=Span.exact(200))
    assert _judged(blueprint, plan=plan).fair.outcome is Outcome.NOT_MET


@pytest.mark.parametrize(
    ("check", "outcome"),
    [
        ('name = "product"\nnumbers = { each = 2, count = 5, claimed = 11 }', Outcome.INCONSISTENT),
        (
            'name = "instances"\n'
            "numbers = { counts = [2], price = 25, claimed_low = 20, claimed_high = 25 }",
            Outcome.NOT_MET,
        ),
        (
            'name = "impressions"\nnumbers = { per_user = 0.1, cpms = [1], active_share = 0.1, '
            "days = 30, sessions = 1 }",
            Outcome.INCONCLUSIVE,
        ),
    ],
)
def test_own_numbers_contradict_prices_refute(tmp_path: Path, check: str, outcome: Outcome) -> None:
    assert _judged(_theirs(tmp_path, "", f"[claim.check]\n{check}\n")).fair.outcome is outcome


def test_strict_fails_for_a_measured_claim_only(tmp_path: Path) -> None:
    measured = audit(_theirs(tmp_path, LATENCY), Looked([_recorded(SLOW)]))
    assert measured.code(strict=True) == 3
    assert measured.code(strict=False) == 0
    assert [row.claim.id for row in measured.failing()] == ["x"]
    good = audit(_theirs(tmp_path, LATENCY), Looked([_recorded(GOOD)]))
    assert good.code(strict=True) == 0
    looked_up = 'kind = ["I"]\nexpects = [{ fact = "server.workers", equals = 5 }]'
    files = audit(_theirs(tmp_path, looked_up), Looked(facts=FACTS))
    assert _only(files).fair.outcome is Outcome.NOT_MET
    assert files.code(strict=True) == 0


def test_the_tally_counts_every_claim_once_either_way() -> None:
    blueprint = read_blueprint()
    found = audit(blueprint, Looked([_recorded(GOOD)]))
    assert sum(found.tally().values()) == len(blueprint.claims)
    assert sum(found.literal_tally().values()) == len(blueprint.claims)
    assert found.literal_tally()[Outcome.MET] < found.tally()[Outcome.MET]


def test_before_and_after_names_what_is_compared() -> None:
    found = audit(read_blueprint(), Looked([_recorded(GOOD)]))
    rows = {change.row.what: change for change in found.changes}
    response = rows["Response time"]
    assert not response.alike
    assert response.claimed_times == "2.50 times faster"
    assert response.now.source == GOOD.id
    assert rows["Users"].claimed_times == "20.0 times more"
    assert rows["Cost per user and month"].claimed_times == "7.69 to 12.5 times cheaper"


def test_a_plans_own_document_is_read_by_name() -> None:
    bill = {"low": 400.0, "mid": 600.0, "high": 900.0, "unit": "USD a month", "evidence": "priced"}
    found = figures_of(
        {
            "afforded": None,
            "plan": {
                "users": 1e6,
                "resources": {"pods_most": 3},
                "traffic": {"peak": {"low": 200, "mid": 300, "high": 430, "evidence": "assumed"}},
                "carried_by_pods": {"1": {"low": 9, "mid": 10, "high": 11}, "10": 120},
                "cost": {
                    "usd": bill,
                    "invoice": [
                        {"ProviderName": "Grafana Cloud", "BilledCost": 19},
                        {"ProviderName": "Grafana Cloud", "BilledCost": 22.5},
                    ],
                    "combinations": [{"bills": {"Neon": 88.0, "Grafana Cloud": 1.0}}],
                },
                "money": {"margin": {"low": 0.9, "mid": 0.91, "high": 0.92, "unit": "share"}},
            },
        }
    )
    assert found.pods == Span.exact(3)
    assert found.margin is not None
    assert found.margin.mid == pytest.approx(91)
    assert found.figure("bill.grafana-cloud") == Span.exact(41.5)
    # what is not bought, at what it would be
    assert found.figure("bill.neon") == Span.exact(88)
    assert found.figure("requests_per_s_carried_by_a_pod") == Span(low=9, mid=10, high=11)
    assert found.figure("requests_per_s_carried") == Span.exact(120)
    assert found.figure("commands_per_s") is None
    assert found.rests_on("requests_per_s_peak") is Evidence.ASSUMED
    assert found.rests_on("monthly_bill") is Evidence.PRICED


@pytest.mark.parametrize("document", [[], 3, {"plan": {}}, {"users": 5, "pods": {"low": 2}}])
def test_what_is_no_plan_is_refused(document: object) -> None:
    with pytest.raises(ValueError, match=r"^[^\n]+$"):
        figures_of(document)
