import json
import os
import shutil
import socket
from pathlib import Path

import pytest

from stack import credentials, places, ports, servers
from stack.errors import StackError
from stack.rewriting import LOOPBACK
from stack.servers import Server


def test_ports_stay_the_same_while_they_are_free(tmp_path: Path) -> None:
    first = ports.choose(tmp_path, ["a", "b"], {}, {})
    assert len(set(first.values())) == 2
    assert ports.choose(tmp_path, ["c", "b", "a"], first, {}).items() >= first.items()


def test_a_port_that_was_taken_meanwhile_is_replaced(tmp_path: Path) -> None:
    first = ports.choose(tmp_path, ["a", "b"], {}, {})
    with socket.socket() as other:
        other.bind((LOOPBACK, first["a"]))
        other.listen()
        second = ports.choose(tmp_path, ["a", "b"], first, {})
    assert second["a"] != first["a"]
    assert second["b"] == first["b"]


def test_two_homes_choose_different_ports(tmp_path: Path) -> None:
    names = [str(number) for number in range(10)]
    one = ports.choose(tmp_path / "one", names, {}, {})
    two = ports.choose(tmp_path / "two", names, {}, {})
    assert not set(one.values()) & set(two.values())


def test_a_chosen_port_that_is_taken_is_an_error_naming_it(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind((LOOPBACK, 0))
        other.listen()
        taken = other.getsockname()[1]
        with pytest.raises(StackError, match=f"port {taken}, wanted for nginx:8080, is taken"):
            ports.choose(tmp_path, ["nginx:8080"], {}, {"nginx:8080": taken})


def test_passwords_are_made_once_and_kept_to_ourselves(tmp_path: Path) -> None:
    first = credentials.ensure(tmp_path, {"A", "B"})
    assert first["A"] != first["B"]
    assert len(first["A"]) == 48
    again = credentials.ensure(tmp_path, {"A", "B", "C"})
    assert again.items() > first.items()
    (stored,) = tmp_path.iterdir()
    assert stored.stat().st_mode & 0o777 == 0o600
    assert json.loads(stored.read_text(encoding="utf-8")) == again


def test_damaged_passwords_are_an_error_not_new_passwords(tmp_path: Path) -> None:
    credentials.ensure(tmp_path, {"A"})
    (stored,) = tmp_path.iterdir()
    stored.write_text("{", encoding="utf-8")
    with pytest.raises(StackError, match="is damaged"):
        credentials.ensure(tmp_path, {"A"})


def test_a_missing_server_names_its_packages() -> None:
    with pytest.raises(StackError) as raised:
        servers.require(Server("no-such-server", "the-deb", "the-formula"))
    assert "Debian package the-deb" in str(raised.value)
    assert "Homebrew formula the-formula" in str(raised.value)
    assert "--engine compose" in str(raised.value)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has servers run as somebody else")
def test_a_closed_checkout_keeps_data_where_the_servers_reach_it(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir()
    closed.chmod(0o700)
    chosen = places.prepare(closed)
    try:
        assert chosen.user is not None
        assert not chosen.data.is_relative_to(closed)
        assert chosen.state.is_relative_to(closed)
        volume = chosen.make(chosen.data / "volumes" / "v", 0o700)
        assert volume.stat().st_uid == chosen.user.uid
    finally:
        shutil.rmtree(chosen.data)
