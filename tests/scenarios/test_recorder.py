"""What the recorder hears of comes into the spool, whenever the run ends."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

from capacity.histogram import Histogram
from capacity.spool import Fold, fold
from scenarios import runner
from scenarios.tallies import BATCH
from tests.scenarios.known import drive, known_server

BEGIN = """
import locust  # patches the standard library, as in the generator
import json, time
from pathlib import Path
import gevent
from locust.env import Environment
from capacity.load_model import ClosedLoad
from scenarios.orders import Orders
from scenarios.recorder import Recorder, watch

orders = Orders(
    generator="one", locustfile=Path("x.py"), spool=Path("load.jsonl"), host="",
    load=ClosedLoad(users=1), warmup_s=0, duration_s=3600, finish_s=1, seed=1,
)
written = []
recorder = Recorder(orders, written.append)
"""
HEARD_BEFORE, HEARD_AFTER = 2 * BATCH + 7, BATCH + 5
LISTEN = f"""
environment = Environment()
recorder.attach(environment)
recorder.open(time.time())

def tell(count):
    for number in range(count):
        environment.events.request.fire(
            request_type="GET", name=f"/page/{{number % 3}}", response_time=1 + number,
            response_length=10, exception=OSError("gone") if number % 5 == 0 else None,
            response=None, context={{}}, start_time=time.time(), url="",
        )

tell({HEARD_BEFORE})
while not any('"beat"' in lines for lines in written):
    gevent.sleep(0.05)
broken_off = "".join(written)
tell({HEARD_AFTER})
recorder.close("it was stopped")
print(json.dumps([broken_off, "".join(written)]))
"""
LOCUST_TOO = f"""
watched, plain = Environment(), Environment()
for environment in (watched, plain):
    environment.create_local_runner()
recorder.attach(watched)

def fire(number, took=None):
    if number % 7 and took is None:
        took = 1.5 * number
    for environment in (watched, plain):
        environment.events.request.fire(
            request_type="GET" if number % 4 else "POST", name=f"/page/{{number % 3}}",
            response_time=took, response_length=number,
            exception=OSError("gone") if number % 50 == 49 else None,
            response=None, context={{}}, start_time=time.time(), url="",
        )

def all_seen(environment):
    stats = environment.stats
    entries = [stats.total, *(entry for _, entry in sorted(stats.entries.items()))]
    return [
        [
            [
                one.method, one.name, one.num_requests, one.num_none_requests, one.num_failures,
                one.total_response_time, one.min_response_time, one.max_response_time,
                one.total_content_length, sum(one.num_reqs_per_sec.values()),
                sum(one.num_fail_per_sec.values()), sorted(one.response_times.items()),
            ]
            for one in entries
        ],
        sorted([error.method, error.name, error.occurrences] for error in stats.errors.values()),
    ]

for number in range(1, 6):
    fire(number)
for environment in (watched, plain):
    environment.stats.clear_all()
recorder.statistics.drop()
shares = []
for number in range({HEARD_BEFORE}):
    fire(number, *(["no time"] if number == 60 else []))
    if number % 50 == 49:
        shares.append([one.stats.total.fail_ratio for one in (watched, plain)])
waiting = plain.stats.total.num_requests - watched.stats.total.num_requests
recorder.open(time.time())
recorder.close()
fire(1)
print(json.dumps([waiting, shares, all_seen(watched), all_seen(plain)]))
"""
EARLY = """
import json, time
from locust import FastHttpUser, constant, events, task

def sent(environment, name):
    environment.events.request.fire(
        request_type="GET", name=name, response_time=1.0, response_length=0, exception=None,
        response=None, context={}, start_time=time.time(), url="",
    )

@events.init.add_listener
def before(environment, **_):
    sent(environment, "/before the start")

@events.test_start.add_listener
def at_the_start(environment, **_):
    sent(environment, "/at the start")

@events.test_stop.add_listener
def at_the_end(environment, **_):
    sent(environment, "/at the end")
    seen = sorted(name for name, _ in environment.stats.entries)
    open("seen.json", "w").write(json.dumps([seen, environment.stats.total.num_requests]))

class Person(FastHttpUser):
    wait_time = constant(0.05)
    @task
    def page(self):
        self.client.get("/page")
"""
CUT_OFF = """
class Session:
    request_name = None
    def request(self, method, url, name=None, **options):
        gevent.sleep(options.get("lasts", 3600))
        return method, url, name, options

watch(Session, recorder)
recorder.open(time.time())
session, grouped = Session(), Session()
grouped.request_name = "group"
answered = session.request("GET", "/quick", lasts=0, catch_response=True)
hanging = [
    gevent.spawn(session.request, "GET", "/by url"),
    gevent.spawn(session.request, "PUT", "/named", "by place"),
    gevent.spawn(session.request, method="POST", url="/named", name="by keyword"),
    gevent.spawn(grouped.request, "GET", "/in a group", context={"intended": time.time()}),
]
gevent.sleep(0)
under_way = recorder.in_flight
gevent.killall(hanging)
recorder.close()
print(json.dumps([answered, under_way, recorder.in_flight, "".join(written)]))
"""


def told(script: str) -> list[object]:
    """What a generator's recorder wrote, in a process where Locust may patch what it likes."""
    done = subprocess.run(
        [sys.executable, "-c", BEGIN + script],
        cwd=Path(runner.__file__).parents[1],
        check=True,
        capture_output=True,
        text=True,
    )
    found: list[object] = json.loads(done.stdout)
    return found


def expected(*counts: int) -> tuple[Counter[str], dict[str, Histogram]]:
    """Requests by endpoint, and the latencies of those that succeeded."""
    asked = [(f"/page/{number % 3}", number) for count in counts for number in range(count)]
    times = {f"/page/{page}": Histogram() for page in range(3)}
    for name, number in asked:
        if number % 5:
            times[name].record(1000 * (1 + number))
    return Counter(name for name, _ in asked), times


def holds(found: Fold, *counts: int) -> None:
    requests, times = expected(*counts)
    endpoints = found.endpoints()
    assert {one.endpoint: one.requests for one in endpoints} == requests
    for one in endpoints:
        assert one.bytes_received == 10 * one.requests
        assert one.failures == one.requests - times[one.endpoint].count
        assert Histogram.decode(one.failed).count == one.failures
        for blob in (one.raw, one.corrected):
            assert Histogram.decode(blob).counts() == times[one.endpoint].counts()


def test_batches_lose_nothing_and_a_run_broken_off_keeps_what_was_written() -> None:
    broken_off, whole = (fold(str(lines).splitlines()) for lines in told(LISTEN))
    # a process that is killed says no more than this, and that is all of its last second
    holds(broken_off, HEARD_BEFORE)
    assert broken_off.closings == {}
    # one that is stopped adds what it has not added up yet
    holds(whole, HEARD_BEFORE, HEARD_AFTER)
    assert whole.closings["one"].error == "it was stopped"


def test_locust_s_own_statistics_are_what_they_would_be_without_us() -> None:
    waiting, shares, ours, plain = told(LOCUST_TOO)
    assert ours == plain
    # it is us who add up, many at once
    assert waiting == HEARD_BEFORE % 50
    # a journey may stop its load by what failed so far
    assert isinstance(shares, list)
    assert shares
    assert all(ours == plain for ours, plain in shares)


def test_locust_s_statistics_begin_with_the_load_and_end_when_it_has_ended(tmp_path: Path) -> None:
    journeys, seen = tmp_path / "early.py", tmp_path / "seen.json"
    journeys.write_text(EARLY.replace("seen.json", str(seen)))
    with known_server(quick=True) as server:
        drive(server, journeys, tmp_path / "runs", users=1, warmup_s=0, duration_s=1)
    names, requests = json.loads(seen.read_text())
    assert names == ["/at the end", "/at the start", "/page"]
    assert requests > 3


def test_requests_cut_off_are_unfinished_however_they_were_asked_for() -> None:
    answered, under_way, left, lines = told(CUT_OFF)
    assert answered == ["GET", "/quick", None, {"lasts": 0, "catch_response": True}]
    assert (under_way, left) == (4, 0)
    found = fold(str(lines).splitlines()).endpoints()
    assert {(one.method, one.endpoint) for one in found} == {
        ("GET", "/by url"),
        ("PUT", "by place"),
        ("POST", "by keyword"),
        ("GET", "group"),
    }
    assert all(one.errors == {"unfinished": one.requests} for one in found)
