"""Rows as COPY's text format wants them, in blocks large enough to send at once.

No word in `data/` holds a tab, a line break or a backslash (a test sees to it),
so nothing needs escaping; `BREAK` is a line break inside a field, `NULL` no value.
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from zlib import crc32

import numpy as np
import numpy.typing as npt

from reference_app.seed.popularity import Ints

NULL = r"\N"
BREAK = r"\n"
DAY = 86_400
"""Seconds."""

_BLOCK = 5_000

Block = tuple[int, bytes]
"""How many rows, and their bytes."""


def generator(seed: int, purpose: str) -> np.random.Generator:
    """The random numbers of one purpose: changing one table's draws leaves the others' alone."""
    return np.random.default_rng([seed, crc32(purpose.encode())])


def blocks(rows: Iterable[str]) -> Iterator[Block]:
    """`rows` (each with its line end) gathered into blocks."""
    source = iter(rows)
    while chunk := list(islice(source, _BLOCK)):
        yield len(chunk), "".join(chunk).encode()


def slices(total: int) -> Iterator[slice]:
    """Consecutive stretches of `range(total)`, so that only one is spelled out at a time."""
    for start in range(0, total, 50_000):
        yield slice(start, min(start + 50_000, total))


def stamps(seconds: Ints) -> list[str]:
    """Seconds since 1970 as UTC timestamps; negative means no value."""
    moments: npt.NDArray[np.str_] = np.datetime_as_string(seconds.astype("datetime64[s]"))
    spelled: list[str] = moments.tolist()
    for index in np.flatnonzero(seconds < 0).tolist():
        spelled[index] = NULL
    return spelled


def pick(rng: np.random.Generator, choices: int, size: int) -> Ints:
    """`size` positions in a list of `choices`, all as likely."""
    return rng.integers(0, choices, size)
