"""Pages of a list are cut from its beginning, which is kept as one."""

import random
from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from reference_app.jobs.list_window import KEPT, PAGE, Listed, Place, pack, page

_SIZES = (0, 1, PAGE, PAGE + 1, 2 * PAGE, KEPT - 1, KEPT, KEPT + 1)


@st.composite
def _lists(draw: st.DrawFn) -> tuple[list[Place], Place | None]:
    """A list as it was read, and where a page of it, or of what it was before, ended."""
    chance = random.Random(draw(st.integers()))
    size = draw(st.just(KEPT + 1) | st.sampled_from(_SIZES))
    ids = chance.sample(range(1, 1_000), size)
    places = sorted(((float(chance.randrange(9)), each) for each in ids), reverse=True)
    somewhere = st.tuples(st.floats(-1, 9), st.integers(0, 1_000))
    ends = [st.sampled_from(some) for some in (places, places[-PAGE:]) if some]
    return places, draw(st.one_of(st.none(), somewhere, *ends))


def _packed(places: list[Place]) -> bytes:
    return pack([Listed(each, b'{"id":%d}' % each[1]) for each in places], _cursor_after)


def _cursor_after(place: Place) -> str:
    return f"{place[0]} {place[1]}"


def _read(shown: bytes | None) -> tuple[list[int], str | None]:
    assert shown is not None
    found: dict[str, Any] = orjson.loads(shown)
    return [item["id"] for item in found["items"]], found["next_cursor"]


@given(read=_lists())
def test_a_page_is_what_follows_wherever_the_one_before_ended(
    read: tuple[list[Place], Place | None],
) -> None:
    places, after = read
    shown = page(_packed(places), after, _cursor_after)
    following = [each for each in places if after is None or each < after]
    if len(places) > KEPT and len([each for each in following if each in places[:KEPT]]) < PAGE:
        assert shown is None  # what follows is known of in part only
        return
    more = _cursor_after(following[PAGE - 1]) if len(following) > PAGE else None
    assert _read(shown) == ([each[1] for each in following[:PAGE]], more)
