"""Checks of a deployment, against a real small server with one fault each."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from capacity.checklist.steps import Alert, Answer, Named, Query, steps
from stack.preflight.asking import Server
from stack.preflight.env_file import EnvFile
from stack.preflight.run import Deployment, go_through
from tests.preflight.small_site import OWN, Site, served

TODAY = date(2026, 11, 28)
ENV = EnvFile(Path("e"), {"CORS_ORIGINS": OWN}, {}, frozenset())
_OF_TLS = {"certificate-valid", "certificate-days", "tls-modern", "http-to-https"}


def _found(site: Site, *ids: str) -> dict[str, str]:
    asked = [one for one in steps() if isinstance(one.check, Answer | Named | Query | Alert)]
    chosen = [one for one in asked if one.id in ids] if ids else asked
    with served(site):
        server = Server(site.url)
        seen = Deployment(Path(), ENV, server, server, server)
        return {f.step.id: f.outcome.state.value for f in go_through(chosen, seen, {}, TODAY)}


def _answers() -> list[str]:
    env = {"private_file", "no_unknown", "all_required", "distinct_secrets", "pool_budget"}
    env |= {"pods_into_redis", "redis_in_memory", "stripe_is_live"}
    return [
        one.id
        for one in steps()
        if isinstance(one.check, Answer)
        or (isinstance(one.check, Named) and one.check.name not in env)
    ]


def test_a_sound_deployment_passes_and_what_needs_tls_is_not_checked() -> None:
    found = _found(Site(), *_answers())
    assert len(found) > 40
    assert {name for name, state in found.items() if state == "not checked"} == _OF_TLS
    assert {name for name, state in found.items() if state == "failed"} == set()


def _without(header: str) -> Callable[[Site], None]:
    return lambda site: site.headers.__delitem__(header)


FAULTS: list[tuple[str, Callable[[Site], None]]] = [
    ("header-hsts", _without("Strict-Transport-Security")),
    ("header-frames", _without("X-Frame-Options")),
    ("header-csp", _without("Content-Security-Policy")),
    ("headers-with-errors", _without("X-Content-Type-Options")),
    ("header-hsts", lambda site: site.headers.update({"Strict-Transport-Security": "max-age=60"})),
    ("header-server", lambda site: site.headers.update({"Server": "nginx/1.22.1"})),
    ("header-powered", lambda site: site.headers.update({"X-Powered-By": "Express"})),
    (
        "header-csp-strict",
        lambda site: site.headers.update(
            {"Content-Security-Policy": "default-src 'none'; script-src 'unsafe-inline'"}
        ),
    ),
    ("ready-reads", lambda site: setattr(site, "reads", False)),
    ("ready-writes", lambda site: setattr(site, "writes", False)),
    ("health-lives", lambda site: site.statuses.update({"/health": 503})),
    ("health-quick", lambda site: site.statuses.update({"/health": 503})),
    ("metrics-hidden", lambda site: site.statuses.update({"/metrics": 200})),
    ("admin-closed", lambda site: site.statuses.update({"/api/v1/admin/users": 200})),
    ("bad-token", lambda site: site.statuses.update({"/api/v1/auth/me": 200})),
    ("robots", lambda site: site.statuses.update({"/robots.txt": 404})),
    ("webhook-unsigned", lambda site: site.statuses.update({"/api/v1/subscriptions/webhook": 200})),
    ("webhook-forged", lambda site: site.statuses.update({"/api/v1/subscriptions/webhook": 200})),
    ("limit-sign-in", lambda site: setattr(site, "sign_ins", 10**6)),
    ("cookies-safe", lambda site: setattr(site, "cookie", "session=1; HttpOnly")),
    ("cors-own", lambda site: setattr(site, "lets_in", ())),
    ("cors-strangers", lambda site: setattr(site, "lets_in", ("https://preflight.invalid", OWN))),
    ("request-ids", lambda site: setattr(site, "same_id", True)),
]


@pytest.mark.parametrize(("step", "spoil"), FAULTS)
def test_each_fault_fails_its_step(step: str, spoil: Callable[[Site], None]) -> None:
    assert _found(Site(), step) == {step: "passed"}
    faulty = Site()
    spoil(faulty)
    assert _found(faulty, step) == {step: "failed"}


def test_alerts_and_figures_are_read_from_prometheus() -> None:
    sound = Site(alerts=["LatencyHigh"], figures={"p95": 0.15})
    assert _found(sound, "alert-latency", "latency-now", "alert-errors") == {
        "alert-latency": "passed",
        "alert-errors": "failed",
        "latency-now": "passed",
    }
    assert _found(Site(figures={"p95": 0.3}), "latency-now") == {"latency-now": "failed"}
    assert _found(Site(), "latency-now") == {"latency-now": "not checked"}


def test_who_does_not_answer_was_not_checked() -> None:
    with served(Site()) as gone:
        pass
    step = [one for one in steps() if one.id == "health-lives"]
    (found,) = go_through(step, Deployment(Path(), site=Server(gone.url)), {}, TODAY)
    assert found.outcome.state.value == "not checked"
    assert "does not answer" in found.outcome.note


def test_what_nobody_named_was_not_checked() -> None:
    for found in go_through(steps(), Deployment(Path.cwd()), {}, TODAY):
        if isinstance(found.step.check, Answer | Named | Query | Alert):
            assert found.outcome.state.value == "not checked", found.step.id
            assert found.outcome.note.startswith("needs --")
