"""Every link of the documentation leads somewhere."""

from pathlib import Path

import pytest

from tests.docs.pages import CHECKOUT, PAGES, anchors, links


def problems(page: Path) -> list[str]:
    found = []
    for link in links(page):
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        if not target.exists():
            found.append(f"{link}: no such file")
        elif not target.is_relative_to(CHECKOUT):
            found.append(f"{link}: outside the checkout")
        elif anchor and anchor not in anchors(target):
            found.append(f"{link}: no such heading")
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    assert problems(page) == []


def test_what_leads_nowhere_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("tests.docs.pages", "tests.docs.test_links"):
        monkeypatch.setattr(f"{module}.CHECKOUT", tmp_path)
    (tmp_path / "other.md").write_text("# Here it is\n\n## `hmb` and *more*\n")
    page = tmp_path / "page.md"
    page.write_text(
        "# Top\n\n[a](other.md) [b](gone.md) [c](other.md#here-it-is) [d](other.md#hmb-and-more)\n"
        "[e](other.md#there) [f](#top) [g](#bottom) ![h](gone.png) [i](../)\n\n"
        "| a |\n|---|\n| [j](gone.toml) |\n"
    )
    assert problems(page) == [
        "gone.md: no such file",
        "other.md#there: no such heading",
        "#bottom: no such heading",
        "gone.png: no such file",
        "../: outside the checkout",
        "gone.toml: no such file",
    ]
