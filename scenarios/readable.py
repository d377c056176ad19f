"""When an answer was there to be read, however late this process came to read it.

Of many answers that come at once, as after a stall, the last is read only when all others
have been. Locust's response time ends when an answer has been read, so it counts the
reading of the others as the system's. The event loop knows better: answers it hands out in
one turn were all there when it asked the kernel.
"""

import time

import requests
from gevent import get_hub
from locust.contrib.fasthttp import FastResponse

_OF_CLIENTS = (FastResponse, requests.Response)


def taken_us(sent: float, response_time: float, response: object) -> int:
    """Microseconds from the Unix time `sent` until the answer could be read to its end.

    `response_time` is Locust's, in ms. It stands where it is not known better: of what is no
    answer of Locust's own clients, of one that came without this greenlet waiting for it, and
    of one that a journey has put a time of its own to. What arrives of an answer while it is
    being read is counted as there.
    """
    if isinstance(response, _OF_CLIENTS):
        asked = get_hub().loop.now()
        if sent < asked < sent + response_time / 1000 <= time.time():
            return int((asked - sent) * 1_000_000)
    return int(response_time * 1000)
