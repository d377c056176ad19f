"""When an answer could be read, however long the generator took to come to it."""

import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

from scenarios import runner

SCRIPT = """
import locust  # patches the standard library, as in the generator
import json, time
import gevent
from gevent import socket
from locust.contrib.fasthttp import FastResponse
from scenarios.readable import taken_us

ANSWERS, READING_S = 5, 0.03
ends = [socket.socketpair() for _ in range(ANSWERS)]
answer = FastResponse.__new__(FastResponse)  # whose it is counts, not what it says
sent, found, woken = time.time(), [], []

def wait(mine):
    mine.recv(1)
    woken.append(mine)
    began = time.perf_counter()
    while time.perf_counter() < began + READING_S:
        pass
    by_clock = 1000 * (time.time() - sent)
    found.append((
        int(1000 * by_clock),
        taken_us(sent, by_clock, answer),
        taken_us(sent, by_clock, object()),
        taken_us(sent, 1e6, answer),
        taken_us(time.time(), 7.0, answer),
    ))

waiting = [gevent.spawn(wait, mine) for mine, _theirs in ends]
gevent.sleep(0.01)
assert not woken
for _mine, theirs in ends:  # all before anyone may read: they come in one moment
    theirs.sendall(b"x")
gevent.joinall(waiting)
print(json.dumps(found))
"""


def test_answers_that_come_at_once_are_as_old_however_late_they_are_read() -> None:
    told = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        cwd=Path(runner.__file__).parents[1],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    by_clock, taken, of_others, made_up, not_waited = zip(*json.loads(told), strict=True)
    # one after the other was read, for 30 ms each
    assert min(late - early for early, late in pairwise(by_clock)) >= 30_000
    assert len(set(taken)) == 1
    assert 10_000 <= taken[0] <= by_clock[0] - 30_000
    # what the loop cannot know stands as it was told
    assert of_others == by_clock
    assert set(made_up) == {10**9}
    assert set(not_waited) == {7_000}
