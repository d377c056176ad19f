"""The pages people read, and what stands in them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from docs.reference_pages import filled

CHECKOUT = Path(__file__).resolve().parents[2]
DOCS = CHECKOUT / "docs"
PAGES = [CHECKOUT / "README.md", CHECKOUT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md"))]
_FORMATTED = re.compile(r"[`*]|\\(?=\W)")


@dataclass(frozen=True, slots=True)
class Block:
    """A code block: its page, line, language (none when it is indented) and text."""

    page: Path
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(CHECKOUT)}:{self.line}"


@cache
def text_of(page: Path) -> str:
    """The page as the site shows it."""
    name = page.relative_to(CHECKOUT).with_suffix("").as_posix()
    return filled(name.removeprefix("docs/"), page.read_text(encoding="utf-8"))


@cache
def tokens(page: Path) -> tuple[Token, ...]:
    """The page's parts, those within paragraphs and cells too."""
    parser = MarkdownIt("commonmark").enable("table")
    return tuple(_flat(parser.parse(text_of(page))))


def blocks(*languages: str) -> list[Block]:
    """All code blocks in these languages."""
    return [block for page in PAGES for block in blocks_of(page) if block.language in languages]


def blocks_of(page: Path) -> list[Block]:
    """The code blocks of one page, in their order."""
    return [
        Block(page, (token.map or [0])[0] + 1, token.info.split(" ")[0], token.content)
        for token in tokens(page)
        if token.type in ("fence", "code_block")
    ]


def links(page: Path) -> list[str]:
    """Where the page's links and pictures lead, addresses elsewhere left out."""
    found = [str(one.attrGet("href") or one.attrGet("src") or "") for one in tokens(page)]
    return [one for one in found if one and not one.startswith(("http://", "https://"))]


@cache
def anchors(page: Path) -> frozenset[str]:
    """What can be linked to in a page: its headings, as GitHub and the site name them."""
    parts = tokens(page)
    return frozenset(
        _slug(inline.content) for opened, inline in pairwise(parts) if opened.type == "heading_open"
    )


def _slug(heading: str) -> str:
    words = _FORMATTED.sub("", heading).lower()
    return re.sub(r"[^\w\- ]", "", words).replace(" ", "-")


def _flat(parts: list[Token]) -> Iterator[Token]:
    for part in parts:
        yield part
        yield from _flat(part.children or [])
