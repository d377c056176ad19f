"""How figures are written for people: one place for digits, units and words.

Three significant digits unless more are certain (whole counts), the unit
always beside the number, and no digit that was not measured.
"""

from math import floor, isfinite, log10

from capacity.intervals import Interval

MISSING = "—"
_WHOLE = ("connections", "requests", "writes", "checks", "sockets", "")
"""Units of things that are counted, one by one: plurals, of which one thing is without the s."""
_BYTES = (("GB", 1e9), ("MB", 1e6), ("kB", 1e3))


def number(value: float, digits: int = 3) -> str:
    """`value` with `digits` significant digits; above 1,000 as a whole number with commas."""
    if not isfinite(value):
        return MISSING
    if value == 0:
        return "0"
    magnitude = floor(log10(abs(value)))
    places = max(0, digits - 1 - magnitude)
    text = f"{value:,.{places}f}"
    # rounding may have carried into one digit more: 9.996 -> "10.00"
    if floor(log10(abs(float(text.replace(",", ""))))) > magnitude and places > 0:
        text = f"{value:,.{places - 1}f}"
    return text


def count(value: float) -> str:
    """A whole count, with commas."""
    return f"{round(value):,}"


def exact(value: float) -> str:
    """A number somebody stated, with the digits they gave it."""
    return f"{value:,.0f}" if value == round(value) else f"{value:,.6g}"


def figure(value: float | None, unit: str) -> str:
    """A measured value with its unit, in the size of that unit a person expects."""
    if value is None or not isfinite(value):
        return MISSING
    if unit == "bytes":
        return _bytes(value)
    if unit == "ms" and abs(value) >= 10_000:
        return f"{number(value / 1000)} s"
    if unit == "s" and 0 < abs(value) < 1:
        return f"{number(value * 1000)} ms"
    if unit in _WHOLE and value == round(value):
        return f"{count(value)} {_named(value, unit)}".strip()
    return f"{number(value)} {unit}".strip()


def _named(value: float, unit: str) -> str:
    return unit.removesuffix("s") if value == 1 and unit in _WHOLE else unit


def _bytes(value: float) -> str:
    for name, size in _BYTES:
        if abs(value) >= size:
            return f"{number(value / size)} {name}"
    return f"{count(value)} bytes"


def limit(op: str, value: float, unit: str) -> str:
    """A limit as it was promised: `< 100 ms`. Its digits are exact, so all are shown."""
    sign = {"<=": "≤", ">=": "≥"}.get(op, op)
    shown = exact(value)
    if unit == "bytes":
        shown, unit = _bytes(value).rsplit(" ", 1)
    return f"{sign} {shown} {_named(value, unit)}".strip()


def promise(op: str, value: float, unit: str) -> str:
    """A limit in words: `less than 100 ms`."""
    words = {"<": "less than", "<=": "at most", ">": "more than", ">=": "at least"}[op]
    return f"{words} {limit('', value, unit)}"


def interval(bounds: Interval | None, unit: str) -> str:
    """An interval in one unit: `40.1 to 42.9 ms`; an open end says so."""
    if bounds is None:
        return MISSING
    if bounds.low is None and bounds.high is None:
        return "not bounded"
    if bounds.low is None:
        return f"up to {figure(bounds.high, unit)}"
    if bounds.high is None:
        return f"from {figure(bounds.low, unit)}"
    low, high = figure(bounds.low, unit), figure(bounds.high, unit)
    if low == high:
        return low
    low_number, _, low_unit = low.partition(" ")
    same_unit = unit in _WHOLE or low_unit == high.partition(" ")[2]
    return f"{low_number if same_unit or bounds.low == 0 else low} to {high}"


def seconds(value: float) -> str:
    """A length of time: `30 s`, `10 min`, `1 h 30 min`."""
    if value < 300:
        return f"{count(value) if value == round(value) else number(value)} s"
    minutes = round(value / 60)
    if minutes < 120:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if rest else f"{hours} h"


def plural(amount: float, one: str, many: str | None = None) -> str:
    """`1 request`, `2 requests`."""
    return f"{count(amount)} {one if amount == 1 else many or one + 's'}"


def too_few(amount: float, one: str, many: str | None = None) -> str:
    """`1 request is too few`, `2 requests are too few`."""
    return f"{plural(amount, one, many)} {'is' if amount == 1 else 'are'} too few"
