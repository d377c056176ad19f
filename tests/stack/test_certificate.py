"""The certificate nginx starts with: made when there is none, and nobody's own is replaced."""

import subprocess
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "deploy/nginx/make-certificate.sh"
CERTIFICATE, KEY = "tls.crt", "tls.key"


def make(folder: Path) -> bytes:
    """Run the script; the certificate that is there afterwards."""
    environment = {"PATH": "/usr/bin:/bin", "TLS_DIRECTORY": str(folder), "TLS_NAME": "board.test"}
    subprocess.run(["sh", str(SCRIPT)], env=environment, check=True, capture_output=True)
    return (folder / CERTIFICATE).read_bytes()


def openssl(folder: Path, *words: str) -> str:
    done = subprocess.run(
        ["openssl", *words], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout


def test_one_is_made_once_with_its_key_and_name(tmp_path: Path) -> None:
    first = make(tmp_path)
    told = openssl(tmp_path, "x509", "-in", CERTIFICATE, "-noout", "-ext", "subjectAltName")
    assert "DNS:board.test" in told
    assert (tmp_path / KEY).stat().st_mode & 0o077 == 0
    assert make(tmp_path) == first


def test_of_its_own_it_replaces_one_that_ends_within_a_week(tmp_path: Path) -> None:
    new = ("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=board.test")
    openssl(tmp_path, *new, "-days", "2", "-keyout", KEY, "-out", CERTIFICATE)
    ending = (tmp_path / CERTIFICATE).read_bytes()
    assert make(tmp_path) != ending


def test_one_that_somebody_signed_is_left_alone_even_when_it_ends(tmp_path: Path) -> None:
    new = ("req", "-newkey", "rsa:2048", "-nodes")
    openssl(tmp_path, *new, "-x509", "-subj", "/CN=signer", "-keyout", "ca.key", "-out", "ca.crt")
    openssl(tmp_path, *new, "-subj", "/CN=board.test", "-keyout", KEY, "-out", "asked")
    signed = ("-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2")
    openssl(tmp_path, "x509", "-req", "-in", "asked", *signed, "-out", CERTIFICATE)
    before = (tmp_path / CERTIFICATE).read_bytes()
    assert make(tmp_path) == before
