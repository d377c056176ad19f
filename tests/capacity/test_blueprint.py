"""Blueprints as data: everything the page promises is a row, and a mistyped row is refused."""

from pathlib import Path

import pytest

from capacity.audit.blueprint import BlueprintError, read_blueprint
from capacity.evidence import Evidence
from capacity.slo import blueprint_targets

NAMED = [
    "latency-p50",
    "latency-p95",
    "latency-p99",
    "throughput",
    "throughput-pod",
    "error-rate",
    "uptime",
    "static-latency",
    "health-latency",
    "login-latency",
    "feed-latency",
    "post-latency",
    "search-latency",
    "upload-latency",
    "ws-latency",
    "cache-hit",
    "replica-lag",
    "loadtest-steps",
    "slots",
    "threads",
    "db-connections",
    "redis-connections",
    "websockets",
    "db-qps",
    "redis-ops",
    "lb-rps",
    "autoscale",
    "reads",
    "max-requests",
    "scale",
    "before-after",
    "users-total",
    "margin",
    "infra-cost",
    "cost-per-user",
    "ads",
    "mrr",
    "arr",
    "efficiency",
    "load-1m",
]
CLAIM = """
[[claim]]
id = "x"
text = "it is fast"
value = "fast"
"""


def test_every_claim_that_is_named_is_there_and_every_section_has_some() -> None:
    ours = read_blueprint()
    assert set(NAMED) <= {claim.id for claim in ours.claims}
    assert " ".join(section.name for section in ours.sections) == (
        "service capacity edge servers settings tiers money growth documents"
    )
    assert all(ours.of(section) for section in ours.sections)


def test_every_row_says_what_is_claimed_how_it_is_read_and_how_it_is_judged() -> None:
    for claim in read_blueprint().claims:
        assert claim.kind
        assert claim.text
        assert not claim.text.endswith(".")
        assert claim.value
        assert claim.reading
        judged = (claim.metric, claim.check, claim.expects, claim.plan, claim.not_measured)
        assert any(judged), claim.id
        if "I" not in claim.kind:
            assert not claim.expects, claim.id


def test_what_is_priced_names_its_source_and_date() -> None:
    from capacity import arithmetic

    for claim in read_blueprint().claims:
        checks = [claim.check, claim.literal.check if claim.literal else None]
        for check in filter(None, checks):
            found = arithmetic.check(check.name, check.numbers)
            if found.evidence is Evidence.PRICED:
                assert "2026-" in check.source, claim.id


def test_a_load_test_is_judged_by_the_first_two_sections_only() -> None:
    assert {claim.section for claim in read_blueprint().of_a_run()} == {"service", "capacity"}
    assert len(blueprint_targets()) == 31


def test_a_blueprint_may_be_one_file_without_sections(tmp_path: Path) -> None:
    path = _written(
        tmp_path,
        "[inputs]\nusers = 5\n"
        + CLAIM
        + '[claim.check]\nname = "product"\n'
        + 'numbers = { each = 2, count = "inputs.users", claimed = 10 }\n',
    )
    found = read_blueprint(path)
    assert [section.name for section in found.sections] == ["theirs"]
    (claim,) = found.claims
    assert claim.check is not None
    assert claim.check.numbers == {"each": 2, "count": 5, "claimed": 10}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[clam]]\n", r'unknown key "clam": did you mean "claim"\?'),
        (CLAIM + "valeu = 1\n", r'\[\[claim\]\] "x": unknown key "valeu": did you mean "value"\?'),
        (CLAIM, "needs a metric, a check"),
        (CLAIM.replace("value", "#") + 'not_measured = "no"\n', 'key "value" is missing'),
        (
            CLAIM + '[claim.check]\nname = "product"\nnumbrs = {}\n',
            r'unknown key "check.numbrs": did you mean "numbers"\?',
        ),
        (CLAIM + '[claim.check]\nname = "prodcut"\nnumbers = {}\n', 'did you mean "product"'),
        (
            CLAIM
            + '[claim.check]\nname = "product"\n'
            + 'numbers = { each = "inputs.usrs", count = 1, claimed = 1 }\n[inputs]\nusers = 1\n',
            r'no input "inputs.usrs": did you mean "inputs.users"\?',
        ),
        (
            CLAIM + 'plan = { figure = "montly_bill", op = "<", limit = 1, users = 1 }\n',
            r'unknown figure "montly_bill": did you mean "monthly_bill"\?',
        ),
        (
            CLAIM + 'expects = [{ fact = "a", equals = 1, least = 1 }]\n',
            "exactly one of equals, least, most, has, lacks",
        ),
        (CLAIM + 'expects = [{ fct = "a", equals = 1 }]\n', 'did you mean "fact"'),
        (CLAIM + 'not_measured = "no"\n[claim.literal]\nreading = "y"\n', "needs a statistic"),
        (
            CLAIM + 'not_measured = "no"\n[claim.literal]\nreading = "y"\nlimit = 1\n',
            "the claim has no metric",
        ),
        ("claim = 1\n", r"must be written as tables, \[\[claim\]\]"),
        ("[[claim\n", "is not TOML"),
    ],
)
def test_a_mistyped_blueprint_is_one_clear_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(BlueprintError, match=message) as raised:
        read_blueprint(_written(tmp_path, text))
    assert "\n" not in str(raised.value)
    assert "theirs.toml" in str(raised.value)


def test_what_is_not_there_or_empty_is_said(tmp_path: Path) -> None:
    with pytest.raises(BlueprintError, match="no blueprint at"):
        read_blueprint(tmp_path / "missing.toml")
    with pytest.raises(BlueprintError, match=r"holds no \.toml file"):
        read_blueprint(tmp_path)


def test_a_comparison_names_a_claim_that_is_there(tmp_path: Path) -> None:
    row = (
        '[[comparison]]\nwhat = "Users"\nbefore = 1\nafter = [2]\nbefore_is = "users"\n'
        'after_is = "users"\nbetter = "more"\nclaim = "y"\n'
    )
    path = _written(tmp_path, CLAIM + 'not_measured = "no"\n' + row)
    with pytest.raises(BlueprintError, match='no claim "y"'):
        read_blueprint(path)


def _written(folder: Path, text: str) -> Path:
    path = folder / "theirs.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_guides_example_is_a_blueprint(tmp_path: Path) -> None:
    guide = Path(__file__).resolve().parents[2] / "docs/guides/how-the-audit-judges.md"
    lines = guide.read_text(encoding="utf-8").splitlines()
    start = lines.index("    [inputs]")
    block = [line[4:] for line in lines[start:] if line.startswith("    ") or not line]
    found = read_blueprint(_written(tmp_path, "\n".join(block)))
    assert [claim.id for claim in found.claims] == ["checkout-p95", "revenue"]
    assert found.claims[0].limit == 250
    assert found.claims[1].check is not None
    assert found.claims[1].check.numbers["count"] == 40_000
