"""The local post office as part of the stack: letters can be read without a mail server."""

import smtplib
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

import httpx2
import pytest

from stack import engine, places
from stack.native.site import NativeStack, build
from stack.state import Choices


def built(home: Path, *profiles: str) -> NativeStack:
    choices = Choices(engine="native", pods=2, replicas=0, profiles=profiles)
    return build(places.prepare(home), choices, {})


def test_a_letter_handed_in_can_be_read(make_home: Callable[[], Path]) -> None:
    running = engine.up(make_home(), services={"mail"}, bound=True)
    office = running.services["mail"]
    letter = EmailMessage()
    letter["From"], letter["To"] = "board@example.com", "Una <una@example.com>"
    letter["Subject"] = "Ihr Paßwort <neu>"
    letter.set_content("A link: https://front.test/reset#token=äöü & more\n")
    with smtplib.SMTP("127.0.0.1", office.ports[12113], timeout=10) as post:
        post.send_message(letter)
    with httpx2.Client(base_url=office.urls["http"], timeout=10) as client:
        (kept,) = client.get("/letters", params={"to": "una@example.com"}).json()
        assert kept["subject"] == "Ihr Paßwort <neu>"
        assert kept["text"] == "A link: https://front.test/reset#token=äöü & more\n"
        assert client.get("/letters", params={"to": "due@example.com"}).json() == []
        page = client.get("/").text
    assert "Ihr Paßwort &lt;neu&gt;" in page
    assert "#token=äöü &amp; more" in page


def test_the_app_is_led_to_it_with_the_profile_only(
    make_home: Callable[[], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    home = make_home()
    without = built(home).adapters
    assert "mail" not in without
    assert without["backend-1"].environment()["MAIL_BACKEND"] == "console"
    adapters = built(home, "local").adapters
    settings = adapters["backend-1"].environment()
    assert settings["MAIL_BACKEND"] == "smtp"
    assert settings["SMTP_HOST"] == "127.0.0.1"
    assert settings["SMTP_PORT"] == str(adapters["mail"].port(12113))
    monkeypatch.setenv("MAIL_BACKEND", "smtp")
    monkeypatch.setenv("SMTP_HOST", "smtp.example.com")
    brought = built(home, "local").adapters
    assert "mail" not in brought
    assert brought["backend-1"].environment()["SMTP_HOST"] == "smtp.example.com"
