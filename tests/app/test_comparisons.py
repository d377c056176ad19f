"""What is secret is compared in a time that says nothing of it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import reference_app

_HERE = Path(reference_app.__file__).parent
_SECRET = re.compile(r"(^|_)(digest|hash|hashed|mac|nonce|secret|signature|token)$")
# Statements look for the hash of a random token in an index: what of it fits tells nobody more.
_STATEMENTS = re.compile(r"(^|_)(repository|sql)\.py$")
_BOTH_STORED = {("auth/service.py", "user.password_hash != own.password_hash")}
"""Neither side is anything that a client sent."""


def test_no_secret_is_compared_by_an_operator() -> None:
    sources = [
        path
        for path in _HERE.rglob("*.py")
        if "frontend" not in path.parts and not _STATEMENTS.search(path.name)
    ]
    found = {
        (path.relative_to(_HERE).as_posix(), told)
        for path in sources
        for told in compared(path.read_text(encoding="utf-8"))
    }
    assert found == _BOTH_STORED


def test_such_a_comparison_is_found() -> None:
    """Else the test above could not fail."""
    told = list(compared("said != self._mac(given) or token == said['nonce'] or status == 400"))
    assert told == ["said != self._mac(given)", "token == said['nonce']"]


def compared(source: str) -> Iterator[str]:
    """The comparisons, by `==` and `!=`, with something that is named like a secret."""
    for each in ast.walk(ast.parse(source)):
        if isinstance(each, ast.Compare) and any(
            isinstance(how, (ast.Eq, ast.NotEq)) for how in each.ops
        ):
            names = map(_name, (each.left, *each.comparators))
            if any(_SECRET.search(name) for name in names):
                yield ast.unparse(each)


def _name(of: ast.expr) -> str:
    match of:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Call(func=called):
            return _name(called)
        case ast.Subscript(slice=ast.Constant(value=str(name))):
            return name
    return ""
