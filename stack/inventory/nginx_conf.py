"""nginx configuration as a tree: directives with their words, blocks with what is inside.

Enough of the grammar for our own files (https://nginx.org/en/docs/beginners_guide.html#conf_structure):
words, quoted words, comments, blocks; includes are put in their place.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_TOKEN = re.compile(
    r"""\s+|\#[^\n]*|("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[{};]|(?:\$\{\w+\}|[^\s{};"'])+)"""
)
_INSIDE = "/etc/nginx/hmb/"
"""Where the folder deploy/nginx is mounted."""


@dataclass(frozen=True, slots=True)
class Directive:
    """`words[0]` is its name; `inside` is empty for a simple one."""

    words: tuple[str, ...]
    inside: tuple["Directive", ...] = ()

    @property
    def name(self) -> str:
        """What it sets."""
        return self.words[0]


def read(path: Path, folder: Path) -> tuple[Directive, ...]:
    """The directives of the file at `path`; includes of our own folder are read from `folder`."""
    tokens = (one[1] for one in _TOKEN.finditer(path.read_text(encoding="utf-8")) if one[1])
    return tuple(_block(tokens, folder))


def _block(tokens: Iterator[str], folder: Path) -> Iterator[Directive]:
    words: list[str] = []
    for word in tokens:
        if word == "}":
            return
        if word == "{":
            yield Directive(tuple(words), tuple(_block(tokens, folder)))
            words = []
        elif word == ";":
            yield from _simple(tuple(words), folder)
            words = []
        else:
            words.append(word.strip("\"'"))


def _simple(words: tuple[str, ...], folder: Path) -> Iterator[Directive]:
    if words[0] == "include" and words[1].startswith(_INSIDE):
        included = folder / words[1].removeprefix(_INSIDE)
        if included.is_file():
            yield from read(included, folder)
            return
    yield Directive(words)


def named(block: tuple[Directive, ...], name: str) -> list[Directive]:
    """The directives of that name directly in a block."""
    return [one for one in block if one.name == name]


def setting(name: str, *blocks: tuple[Directive, ...]) -> tuple[str, ...] | None:
    """What the innermost of `blocks` (inner first) that sets `name` says: its words."""
    for block in blocks:
        found = named(block, name)
        if found:
            return found[-1].words[1:]
    return None
