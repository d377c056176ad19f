"""Every code block of the documentation is what it says: commands, TOML, Python, YAML."""

import contextlib
import io
import re
import shlex
import tomllib
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.exceptions import Exit, TyperException
from typer.main import get_command

from capacity.audit.blueprint import read_blueprint
from capacity.cost.catalogue import read_catalogue
from capacity.errors import HmbError
from capacity.slo import read_slo
from cli.main import app
from scenarios import catalogue
from tests.docs.pages import CHECKOUT, PAGES, Block, blocks, blocks_of, tokens

ACTION = yaml.safe_load((CHECKOUT / ".github/actions/gate/action.yml").read_text("utf-8"))
_COMMAND = re.compile(r"(?:^|(?<=\s\s)|(?<=[(/])|(?<=[-;|] )|(?<=then ))hmb (?=[a-z-])")
_SHELL_ENDS = re.compile(r"\s(?:[|;&>]|\|\||&&|2>).*|\s\d?>.*")


def commands_in(text: str) -> Iterator[str]:
    """The `hmb` commands of a shell block or a YAML script, without what a shell adds."""
    for line in text.replace("\\\n", " ").splitlines():
        said = re.split(r"(?:^|\s)#", line)[0]
        if said.strip(" -").startswith("make "):  # its folder may be called hmb
            continue
        for part in _COMMAND.split(said)[1:]:
            yield re.sub(r"[;)]+$", "", _SHELL_ENDS.sub("", part).strip())


def named(words: str) -> str:
    """What is wrong with the names in a command that prose speaks of: its values may be missing."""
    path, command = words.split("=")[0].split(), get_command(app)
    while hasattr(command, "commands") and path:
        if path[0] in ("-h", "--help", "--install-completion"):
            return ""
        if path[0] not in command.commands:
            return f"no command {path[0]}"
        command = command.commands[path.pop(0)]
    known = {option for one in command.params for option in one.opts} | {"--help"}
    return " ".join(word for word in path if word.startswith("--") and word not in known)


def problem(words: str) -> str:
    """What the real command line says against this one; nothing when it can be typed."""
    try:
        given = [word for word in shlex.split(words) if word != "..."]
    except ValueError as error:
        return str(error)
    command: Any = get_command(app)
    name = "hmb"
    while hasattr(command, "commands"):
        if not given or given[0] in ("-h", "--help", "--install-completion"):
            return ""
        if given[0] not in command.commands:
            return f"{name} has no command {given[0]}"
        name, command = f"{name} {given[0]}", command.commands[given.pop(0)]
    try:
        command.make_context(name, given)
    except Exit:
        return ""
    except (TyperException, HmbError) as error:
        return str(getattr(error, "message", "") or error)
    return ""


def test_every_command_can_be_typed() -> None:
    shells = blocks("", "sh", "yaml")
    found = [(str(one), words) for one in shells for words in commands_in(one.text)]
    assert len(found) > 80
    assert [(*one, problem(one[1])) for one in found if problem(one[1])] == []


def test_every_command_spoken_of_is_one() -> None:
    found = [
        (str(page.relative_to(CHECKOUT)), token.content.removeprefix("hmb "))
        for page in PAGES
        for token in tokens(page)
        if token.type == "code_inline" and re.match(r"hmb [a-z-]", token.content)
    ]
    assert len(found) > 80
    assert [(*one, named(one[1])) for one in found if named(one[1])] == []
    assert named("seed --force") == "--force"
    assert named("seeed") == "no command seeed"


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("hmb loadtset mixed", "no command"),
        ("  .venv/bin/hmb loadtest mixed --user 5  # so", "No such option"),
        ("hmb loadtest mixed --users few", "valid integer"),
        ("hmb plan --users 5 | head", ""),
        ("x=$(hmb status --json)", ""),
    ],
)
def test_what_cannot_be_typed_is_found(line: str, says: str) -> None:
    (words,) = commands_in(line)
    said = problem(words)
    assert says in said
    assert bool(said) == bool(says)


def loads(block: Block, folder: Path) -> None:
    """Load a TOML block with what reads such files. Raises what that raises."""
    file = folder / "block.toml"
    file.write_text(block.text)
    document = tomllib.loads(block.text)
    if "like" in document or "journeys" in document:
        catalogue.varied(catalogue.load(document.pop("like", "mixed")), document)
        return
    readers: dict[str, Callable[[Path], object]] = {
        "slo": read_slo,
        "claim": read_blueprint,
        "provider": read_catalogue,
    }
    (reader,) = (reader for key, reader in readers.items() if key in document)
    reader(file)


@pytest.mark.parametrize("block", blocks("toml"), ids=str)
def test_every_toml_block_loads(block: Block, tmp_path: Path) -> None:
    loads(block, tmp_path)


@pytest.mark.parametrize(
    "text", ['[[slo]]\nid = "a"', 'like = "mixed"\n[population]\nvisitor = 2', "who = 1"]
)
def test_toml_that_does_not_load_is_found(text: str, tmp_path: Path) -> None:
    with pytest.raises((HmbError, ValueError)):
        loads(Block(tmp_path, 1, "toml", text), tmp_path)


def said_by(text: str) -> str:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(text, "page", "exec"), {"__name__": "page"})  # noqa: S102 - our own pages
    return out.getvalue()


@pytest.mark.parametrize("block", blocks("python"), ids=str)
def test_every_python_block_compiles(block: Block) -> None:
    compile(block.text, str(block), "exec")


RUN = [
    (one, then)
    for page in PAGES
    for one, then in pairwise(blocks_of(page))
    if one.language == "python" and then.language == "text" and "print(" in one.text
]


@pytest.mark.parametrize(("block", "printed"), RUN, ids=str)
def test_python_prints_what_stands_below_it(block: Block, printed: Block) -> None:
    assert said_by(block.text) == printed.text


def test_there_is_python_to_run() -> None:
    assert len(RUN) > 5
    assert said_by("print(1)") == "1\n"


@pytest.mark.parametrize("block", blocks("yaml"), ids=str)
def test_every_yaml_block_is_yaml(block: Block) -> None:
    for step in _steps(yaml.safe_load(block.text)):
        if step.get("uses", "").split("@")[0].endswith("/.github/actions/gate"):
            assert set(step["with"]) <= set(ACTION["inputs"])
            assert problem(f"gate mine.py {step['with']['options']}") == ""


def test_the_gate_is_among_the_yaml() -> None:
    uses = [
        step.get("uses", "") for one in blocks("yaml") for step in _steps(yaml.safe_load(one.text))
    ]
    assert any("actions/gate" in one for one in uses)


def _steps(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if "uses" in value:
            yield value
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from _steps(one)


def test_every_variable_is_known() -> None:
    sources = (
        *(".env.production.example", "docker-compose.production.yml", "Makefile"),
        "reference_app/frontend/src/vite-env.d.ts",
    )
    known = "\n".join((CHECKOUT / name).read_text("utf-8") for name in sources)
    named = {
        (found[1], page.name)
        for page in PAGES
        for token in tokens(page)
        if token.type == "code_inline"
        and (found := re.match(r"([A-Z][A-Z0-9]*_[A-Z0-9_]+)(?:=|$)", token.content))
    }
    assert len(named) > 10
    assert [one for one in sorted(named) if not re.search(rf"\b{one[0]}\b", known)] == []


def test_every_file_spoken_of_is_there() -> None:
    folders = "|".join(path.name for path in CHECKOUT.iterdir() if path.is_dir())
    spoken = {
        (token.content, page.name)
        for page in PAGES
        for token in tokens(page)
        if token.type == "code_inline"
        and re.fullmatch(rf"(?:{folders})/[\w./-]+\.\w+", token.content)
        and not token.content.startswith(("runs/", "build/"))
    }
    assert len(spoken) > 50
    made = {  # by whoever follows the page
        "capacity/cost/catalogues/example.toml",
        "scenarios/data/readers.toml",
        ".github/workflows/performance.yml",
    }
    gone = {one for one in spoken if not (CHECKOUT / one[0]).exists() and one[0] not in made}
    assert sorted(gone) == []
