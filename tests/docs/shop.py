"""The tutorial's shop, written down from its page."""

import re
from pathlib import Path

from tests.docs.pages import DOCS, text_of

PAGE = DOCS / "tutorial" / "gate-in-your-ci.md"
_FILE = re.compile(r"`([\w./-]+)`:\n\n```(?!yaml)\w+\n(.*?)^```", re.DOTALL | re.MULTILINE)


def write_shop(folder: Path) -> None:
    """Write the files that the page gives."""
    for name, text in _FILE.findall(text_of(PAGE)):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")


def slower(folder: Path) -> None:
    """Change the service as the page says."""
    (change,) = re.findall(r"```python\n(ranked = .+?)```", text_of(PAGE), re.DOTALL)
    service = (folder / "service.py").read_text("utf-8")
    old = '            self.say([one for one in GOODS if one["price"] < 5])\n'
    assert old in service
    new = re.sub("^", " " * 12, change.strip(), flags=re.MULTILINE) + "\n"
    (folder / "service.py").write_text(service.replace(old, new), "utf-8")
