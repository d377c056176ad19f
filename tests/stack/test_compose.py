import re
from pathlib import Path

import pytest

from stack import compose
from stack.errors import StackError
from stack.interpolation import required_names

CHECKOUT = Path(__file__).resolve().parents[2]


def production(**variables: str) -> compose.ComposeFile:
    secret = required_names(compose.raw_text(CHECKOUT))
    return compose.read(CHECKOUT, dict.fromkeys(secret, "s3cret") | variables)


def written(folder: Path, text: str) -> Path:
    (folder / compose.FILE).write_text(text, encoding="utf-8")
    return folder


def test_the_production_file_describes_the_whole_stack() -> None:
    file = production()
    assert set(file.services) >= {
        *("nginx", "backend", "migrate", "certificates", "pgbouncer", "primary"),
        *("replica-1", "replica-2", "redis", "prometheus", "grafana"),
    }
    backend = file.services["backend"]
    assert backend.replicas == 3
    assert backend.depends_on == {"migrate", "pgbouncer", "redis"}
    assert backend.environment["WEB_CONCURRENCY"] == "4"
    assert backend.stop_grace_s == 35
    assert file.services["grafana"].profiles == {"monitoring"}
    assert file.subnets == (backend.environment["TRUSTED_PROXIES"],)


@pytest.mark.parametrize("port", ["abc", "80000", "0"])
def test_a_chosen_port_that_is_none_is_named(port: str) -> None:
    with pytest.raises(StackError, match=f"'{port}' is no port"):
        production(HTTP_PORT=port)


def test_secrets_have_no_default() -> None:
    with pytest.raises(StackError, match="is not set"):
        compose.read(CHECKOUT, {})
    assert required_names(compose.raw_text(CHECKOUT)) >= {"SECRET_KEY", "POSTGRES_PASSWORD"}


def test_a_variable_changes_what_it_names() -> None:
    assert production(WEB_CONCURRENCY="2").services["backend"].environment["WEB_CONCURRENCY"] == "2"


def test_a_published_port_counts_only_when_a_person_chose_it() -> None:
    def published(file: compose.ComposeFile) -> dict[int, int | None]:
        return {port.number: port.published for port in file.services["nginx"].ports}

    assert set(published(production()).values()) == {None}
    assert published(production(PLAIN_PORT="18080"))[8080] == 18080
    assert published(production(PLAIN_PORT="18080"))[443] is None


def test_every_mounted_file_is_there() -> None:
    for service in production().services.values():
        for mount in service.mounts:
            if mount.kind == "bind":
                assert (CHECKOUT / mount.source).exists(), f"{service.name}: {mount.source}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("services: [", "not valid YAML"),
        ("name: x", "has no services"),
        ("services: {a: {image: x}}", "service a has no label hmb.kind"),
        (
            "services: {a: {labels: {hmb.kind: task}, depends_on: [b]}}",
            "a depends on b, which is not there",
        ),
        ("services: {a: {labels: {hmb.kind: task}, command: run it}}", "command of a as a list"),
        (
            "services: {a: {labels: {hmb.kind: task}, stop_grace_period: soon}}",
            "'soon' of a is not a duration",
        ),
    ],
)
def test_a_broken_file_gives_one_clear_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(StackError, match=re.escape(message)) as raised:
        compose.read(written(tmp_path, text), {})
    assert "\n" not in str(raised.value)


def test_a_folder_without_the_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="run this from the checkout"):
        compose.read(tmp_path, {})


def test_environment_may_be_a_list_and_values_become_text(tmp_path: Path) -> None:
    home = written(
        tmp_path,
        "services:\n"
        "  a: {labels: {hmb.kind: task}, environment: [X=1, Y=a=b]}\n"
        "  b: {labels: {hmb.kind: task}, environment: {T: true, N: 5, E: null}}\n",
    )
    services = compose.read(home, {}).services
    assert services["a"].environment == {"X": "1", "Y": "a=b"}
    assert services["b"].environment == {"T": "true", "N": "5", "E": ""}
