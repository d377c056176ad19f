"""A sweep as people read it."""

from html.parser import HTMLParser
from xml.etree import ElementTree as Xml

import pytest

from capacity.sweep import Level, State, Sweep
from reports import sweep as telling
from reports.charts.against_load import panels
from tests.capacity.test_sweep import measured, sweep
from tests.reports.sample import as_typed


def of(*levels: Level) -> Sweep:
    return sweep(*levels)


WHOLE = of(*map(measured, (50, 100, 200, 250, 300, 460, 420)), measured(420, confirms=True))


def test_the_answer_is_a_sentence_with_its_interval() -> None:
    largest, knee, saturated, scaling, caches = telling.findings(WHOLE)
    assert "from 420 arrivals/s (held for 60 s) to below 460 arrivals/s: there, mean " in largest
    assert "at 250 arrivals/s (between 200 arrivals/s and 300 arrivals/s)" in knee
    assert "the machine's CPU: 92.0 % in use at 460 arrivals/s" in saturated
    assert scaling.startswith("Scalability by requests at a time (a diagnosis): one alone carries ")
    assert "not known here" in caches


def test_an_answer_that_caches_may_have_carried_says_which() -> None:
    def told(seconds: float) -> str:
        level = measured(420, confirms=True).model_copy(update={"seconds": seconds})
        found = of(*WHOLE.levels[:-1], level)
        lives = {"jobs": 60.0, "user": 600.0, "trending": 600.0}
        return telling.findings(found.model_copy(update={"cache_lives_s": lives}))[-1]

    assert told(660) == "It held for longer than any cached answer lives (10 min)."
    assert "(trending 10 min, user 10 min): that it holds when those expire is not" in told(330)
    assert "(jobs 60 s, trending 10 min, user 10 min)" in told(60)
    # a level that broke held nothing, however long
    broken = of(measured(50), measured(100), measured(600))
    assert broken.held_s() == 60
    assert of(measured(600)).held_s() is None
    assert not any("cached answers" in one for one in telling.findings(of(measured(600))))


def test_what_other_programs_took_is_said() -> None:
    disturbed = measured(100).model_copy(update={"others_cores": 1.24})
    *_, others = telling.findings(of(measured(50), disturbed, measured(200)))
    assert others.startswith("Other programs used up to 1.24 of 2 cores at 1 of 3 levels.")


def test_what_was_not_found_is_said() -> None:
    nothing = of(measured(600))
    assert telling.findings(nothing)[0].startswith("No load within all targets was found: mean")
    assert "three levels" in telling.findings(nothing)[1]
    unconfirmed = of(measured(50), measured(100), measured(160))
    assert (
        "at least 160 arrivals/s (held for 60 s, not confirmed)"
        in (telling.findings(unconfirmed)[0])
    )
    assert "beyond 100 arrivals/s" in telling.findings(unconfirmed)[1]
    assert "No resource" in telling.findings(unconfirmed)[2]
    assert "3 different sizes are too few" in telling.findings(unconfirmed)[3]
    assert len(telling.findings(of(measured(50, State.INVALID)))) == 3


@pytest.mark.parametrize(
    ("levels", "code"),
    [
        ([measured(50)], 0),
        ([measured(50), measured(600)], 0),
        ([measured(600), measured(5, State.UNDECIDED)], 3),
        ([measured(50, State.UNDECIDED)], 5),
        ([measured(50, State.INVALID)], 6),
    ],
)
def test_the_exit_code_says_whether_a_load_was_found(levels: list[Level], code: int) -> None:
    assert telling.exit_code(of(*levels)) == code
    assert telling.document(of(*levels))["exit_code"] == code


def test_the_table_has_a_line_for_each_level() -> None:
    lines = telling.text(WHOLE).splitlines()
    assert [line.split()[:2] for line in lines[1:9]] == [
        ["50", "within"],
        ["100", "within"],
        ["200", "within"],
        ["250", "within"],
        ["300", "within"],
        ["420", "within"],
        ["420", "within*"],
        ["460", "broken"],
    ]
    assert lines[9].startswith("* measured once more")


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("meta", "link", "br"):
            self.open.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("src", "href")]

    def handle_endtag(self, tag: str) -> None:
        if self.open and self.open[-1] == tag:
            self.open.pop()


def test_the_page_shows_one_chart_of_three_panels_and_every_run() -> None:
    page = telling.html(WHOLE)
    tags = _Tags()
    tags.feed(page)
    assert "../run-420/report.html" in tags.links
    assert not [link for link in tags.links if link.startswith("http")]
    assert page.count("<figure") == 1
    assert page.count("<svg") == 3
    assert telling.findings(WHOLE)[0].replace("'", "&#39;") in as_typed(page)
    hostile = of(measured(50).model_copy(update={"why": "<script>alert(1)</script>"}))
    assert "<script>alert" not in telling.html(hostile)


def test_panels_share_their_axis_and_stay_well_formed() -> None:
    for panel in panels(WHOLE):
        svg = Xml.fromstring(panel.svg.replace("xlink:href", "href"))  # noqa: S314  # our own
        words = {text.text: text.get("style", "") for text in svg.iter("text")}
        assert {"50", "100", "200", "knee", "largest within targets"} <= set(words)
        # near the right edge a name stands before its line, or it would be cut off
        assert "text-anchor: end" in words["largest within targets"]
    latency, throughput, resources = panels(WHOLE)
    assert latency.labels == ["p50", "p95", "p99"]
    assert throughput.labels == ["answered well", "offered"]
    assert resources.labels == ["the machine's CPU", "the pods' database pools"]
    bare = measured(50).model_copy(
        update={"mean_ms": None, "p50_ms": None, "p95_ms": None, "p99_ms": None, "uses": ()}
    )
    assert len(panels(of(bare, measured(80)))) == 3
