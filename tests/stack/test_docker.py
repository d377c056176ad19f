from collections.abc import Callable
from pathlib import Path

import pytest

from stack import compose, engine
from stack.errors import StackError
from stack.interpolation import required_names


def test_docker_without_its_secrets_names_them(
    make_home: Callable[[], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    home = make_home()
    for name in required_names(compose.raw_text(home)) - {"SECRET_KEY"}:
        monkeypatch.setenv(name, "given")
    monkeypatch.setenv("SECRET_KEY", "")
    with pytest.raises(StackError, match=r"not set: SECRET_KEY; copy \S+ to \.env and"):
        engine.up(home, engine="compose")
    assert engine.load_running(home) is None


def test_a_machine_without_docker_is_told_what_to_install(
    make_home: Callable[[], Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    home = make_home()
    secrets = required_names(compose.raw_text(home))
    lines = [f"{name}='given'" for name in sorted(secrets)]
    (home / ".env").write_text("# ours\n" + "\n".join(lines) + "\n", encoding="utf-8")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StackError, match=r"docker\.io and docker-compose"):
        engine.up(home, engine="compose")
