"""What the memory that workers share looks like when they are forked."""

from itertools import pairwise, repeat

_POOL = 16_384
"""Bytes of the pools that CPython cuts objects of one size from; each begins with a head."""
_POOL_HEAD = 48
_STEP, _LARGEST = 16, 512
"""Its sizes: up to 512 bytes, by 16."""
_BYTES_HEAD = 33
_MOST = 8_000
"""Objects of one size after which it is clear that this is another allocator."""

_SHORT_LIST = 64
"""Until it has so many items a list that grows is itself among the small objects."""


def fill_holes() -> list[object]:
    """Fill the holes that the import left in the heap; they stay filled while the answer is kept.

    A hole is room for one small object among objects that live for ever. A worker would put
    its next small object there, and for a hundred bytes get a page of its own, 4 kB, in place of
    the one it shares with the others. Thousands of holes are filled in the first hours, one after
    the other: that looks like a leak. With none left, new objects lie together on new pages.
    """
    kept: list[object] = []
    for size in range(_STEP, _LARGEST + 1, _STEP):
        kept += _filled(size)
    return kept


def _filled(size: int) -> list[object]:
    """Objects of `size` bytes in all the holes there are for them."""
    a_pool = (_POOL - _POOL_HEAD) // size
    made: list[object] = []
    while len(made) < _MOST:
        begins = len(made)
        # Addresses are numbers, which are objects themselves: they are only looked at afterwards.
        made += [_object_of(size) for _ in repeat(None, _SHORT_LIST + 2 * a_pool)]
        end = _whole_pool([id(one) for one in made[begins:]], size, a_pool)
        if end is not None:
            return made[: begins + end]
    return []


def _whole_pool(addresses: list[int], size: int, a_pool: int) -> int | None:
    """Where a pool begins that was empty, so that there was no hole any more before it."""
    in_a_row = 1
    for at, (one, following) in enumerate(pairwise(addresses), start=1):
        in_a_row = in_a_row + 1 if following == one + size else 1
        if in_a_row == a_pool:
            return at + 1 - a_pool
    return None


def _object_of(size: int) -> object:
    if size == _STEP:
        return object()
    if size == 2 * _STEP:
        return complex()  # noqa: UP018 - a literal is one object
    return bytes(size - _BYTES_HEAD)
