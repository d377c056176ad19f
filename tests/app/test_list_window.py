"""Pages of a list are cut from its beginning, which is kept as one."""

from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from reference_app.jobs.list_window import KEPT, PAGE, Listed, Place, pack, page

_places = st.lists(
    st.tuples(st.floats(0, 5) | st.integers(0, 5), st.integers(1, 10_000)),
    unique_by=lambda place: place[1],
    max_size=KEPT + 1,
).map(lambda places: sorted(places, reverse=True))


def _packed(places: list[Place]) -> bytes:
    return pack([Listed(each, str(each[1]), b'{"id":%d}' % each[1]) for each in places])


def _read(shown: bytes | None) -> tuple[list[int], str | None]:
    assert shown is not None
    found: dict[str, Any] = orjson.loads(shown)
    return [item["id"] for item in found["items"]], found["next_cursor"]


@given(places=_places, after=st.none() | st.tuples(st.floats(-1, 6), st.integers(0, 10_001)))
def test_a_page_is_what_follows_wherever_the_one_before_ended(
    places: list[Place], after: Place | None
) -> None:
    shown = page(_packed(places), after)
    following = [each for each in places if after is None or each < after]
    if len(places) > KEPT and len([each for each in following if each in places[:KEPT]]) < PAGE:
        assert shown is None  # what follows is known of in part only
        return
    ids = [each[1] for each in following]
    more = str(ids[PAGE - 1]) if len(ids) > PAGE else None
    assert _read(shown) == (ids[:PAGE], more)
