"""Letters: to a real SMTP server, past every failure, and never in anyone's way."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from structlog.testing import capture_logs

from reference_app.assembly import _end
from reference_app.kit import metrics
from reference_app.kit.mail import Mail, Server
from tests.app.life import until
from tests.app.post_office import PostOffice, post_office

_SENDER = "Board <board@example.com>"


@asynccontextmanager
async def sending(office: PostOffice, **given: Any) -> AsyncIterator[Mail]:
    how = {"user": given.pop("user", None), "password": given.pop("password", None)}
    server = Server("127.0.0.1", office.port, starttls=given.pop("starttls", False), **how)
    mail = Mail(sender=_SENDER, server=server, **{"soonest_retry_s": 0.01, **given})
    task = asyncio.create_task(mail.run())
    try:
        yield mail
    finally:
        await _end([task])
        await mail.close()


def counted() -> tuple[float, float, float]:
    """How many letters were sent, dropped, and failed."""
    return tuple(  # type: ignore[return-value] # there are three
        counter._value.get()
        for counter in (metrics.letters_sent, metrics.letters_dropped, metrics.letters_failed)
    )


def _more(before: tuple[float, float, float]) -> tuple[float, ...]:
    return tuple(now - then for now, then in zip(counted(), before, strict=True))


async def _taken(office: PostOffice, letters: int) -> None:
    await until(lambda: len(office.letters) >= letters, what="letters", patience_s=30)


async def test_a_letter_arrives_as_it_was_written() -> None:
    before = counted()
    async with post_office() as office, sending(office) as mail:
        text = "Grüße from Eleuthera.\n\nhttps://front.test/a#token=" + "x" * 120 + "\n"
        mail.post("ana@example.com", "Your rôle\r\nBcc: all@example.com", text)
        await _taken(office, 1)
        await until(lambda: _more(before) == (1, 0, 0), what="counted")
    (letter,) = office.letters
    assert letter["From"] == _SENDER
    assert letter["To"] == "ana@example.com"
    # A line's end in a subject begins no header of its own.
    assert letter["Subject"] == "Your rôle Bcc: all@example.com"
    assert letter["Bcc"] is None
    assert letter["Date"] is not None
    assert letter["Message-ID"].endswith("@example.com>")
    assert letter.get_content().replace("\r\n", "\n") == text


async def test_many_letters_share_a_connection() -> None:
    async with post_office() as office, sending(office) as mail:
        for number in range(20):
            mail.post(f"p{number}@example.com", "News", "Some.")
        await _taken(office, 20)
    assert {letter["To"] for letter in office.letters} == {f"p{n}@example.com" for n in range(20)}
    assert office.connections == 1


async def test_a_letter_put_off_is_tried_again_and_holds_up_no_other() -> None:
    before = counted()
    async with post_office() as office, sending(office, soonest_retry_s=0.3) as mail:
        office.answers = ["451 later", "421 later still"]
        mail.post("slow@example.com", "First", "1")
        mail.post("slow@example.com", "Second", "2")
        mail.post("quick@example.com", "Third", "3")
        await _taken(office, 3)
        assert office.letters[0]["Subject"] == "Third"
        await until(lambda: _more(before) == (3, 0, 0), what="counted")
    assert office.tried == 5


async def test_one_that_is_never_taken_is_given_up() -> None:
    before = counted()
    async with post_office() as office, sending(office) as mail:
        office.answers = ["451 later"] * 50
        mail.post("ana@example.com", "News", "Some.")
        await until(lambda: _more(before) == (0, 0, 1), what="given up", patience_s=30)
    assert office.tried == 5


async def test_one_refused_for_good_is_not_tried_again_nor_told_of_in_the_log() -> None:
    before = counted()
    with capture_logs() as logs:
        async with post_office() as office, sending(office) as mail:
            office.answers = ["554 ana@example.com wrote secret-token"]
            mail.post("ana@example.com", "News", "secret-token")
            await until(lambda: _more(before) == (0, 0, 1), what="refused", patience_s=30)
            mail.post("ben@example.com", "News", "Some.")
            await _taken(office, 1)
    assert office.tried == 2
    assert any(log["event"] == "letter refused" for log in logs)
    assert not any(word in str(logs) for word in ("ana", "secret-token"))


@pytest.mark.parametrize("to", ["", "nobody", "a@b\r\nRCPT TO:<c@d>", "ü@example.com", "a@\udc80"])
async def test_an_impossible_address_ends_nothing(to: str) -> None:
    before = counted()
    async with post_office() as office, sending(office) as mail:
        mail.post(to, "News", "Some.")
        mail.post("ben@example.com", "News", "Some.")
        await until(lambda: any(office.to("ben@example.com")), what="the next", patience_s=30)
        await until(lambda: sum(_more(before)) == 2, what="both settled", patience_s=30)
    assert not office.to("c@d")


async def test_while_the_server_is_away_letters_wait_and_too_many_are_dropped() -> None:
    before = counted()
    async with post_office() as office:
        await office.closed()
        async with sending(office, soonest_retry_s=1, most_waiting=3) as mail:
            for number in range(10):
                mail.post(f"p{number}@example.com", "News", "Some.")
            assert _more(before) == (0, 7, 0)
            await asyncio.sleep(0.05)
            await office.opened()
            await _taken(office, 3)
        assert _more(before) == (3, 7, 0)


async def test_what_waits_at_the_end_is_sent_first() -> None:
    before = counted()
    async with post_office() as office:
        mail = Mail(sender=_SENDER, server=Server("127.0.0.1", office.port, starttls=False))
        for number in range(5):
            mail.post(f"p{number}@example.com", "News", "Some.")
        await mail.close()
        assert len(office.letters) == 5
        await office.closed()
        mail.post("late@example.com", "News", "Some.")
        await mail.close()
    assert _more(before) == (5, 0, 1)


async def test_it_logs_in_and_a_wrong_password_loses_no_time_for_ever() -> None:
    before = counted()
    async with post_office("board", "secret-word") as office:
        async with sending(office, user="board", password="secret-word") as mail:
            mail.post("ana@example.com", "News", "Some.")
            await _taken(office, 1)
        with capture_logs() as logs:
            async with sending(office, user="board", password="wrong-word") as mail:
                mail.post("ben@example.com", "News", "Some.")
                await until(lambda: _more(before)[2] == 1, what="given up", patience_s=30)
    assert "word" not in str(logs)
    assert not office.to("ben@example.com")


async def test_a_server_without_encryption_is_told_nothing_if_it_is_asked_for() -> None:
    before = counted()
    async with (
        post_office("board", "secret-word") as office,
        sending(office, user="board", password="secret-word", starttls=True) as mail,
    ):
        mail.post("ana@example.com", "News", "Some.")
        await until(lambda: _more(before) == (0, 0, 1), what="given up", patience_s=30)
    assert office.tried == 0


def _certified(folder: Path) -> tuple[ssl.SSLContext, str]:
    """A server's encryption, and the file of the certificate to trust for it."""
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "post.test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    public, secret = folder / "cert.pem", folder / "key.pem"
    pem = serialization.Encoding.PEM
    public.write_bytes(certificate.public_bytes(pem))
    secret.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    encryption = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    encryption.load_cert_chain(public, secret)
    return encryption, str(public)


@pytest.mark.parametrize("trusted", [True, False])
async def test_passwords_and_letters_go_encrypted_and_to_who_is_trusted_alone(
    trusted: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = counted()
    encryption, certificate = _certified(tmp_path)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", certificate)
    async with (
        post_office("board", "secret-word", encryption) as office,
        sending(office, user="board", password="secret-word", starttls=True) as mail,
    ):
        mail.post("ana@example.com", "News", "Some.")
        outcome = (1, 0, 0) if trusted else (0, 0, 1)
        await until(lambda: _more(before) == outcome, what="settled", patience_s=30)
    assert len(office.letters) == trusted


@pytest.mark.parametrize("shows_text", [True, False])
async def test_without_a_server_it_is_noted_and_shown_in_development_alone(
    shows_text: bool,
) -> None:
    before = counted()
    with capture_logs() as logs:
        mail = Mail(sender=_SENDER, shows_text=shows_text)
        mail.post("ana@example.com", "News", "secret-token")
    (log,) = logs
    assert (log["event"], log["subject"], log["domain"]) == ("letter", "News", "example.com")
    assert ("secret-token" in str(log)) == shows_text
    assert "ana" not in str(log)
    assert _more(before) == (1, 0, 0)
