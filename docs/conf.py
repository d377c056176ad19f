"""The site of `make docs`: Markdown of this folder, and reference pages made from the sources."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

project = "hmb"
html_title = "hmb"
language = "en"
smartquotes = False  # a quote in a table is what one types
extensions = ["myst_parser"]
exclude_patterns = ["reference_pages"]
myst_heading_anchors = 4
html_theme = "furo"
html_static_path = ["static"]
html_css_files = ["tables.css"]
html_show_copyright = False
html_show_sphinx = False
html_copy_source = False
html_theme_options: dict[str, list[str]] = {"footer_icons": []}
pygments_style = "friendly"
pygments_dark_style = "github-dark"


def setup(app: "Sphinx") -> None:
    """Have the reference pages filled in while they are read."""
    app.connect("source-read", _fill)


def _fill(_: "Sphinx", name: str, source: list[str]) -> None:
    from docs.reference_pages import filled

    source[0] = filled(name, source[0])
