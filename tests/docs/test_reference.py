"""The reference says what the sources say, and leaves nothing out."""

import ast
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from capacity.errors import HmbError, UsageError
from capacity.verdicts import ExitCode
from cli.main import INTERRUPTED
from docs.reference_pages import MADE, commands, files, filled, prometheus
from tests.docs.pages import CHECKOUT, DOCS

PACKAGES = ("capacity", "scenarios", "reference_app", "stack", "reports", "cli", "deploy")


def test_every_part_has_its_place_on_one_page() -> None:
    places = [
        name
        for page in sorted((DOCS / "reference").glob("*.md"))
        for name in re.findall(r"<!-- made: ([\w-]+) -->", page.read_text("utf-8"))
    ]
    assert sorted(places) == sorted(MADE)
    with pytest.raises(KeyError):
        filled("reference/page", "<!-- made: nothing -->")


def test_every_command_has_its_section_with_all_options() -> None:
    page = commands.page()
    sections = dict(re.findall(r"^## (hmb .+)\n((?:(?!^## ).*\n?)*)", page, re.MULTILINE))
    known = dict(commands.commands())
    assert list(sections) == list(known)
    assert "hmb history trend" in known
    for name, command in known.items():
        for option in (word for one in command.params for word in one.opts):
            if option.startswith("--") and option != "--help":
                assert re.search(rf"`(?:[^`]*\s)?{option}\b", sections[name]), (name, option)


def _ends_with_a_code(module: str, function: str) -> bool:
    """Whether a command hands on a code of its own: it raises `typer.Exit`."""
    tree = ast.parse((CHECKOUT / module).read_text("utf-8"))
    (found,) = (
        one for one in tree.body if isinstance(one, ast.FunctionDef) and one.name == function
    )
    return any(
        isinstance(node, ast.Raise) and "typer.Exit" in ast.unparse(node)
        for node in ast.walk(found)
    )


def _source(command: Any) -> tuple[str, str]:
    code = command.callback.__wrapped__.__code__
    return str(Path(code.co_filename).relative_to(CHECKOUT)), code.co_name


def test_who_ends_with_a_code_of_its_own_is_listed() -> None:
    told = commands.exits()["own"]
    of_ones_and_zeros = {"doctor", "status"}
    by_an_error = {"calibrate"}  # capacity.model.measured.InvalidRunError
    ending = {
        name.removeprefix("hmb ")
        for name, command in commands.commands()
        if _ends_with_a_code(*_source(command))
    }
    assert ending == set(told) - by_an_error | of_ones_and_zeros


def test_the_codes_are_those_of_the_sources() -> None:
    of_runs = {value for name, value in vars(ExitCode).items() if name.isupper()}
    known = of_runs | {HmbError.exit_code, UsageError.exit_code, INTERRUPTED}
    told = commands.exits()
    assert {int(code) for code in told["codes"]} == known
    assert {code for codes in told["own"].values() for code in codes} == of_runs - {0}


def test_what_a_command_says_of_its_codes_is_in_the_list() -> None:
    told, seen = commands.exits()["own"], 0
    for name, command in commands.commands():
        words = " ".join(
            [command.help or "", *(getattr(one, "help", "") or "" for one in command.params)]
        )
        for sentence in re.findall(r"Exits? (\d[^.]*)", words):
            for code in map(int, re.findall(r"\b\d\b", sentence)):
                seen += 1
                assert code == 1 or code in told[name.removeprefix("hmb ")], (name, code)
    assert seen > 8


def test_every_toml_file_is_of_one_kind() -> None:
    there = {
        path
        for package in PACKAGES
        for path in (CHECKOUT / package).rglob("*.toml")
        if "node_modules" not in path.parts
    }
    sorted_in = [path for group in files.groups() for path in group.paths]
    assert sorted(sorted_in) == sorted(there)


@pytest.mark.parametrize("group", files.groups(), ids=lambda one: str(one.title))
def test_a_kind_of_file_is_told_with_its_keys(group: files.Group) -> None:
    section = files.page().partition(f"## {group.title}\n")[2].partition("\n## ")[0]
    assert section.count("\n| `") >= 1
    for path in group.paths:
        assert f"`{path.relative_to(CHECKOUT)}`" in section


def test_keys_come_from_the_models() -> None:
    page = files.page()
    assert '| `slo[].level` | "fail" or "warn" | "fail" |' in page
    assert "| `slo[].for` | text | nothing |" in page
    assert "| `plan[].charge[].per` | number, above 0 | 1 |" in page
    assert '| `step[].check.kind` | "setting" | must be there |' in page


def test_every_metric_of_a_running_pod_is_told() -> None:
    from prometheus_client import REGISTRY

    import reference_app.kit.metrics
    import reference_app.kit.resources
    import reference_app.realtime.counts

    modules = (
        reference_app.kit.metrics,
        reference_app.kit.resources,
        reference_app.realtime.counts,
    )
    assert all(modules)
    own = {
        name
        for name in REGISTRY._names_to_collectors
        if not name.startswith(("python_", "process_"))
    }
    told = {one.name for one in prometheus.declared()}
    assert len(told) > 30
    assert told - {"probe_success", "probe_duration_seconds"} <= own
    plain = {re.sub(r"_(total|created|bucket|sum|count)$", "", name) for name in own}
    assert plain == {re.sub(r"_total$", "", name) for name in told if not name.startswith("probe_")}


def test_every_rule_and_alert_is_told() -> None:
    groups = [
        group
        for path in CHECKOUT.glob("deploy/prometheus/rules/*.yml")
        for group in yaml.safe_load(path.read_text("utf-8"))["groups"]
    ]
    rules = [rule for group in groups for rule in group["rules"]]
    page = prometheus.alerts() + prometheus.rules()
    names = [rule.get("alert") or rule["record"] for rule in rules]
    assert len(names) > 30
    assert [name for name in names if f"| `{name}` |" not in page] == []
