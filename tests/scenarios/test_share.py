"""Shares of a load: together they are the whole, each part once."""

from itertools import chain
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from capacity.load_model import Piece
from scenarios.arrivals.curve import due_times
from scenarios.share import Share


@given(st.integers(0, 500), st.integers(1, 12))
def test_all_shares_are_the_whole_each_part_once(parts: int, of: int) -> None:
    shares = [Share(number=number, of=of) for number in range(of)]
    picked = [list(share.pick(range(parts))) for share in shares]
    assert sorted(chain(*picked)) == list(range(parts))
    assert [share.count(parts) for share in shares] == [len(one) for one in picked]
    assert max(map(len, picked)) - min(map(len, picked)) <= 1


@given(st.integers(1, 9), st.integers(0, 99))
def test_a_schedule_divided_is_the_schedule(of: int, seed: int) -> None:
    def schedule() -> list[float]:
        pieces = [Piece(seconds=2, start=10, end=90), Piece(seconds=1, start=90, end=90)]
        return list(due_times(pieces, "poisson", Random(f"{seed}/arrivals")))

    divided = [list(Share(number=number, of=of).pick(schedule())) for number in range(of)]
    assert sorted(chain(*divided)) == schedule()
