"""Latency histograms: microseconds, 1 us to 60 s, three significant digits, mergeable.

The one place that knows the histogram library. Values are exact to 0.1 %
(high dynamic range buckets, Gil Tene, HdrHistogram). Percentiles are computed
from counts, never from averages of percentiles.
"""

from collections import Counter
from collections.abc import Iterable
from ctypes import addressof, memset, sizeof
from sys import maxsize

from hdrh.histogram import HdrHistogram

from capacity.errors import HmbError

LOWEST_US = 1
HIGHEST_US = 60_000_000
SIGNIFICANT_DIGITS = 3


class HistogramError(HmbError, ValueError):
    """What is no latency histogram."""


_UNIT_BITS = 11
"""Three digits take 2,048 buckets per power of two: smaller values each have their own."""
_OF_THEIR_OWN = 1 << _UNIT_BITS


class Histogram:
    """Counts of latencies in microseconds.

    Values below 1 us count as 1 us and values above 60 s as 60 s, so that no
    request is ever lost from the count.
    """

    __slots__ = ("_hdr",)

    def __init__(self) -> None:
        self._hdr = HdrHistogram(LOWEST_US, HIGHEST_US, SIGNIFICANT_DIGITS)

    def record(self, microseconds: int, count: int = 1) -> None:
        """Add `count` latencies of `microseconds`."""
        clamped = min(max(microseconds, LOWEST_US), HIGHEST_US)
        self._hdr.record_value(clamped, count)

    def record_all(self, microseconds: Iterable[int]) -> None:
        """Add many latencies at once: the same counts as `record` one by one, for less CPU.

        The library takes microseconds to find one latency's bucket; here it is arithmetic.
        """
        values = list(microseconds)
        if not values:
            return
        least, most = min(values), max(values)
        if least < LOWEST_US or most > HIGHEST_US:
            values = [min(max(one, LOWEST_US), HIGHEST_US) for one in values]
            least, most = min(values), max(values)
        hdr = self._hdr
        counts = hdr.counts
        for index, often in Counter(_indices(values)).items():
            counts[index] += often
        hdr.total_count += len(values)
        hdr.min_value = min(hdr.min_value, least)
        hdr.max_value = max(hdr.max_value, most)

    def clear(self) -> None:
        """Forget all counts: cheaper than another histogram, which is 200 KB of memory."""
        hdr = self._hdr
        if hdr.total_count:
            used = hdr.get_counts_array_index(hdr.max_value) + 1
            memset(addressof(hdr.counts), 0, used * sizeof(hdr.counts._type_))
        hdr.total_count, hdr.min_value, hdr.max_value = 0, maxsize, 0

    @property
    def count(self) -> int:
        """How many latencies are counted."""
        return int(self._hdr.get_total_count())

    def percentile(self, percent: float) -> float:
        """The latency in microseconds at or below which `percent` of the requests lie.

        Raises `ValueError` on an empty histogram: it has no percentile.
        """
        if self.count == 0:
            raise ValueError("an empty histogram has no percentiles")
        return float(self._hdr.get_value_at_percentile(percent))

    def mean(self) -> float:
        """The mean latency in microseconds; `ValueError` when empty."""
        if self.count == 0:
            raise ValueError("an empty histogram has no mean")
        return sum(value * often for value, often in self.counts()) / self.count

    def maximum(self) -> float:
        """The largest latency in microseconds, to three digits; `ValueError` when empty."""
        if self.count == 0:
            raise ValueError("an empty histogram has no maximum")
        return float(self._hdr.get_max_value())

    def counts(self) -> list[tuple[float, int]]:
        """Each latency seen, in microseconds, with how often; rising. Empty when empty.

        A latency stands for its bucket by the middle of it. The library's own iterators look
        at every bucket there is in Python, which takes a hundred times as long.
        """
        middle, value = self._hdr._hdr_median_equiv_value, self._hdr.get_value_from_index
        return [
            (float(middle(value(index))), int(often))
            for index, often in enumerate(self._hdr.counts)
            if often
        ]

    def merge(self, other: "Histogram") -> None:
        """Add the counts of `other` to this one, exactly."""
        self._hdr.add(other._hdr)

    def encode(self) -> str:
        """The counts as compressed base64 text (HdrHistogram V2 format)."""
        blob = self._hdr.encode()
        return blob.decode("ascii") if isinstance(blob, bytes) else str(blob)

    @classmethod
    def decode(cls, blob: str) -> "Histogram":
        """The histogram that `encode` wrote. Raises `HistogramError` on anything else."""
        new = cls()
        try:
            new._hdr = HdrHistogram.decode(blob)
        except Exception as error:  # the library raises many kinds on bad input
            raise HistogramError(
                "a latency histogram of the record is damaged; run the load test again"
            ) from error
        return new

    @classmethod
    def merged(cls, parts: Iterable["Histogram"]) -> "Histogram":
        """The sum of `parts`."""
        total = cls()
        for part in parts:
            total.merge(part)
        return total


def _indices(values: Iterable[int]) -> list[int]:
    """Where the library counts `values`, which lie between the lowest and the highest."""
    # in one expression, as a call for each would take longer than the rest
    return [
        value
        if value < _OF_THEIR_OWN
        else ((shift := value.bit_length() - _UNIT_BITS) << _UNIT_BITS - 1) + (value >> shift)
        for value in values
    ]
