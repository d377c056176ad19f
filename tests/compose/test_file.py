"""What holds of docker-compose.production.yml and deploy/ without starting anything."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from stack import docker, servers
from stack.compose import FILE
from stack.errors import StackError

CHECKOUT = Path(__file__).resolve().parents[2]
DOCUMENT: dict[str, Any] = yaml.safe_load((CHECKOUT / FILE).read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = DOCUMENT["services"]
TASKS = {name for name, service in SERVICES.items() if service["labels"]["hmb.kind"] == "task"}
EVERY = pytest.mark.parametrize("name", SERVICES)

_IMAGE = re.compile(r"\$\{(\w+)_IMAGE:-([\w./-]+)\}:\$\{(\w+)_TAG:-([\w.-]+)\}")


def images() -> Iterator[tuple[str, str]]:
    for service in SERVICES.values():
        found = _IMAGE.fullmatch(service["image"])
        assert found is not None, service["image"]
        assert found[1] == found[3]
        yield found[2], found[4]
    for path in ("deploy/Dockerfile", "deploy/pgbouncer/Dockerfile"):
        for line in re.findall(r"(?m)^FROM (\S+)$", (CHECKOUT / path).read_text(encoding="utf-8")):
            name, _, tag = line.partition(":")
            yield name, tag


def test_every_image_has_a_tag_and_none_is_latest() -> None:
    for name, tag in images():
        assert tag, name
        assert tag != "latest", name


def test_default_images_are_of_the_majors_that_the_native_stack_is_tested_with() -> None:
    system = Path("/etc/os-release").read_text(encoding="utf-8")
    if "bookworm" not in system:
        pytest.skip("the native stack is tested on Debian 12; this is another system")
    tags = dict(images())
    for image, server in (
        ("postgres", servers.POSTGRES),
        ("redis", servers.REDIS),
        ("nginx", servers.NGINX),
        ("prom/prometheus", servers.PROMETHEUS),
    ):
        tested = servers.version(server)
        assert tags[image].removeprefix("v").split(".")[0] == tested.split(".")[0], image


def test_only_what_has_no_official_image_is_built() -> None:
    built = {service["image"] for service in SERVICES.values() if "build" in service}
    assert {image.partition(":-")[2].partition("}")[0] for image in built} == {
        "hiremebahamas/app",
        "hiremebahamas/pgbouncer",
    }


@pytest.mark.parametrize("path", ["deploy/Dockerfile", "deploy/pgbouncer/Dockerfile"])
def test_what_is_built_ends_as_another_than_root_and_holds_no_secret(path: str) -> None:
    text = (CHECKOUT / path).read_text(encoding="utf-8")
    assert re.findall(r"(?m)^USER (\S+)$", text)[-1] not in {"root", "0"}
    assert not re.search(r"(?mi)^(ARG|ENV)\b.*(secret|password|token|key)", text)
    assert "COPY . " not in text


@EVERY
def test_every_service_is_bounded(name: str) -> None:
    service = SERVICES[name]
    resources = service["deploy"]["resources"]
    assert set(resources["limits"]) == set(resources["reservations"]) == {"cpus", "memory"}
    assert service["logging"]["options"].keys() == {"max-size", "max-file"}
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service.get("read_only") or name == "grafana"


@EVERY
def test_every_service_is_restarted_and_watched_unless_it_runs_once(name: str) -> None:
    service = SERVICES[name]
    if name in TASKS:
        assert service["restart"] == "no"
        return
    assert service["restart"] == "unless-stopped"
    check = service["healthcheck"]
    assert (check["interval"], check["timeout"], check["retries"]) == ("10s", "5s", 3)


def test_nothing_starts_before_what_it_needs_is_well_or_done() -> None:
    for name, service in SERVICES.items():
        for needed, how in service.get("depends_on", {}).items():
            done = "service_completed_successfully"
            assert how == {"condition": done if needed in TASKS else "service_healthy"}, name
    needed = {name: set(service.get("depends_on", {})) for name, service in SERVICES.items()}
    assert needed["nginx"] == {"backend", "certificates"}
    assert needed["backend"] == {"migrate", "pgbouncer", "redis"}
    assert needed["migrate"] == needed["pgbouncer"] == needed["replica-1"] == {"primary"}
    assert needed["replica-2"] == needed["replica-1"]


def test_the_world_reaches_nginx_alone() -> None:
    open_to_all = {
        name
        for name, service in SERVICES.items()
        for port in service.get("ports", [])
        if not port.startswith("127.0.0.1:")
    }
    assert open_to_all == {"nginx"}


def test_databases_and_cache_are_on_the_inner_network_alone() -> None:
    assert DOCUMENT["networks"]["data"]["internal"] is True
    inner = {name for name, one in SERVICES.items() if one.get("networks") == ["data"]}
    assert inner == {"primary", "replica-1", "replica-2", "redis", "pgbouncer", "migrate"}


def test_every_stored_thing_is_in_a_named_volume() -> None:
    used = {
        volume.partition(":")[0]
        for service in SERVICES.values()
        for volume in service.get("volumes", [])
        if not volume.startswith("./")
    }
    assert used == set(DOCUMENT["volumes"])


def clone(folder: Path) -> Path:
    for name in (FILE, ".env.production.example", "deploy"):
        source = CHECKOUT / name
        if source.is_dir():
            shutil.copytree(source, folder / name)
        else:
            shutil.copy(source, folder / name)
    return folder


def config(home: Path) -> subprocess.CompletedProcess[str]:
    try:
        words = docker.command(home)
    except StackError as error:
        pytest.skip(str(error))
    return subprocess.run(
        [*words, "--profile", "local", "--profile", "monitoring", "config"],
        cwd=home,
        env={"PATH": os.environ["PATH"], "HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_copied_example_wants_its_secrets_in_one_line(tmp_path: Path) -> None:
    home = clone(tmp_path)
    shutil.copy(home / ".env.production.example", home / ".env")
    refused = config(home)
    assert refused.returncode != 0
    assert len(refused.stderr.splitlines()) == 1
    assert refused.stderr.endswith("see .env.production.example\n")


def test_a_made_environment_is_complete_and_never_replaced(tmp_path: Path) -> None:
    home = clone(tmp_path)
    make = ["sh", "deploy/env.sh", "local"]
    subprocess.run(make, cwd=home, check=True)
    assert (home / ".env").stat().st_mode & 0o077 == 0
    made = (home / ".env").read_text(encoding="utf-8")
    secrets = re.findall(r"(?m)^\w+=(?:\w+_)?([0-9a-f]{48})$", made)
    assert len(set(secrets)) == len(secrets) == 8 + 4
    again = subprocess.run(make, cwd=home, capture_output=True, text=True, check=False)
    assert again.returncode == 1
    assert again.stderr.startswith("error: .env is there already")
    assert (home / ".env").read_text(encoding="utf-8") == made
    complete = config(home)
    assert complete.returncode == 0, complete.stderr
    assert complete.stderr == ""
    services = yaml.safe_load(complete.stdout)["services"]
    assert set(services) == set(SERVICES)
    assert services["backend"]["environment"]["SMTP_HOST"] == "mail"
