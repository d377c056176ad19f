"""From a Matplotlib figure to SVG that lives inside a page.

Charts are drawn in stand-in colours, which become CSS variables: the page, not
the picture, decides what they look like by day, by night and on paper.
"""

import re
from collections.abc import Callable
from html import escape
from io import StringIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SERIES = tuple(f"#00a0{number:02x}" for number in range(1, 9))
"""Stand-ins for `--s1` to `--s8`."""
INK, FAINT, GRID, PAPER, SHADE, ALARM = (f"#00b0{number:02x}" for number in range(1, 7))
_VARIABLES = {
    **{colour: f"var(--s{number})" for number, colour in enumerate(SERIES, start=1)},
    INK: "var(--ink)",
    FAINT: "var(--faint)",
    GRID: "var(--grid)",
    PAPER: "var(--card)",
    SHADE: "var(--shade)",
    ALARM: "var(--bad)",
}
DASHES: tuple[tuple[float, ...], ...] = (
    (),
    (6, 2.5),
    (1.5, 1.8),
    (7, 2, 1.5, 2),
    (3, 1.5),
    (10, 3),
)
"""Line patterns, so that colour is never the only way to tell lines apart."""

WIDTH_IN = 6.0
LABEL_LIFT = 9
"""How many points the labels over a chart stand above it."""
_LEFT_IN, _RIGHT_IN, _TOP_IN, _BOTTOM_IN = 0.66, 0.16, 0.36, 0.42
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "font.family": "DejaVu Sans",
    "font.size": 11,
    "axes.edgecolor": GRID,
    "axes.labelcolor": FAINT,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "text.color": INK,
    "xtick.color": GRID,
    "ytick.color": GRID,
    "xtick.labelcolor": FAINT,
    "ytick.labelcolor": FAINT,
    "xtick.major.size": 4,
    "ytick.major.size": 0,
    "ytick.major.pad": 5,
    "lines.linewidth": 1.8,
    "lines.solid_capstyle": "round",
    "hatch.linewidth": 0.7,
    "path.simplify_threshold": 0.4,
    "text.parse_math": False,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
}


def draw(
    name: str,
    title: str,
    description: str,
    unit: str,
    height_in: float,
    paint: "Callable[[Axes], None]",
) -> str:
    """An `<svg>` element with `title` and `description` as its text alternative.

    `name` makes its ids unique on the page; `unit` stands above the y axis;
    `paint` draws on the axes.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context({**_STYLE, "svg.hashsalt": name}):
        figure = Figure(figsize=(WIDTH_IN, height_in))
        axes = figure.add_axes(
            (
                _LEFT_IN / WIDTH_IN,
                _BOTTOM_IN / height_in,
                1 - (_LEFT_IN + _RIGHT_IN) / WIDTH_IN,
                1 - (_TOP_IN + _BOTTOM_IN) / height_in,
            )
        )
        paint(axes)
        figure.text(
            2 / (WIDTH_IN * 72),
            1 - (_TOP_IN * 72 - LABEL_LIFT) / (height_in * 72),
            unit,
            color=FAINT,
        )
        return _embed(_svg(figure), name, title, description)


def _svg(figure: "Figure") -> str:
    out = StringIO()
    figure.savefig(out, format="svg", backend="svg", metadata={"Date": None, "Creator": None})
    return out.getvalue()


def _embed(document: str, name: str, title: str, description: str) -> str:
    """The bare element, its colours the page's, its ids its own."""
    body = document[document.index("<svg") :]
    body = body[body.index(">") + 1 : body.rindex("</svg>")]
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    body = re.sub(r"<style [^>]*>.*?</style>", "", body, flags=re.DOTALL)
    body = _own_ids(body, name)
    for colour, variable in _VARIABLES.items():
        body = body.replace(colour, variable)
    # the page's own font and sizes hold inside charts too
    body = re.sub(r"font-(size|family): [^;\"]*;? ?", "", body)
    width, height = _size(document)
    return (
        f'<svg viewBox="0 0 {width} {height}" role="img" '
        f'aria-labelledby="{name}-title {name}-desc">'
        f'<title id="{name}-title">{escape(title)}</title>'
        f'<desc id="{name}-desc">{escape(description)}</desc>{_thin(body)}</svg>'
    )


def _own_ids(body: str, name: str) -> str:
    """Ids that something refers to get the chart's name in front; the others go."""
    wanted = set(re.findall(r'(?:href="#|url\(#)([^")]+)', body))

    def rename(match: re.Match[str]) -> str:
        return f' id="{name}-{match[1]}"' if match[1] in wanted else ""

    body = re.sub(r'\sid="([^"]*)"', rename, body)
    return re.sub(r'(href="#|url\(#)', rf"\g<1>{name}-", body)


def _size(document: str) -> tuple[str, str]:
    found = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', document)
    if found is None:
        raise ValueError("Matplotlib wrote no viewBox")
    return found[1], found[2]


def _thin(body: str) -> str:
    """The same picture in fewer bytes: no comments, no digits of a place that cannot be seen."""
    body = re.sub(r"<!--.*?-->", "", body, flags=re.DOTALL)
    body = re.sub(
        r' (?:d|x|y|transform)="[^"]*"',
        lambda place: re.sub(r"(\d+\.\d)\d+", r"\1", place[0]),
        body,
    )
    return re.sub(r"\s*\n\s*", "\n", body)
