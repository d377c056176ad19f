"""Messages sent and heard of, matched in whichever order the two come."""

import pytest

from scenarios import deliveries
from scenarios.deliveries import DELIVERY, OPENING, Deliveries, UndeliveredError

Told = list[tuple[str, float, float | None, Exception | None]]

BOB, TALK = 7, 3


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr(deliveries.time, "time", lambda: now[0])
    return now


@pytest.fixture
def told() -> Told:
    return []


@pytest.fixture
def followed(told: Told) -> Deliveries:
    found = Deliveries(lambda *what: told.append(what))
    found.listens(BOB)
    return found


def test_a_message_takes_from_its_request_to_the_news_of_it(
    followed: Deliveries, told: Told, clock: list[float]
) -> None:
    followed.sent(BOB, TALK, 41, at=99.5)
    clock[0] = 100.25
    followed.heard(BOB, TALK, 41)
    assert told == [(DELIVERY, 99.5, 0.75, None)]
    followed.heard(BOB, TALK, 41)
    assert len(told) == 1


def test_news_may_overtake_the_senders_answer(
    followed: Deliveries, told: Told, clock: list[float]
) -> None:
    followed.heard(BOB, TALK, 41)
    clock[0] = 100.5
    followed.sent(BOB, TALK, 41, at=99.75)
    assert told == [(DELIVERY, 99.75, 0.25, None)]


def test_news_of_a_later_message_tells_of_those_before(
    followed: Deliveries, told: Told, clock: list[float]
) -> None:
    for message in (41, 42, 44):
        followed.sent(BOB, TALK, message, at=100.0)
    clock[0] = 101.0
    followed.heard(BOB, TALK, 42)
    assert [taken for _, _, taken, _ in told] == [1.0, 1.0]
    followed.heard(BOB, TALK, 44)
    assert len(told) == 3


def test_news_of_another_conversation_or_person_says_nothing(
    followed: Deliveries, told: Told, clock: list[float]
) -> None:
    followed.listens(8)
    followed.sent(BOB, TALK, 41, at=100.0)
    followed.heard(BOB, TALK + 1, 50)
    followed.heard(8, TALK, 50)
    assert told == []


def test_only_those_who_listen_are_expected_to_hear(
    followed: Deliveries, told: Told, clock: list[float]
) -> None:
    followed.sent(8, TALK, 41, at=100.0)
    followed.heard(8, TALK, 41)
    followed.sent(BOB, TALK, 42, at=100.0)
    followed.listens_no_more(BOB)
    followed.heard(BOB, TALK, 42)
    assert told == []


def test_a_message_nobody_hears_of_is_told_as_undelivered(
    followed: Deliveries, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_up = []
    monkeypatch.setattr(
        deliveries.gevent, "spawn_later", lambda after, what, *with_: given_up.append((what, with_))
    )
    followed.sent(BOB, TALK, 41, at=100.0)
    followed.sent(BOB, TALK, 42, at=100.0)
    followed.heard(BOB, TALK, 41)
    for what, with_ in given_up:
        what(*with_)
    (_, lost) = told
    assert lost[:3] == (DELIVERY, 100.0, None)
    assert isinstance(lost[3], UndeliveredError)


def test_openings_are_told_with_what_went_wrong(
    followed: Deliveries, told: Told, clock: list[float]
) -> None:
    refused = OSError("refused")
    followed.opened(99.0, None)
    followed.opened(99.0, refused)
    assert told == [(OPENING, 99.0, 1.0, None), (OPENING, 99.0, 1.0, refused)]
