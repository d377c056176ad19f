"""Calls to services elsewhere: few at a time, and none while one is down."""

import asyncio
from threading import Event

import pytest

from reference_app.errors import UnavailableError
from reference_app.kit.outside import Outside
from tests.app.conftest import MakeSettings


def _refusal(retry_after_s: int) -> UnavailableError:
    return UnavailableError("not_there", "Not there.", retry_after_s=retry_after_s)


async def test_so_many_wait_for_one_that_hangs_and_one_more_is_refused_at_once() -> None:
    outside, answers = Outside("hanging", 5, _refusal), Event()
    # One more than there are threads for.
    waiting = [asyncio.create_task(outside.call(answers.wait)) for _ in range(5)]
    await asyncio.sleep(0)
    try:
        with pytest.raises(UnavailableError):
            await asyncio.wait_for(outside.call(answers.wait), 60)
        assert not any(call.done() for call in waiting)
    finally:
        answers.set()
    assert await asyncio.gather(*waiting) == [True] * 5
    assert await outside.call(answers.wait)
    outside.close()


@pytest.mark.parametrize(("slots", "share"), [(64, 16), (8, 2), (2, 2)])
def test_one_thing_takes_a_quarter_of_the_slots(
    make_settings: MakeSettings, slots: int, share: int
) -> None:
    assert make_settings(request_slots=slots).slots_for_one_thing == share
