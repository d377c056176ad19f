"""Whom nginx takes a visitor for, and how much it lets one address have."""

import select
import socket
import time
from collections import Counter
from contextlib import ExitStack
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from stack.state import Running
from tests.stack.whole.test_wire import ask

pytestmark = pytest.mark.stack

CONNECTIONS, MORE = 50, 5
"""At once from one address (see deploy/nginx/site.conf), and how many ask for more."""
NEEDED_S = 20
"""In which a slow machine asks eighty times."""


def test_an_address_one_makes_up_opens_no_limit(full_stack: Running) -> None:
    seen = Counter[tuple[int, bool]]()
    # The limit is by the minutes of the clock: all are to fall into one.
    left_s = 60 - time.time() % 60
    if left_s < NEEDED_S:
        time.sleep(left_s)
    for number in range(80):
        if number == 70:
            # Workers add up what they counted four times a second.
            time.sleep(1)
        headers = {
            "X-Forwarded-For": f"203.0.113.{number}",
            "X-Real-IP": f"203.0.113.{number}",
            "Forwarded": f"for=203.0.113.{number}",
        }
        path = f"/api/v1/jobs?q={uuid4().hex}"
        answer = ask(full_stack, "GET", path, headers=headers, address="127.0.0.81")
        seen[answer.status, answer.headers["X-Pod"] is not None] += 1
    # The app lets an address search sixty times a minute, and the pods say so themselves.
    assert seen.keys() == {(200, True), (429, True)}
    assert (
        ask(full_stack, "GET", f"/api/v1/jobs?q={uuid4().hex}", address="127.0.0.83").status == 200
    )


def test_one_address_has_so_many_requests_under_way_and_no_more(full_stack: Running) -> None:
    with ExitStack() as stack:
        waiting = [stack.enter_context(begun(full_stack)) for _ in range(CONNECTIONS + MORE)]
        answered: list[socket.socket] = []
        while len(answered) < MORE:
            answered, _, _ = select.select(waiting, [], [], 20)
            assert answered, "nobody is refused"
        assert all(one.recv(4096).startswith(b"HTTP/1.1 429 ") for one in answered)
        still = [one for one in waiting if one not in answered]
        assert len(still) == CONNECTIONS
        assert select.select(still, [], [], 0.5)[0] == []
        assert ask(full_stack, "GET", "/health", address="127.0.0.84").status == 200


def begun(stack: Running) -> socket.socket:
    """A request whose body is promised and does not come."""
    parts = urlsplit(stack.base_url)
    place = (str(parts.hostname), parts.port or 80)
    connection = socket.create_connection(place, 20, ("127.0.0.82", 0))
    connection.sendall(b"POST /api/v1/auth/login HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n")
    return connection
