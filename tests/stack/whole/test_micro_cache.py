"""What nginx keeps for seconds, and for whom."""

import re
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection, HTTPResponse
from urllib.parse import urlsplit
from urllib.request import urlopen
from uuid import uuid4

import pytest

from stack.state import Running
from tests.stack.whole.test_wire import ask

pytestmark = pytest.mark.stack

CROWD = 40


def page() -> str:
    """A public page nobody has asked for before."""
    return f"/api/v1/jobs?q={uuid4().hex}"


def told(answer: HTTPResponse) -> tuple[int, str | None, bool]:
    """Its status, what the cache says of it, and whether a pod says it answered."""
    return answer.status, answer.headers["X-Cache"], answer.headers["X-Pod"] is not None


def test_the_second_visitor_gets_a_copy_with_a_number_of_its_own(full_stack: Running) -> None:
    path = page()
    first, second = (ask(full_stack, "GET", path) for _ in range(2))
    assert told(first) == (200, "MISS", True)
    assert told(second) == (200, "HIT", False)
    assert second.headers["X-Process-Time"] is None
    assert first.headers["X-Request-ID"] != second.headers["X-Request-ID"]
    assert first.headers["X-Process-Time"] is not None


@pytest.mark.parametrize("credential", [{"authorization": "Bearer x"}, {"cookie": "a=b"}])
def test_who_shows_a_credential_always_reaches_a_pod(
    full_stack: Running, credential: dict[str, str]
) -> None:
    path = page()
    ask(full_stack, "GET", path)
    for _ in range(2):
        assert told(ask(full_stack, "GET", path, headers=credential))[1:] == (None, True)


def test_what_the_app_does_not_call_public_is_never_a_copy(full_stack: Running) -> None:
    for path in ("/health", "/api/v1/jobs/999999999", "/api/v1/auth/me"):
        for _ in range(2):
            _, _, from_pod = told(ask(full_stack, "GET", path))
            assert from_pod, path


def test_a_copy_for_one_site_is_not_given_to_another(full_stack: Running) -> None:
    path = page()
    ask(full_stack, "GET", path, headers={"origin": "https://one.example"})
    other = ask(full_stack, "GET", path, headers={"origin": "https://two.example"})
    assert told(other) == (200, "MISS", True)


def test_a_crowd_at_a_new_page_is_one_request(full_stack: Running) -> None:
    path = page()
    before = _served(full_stack)
    with ThreadPoolExecutor(CROWD) as crowd:
        answers = list(
            crowd.map(lambda _: ask(full_stack, "GET", path, address="127.0.0.77"), range(CROWD))
        )
    assert {answer.status for answer in answers} == {200}
    assert sum(answer.headers["X-Pod"] is not None for answer in answers) == 1
    assert _served(full_stack) - before == 1


def test_an_old_copy_is_shown_at_once_while_the_next_is_fetched(full_stack: Running) -> None:
    path = page()
    ask(full_stack, "GET", path)
    seen = []
    deadline = time.monotonic() + 120
    while "STALE" not in seen and "UPDATING" not in seen:
        assert time.monotonic() < deadline, seen
        time.sleep(0.5)
        seen.append(str(ask(full_stack, "GET", path).headers["X-Cache"]))
    assert set(seen) <= {"HIT", "STALE", "UPDATING"}


def test_a_head_stays_a_head(full_stack: Running) -> None:
    parts = urlsplit(full_stack.base_url)
    assert parts.hostname is not None
    connection = HTTPConnection(parts.hostname, parts.port, timeout=20)
    connection.request("HEAD", "/api/v1/jobs")
    assert connection.getresponse().status == 405
    connection.close()


def _served(stack: Running) -> int:
    """Searches the pods have answered, all together."""
    total = 0.0
    for service in stack.services.values():
        if service.service == "backend":
            with urlopen(f"{service.urls['http']}/metrics", timeout=20) as answer:  # noqa: S310
                text = answer.read().decode()
            pattern = r'^http_requests_total\{[^}]*route="/api/v1/jobs"[^}]*\} (\S+)$'
            total += sum(map(float, re.findall(pattern, text, re.MULTILINE)))
    return round(total)
