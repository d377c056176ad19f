"""The whole file, started by a real Docker from a clean clone."""

import os
import resource
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from stack.errors import StackError
from tests.compose import dockerd, standins
from tests.compose.brought_up import BroughtUp

_CHECKOUT = Path(__file__).resolve().parents[2]
_PORTS = ("HTTP", "HTTPS", "PLAIN", "STRIPE", "S3", "MAIL", "PROMETHEUS", "GRAFANA")
_OFFICIAL = (*standins.IMAGES.values(), "grafana/grafana:11.6.0")


@pytest.fixture(scope="module")
def is_official() -> Iterator[bool]:
    """Whether a Docker answers that has the official images or can pull them.

    If not, one is started for the test, with stand-ins for them; the test is skipped where
    neither can be had.
    """
    if dockerd.answers() and _has_official_images():
        yield True
        return
    folder = Path(tempfile.mkdtemp(prefix="hmb-docker-"))
    try:
        with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
            try:
                own = stack.enter_context(dockerd.started(folder))
                patch.setenv("DOCKER_HOST", own.address)
                standins.build(standins.base(), dict(os.environ))
            except (dockerd.NoDockerError, standins.NoImagesError) as reason:
                pytest.skip(f"no Docker: {reason}")
            stack.enter_context(dockerd.inside_network_of(own))
            yield False
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def brought_up(is_official: bool, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BroughtUp]:
    """The file's services and the stand-ins of the profile local; pods of one worker each."""
    home = tmp_path_factory.mktemp("clone")
    _clone(home)
    subprocess.run(["sh", "deploy/env.sh", "local"], cwd=home, check=True)
    ports, project = _free_ports(), f"hmb-test-{os.getpid()}"
    settings = {f"{name}_PORT": str(port) for name, port in ports.items()} | {
        "COMPOSE_PROJECT_NAME": project,
        "WEB_CONCURRENCY": "1",
        # More than we may have ourselves needs a right that not every machine gives.
        "OPEN_FILES": str(min(65_536, resource.getrlimit(resource.RLIMIT_NOFILE)[1])),
        # All of the test's requests come from one address.
        "API_RATE_PER_MINUTE": "100000",
        "S3_PUBLIC_URL": f"http://127.0.0.1:{ports['S3']}",
        "STRIPE_PUBLIC_URL": f"http://127.0.0.1:{ports['STRIPE']}",
    }
    with (home / ".env").open("a", encoding="utf-8") as file:
        file.writelines(f"{name}={value}\n" for name, value in settings.items())
    stack = BroughtUp(home, project, ports, is_official)
    try:
        try:
            stack.up()
        except StackError as error:
            pytest.fail(f"{error}: {error.details}\n{stack.compose('logs', '--tail=15')}")
        yield stack
    finally:
        stack.compose("down", "--volumes", "--remove-orphans")


def _clone(home: Path) -> None:
    """What a fresh clone of these sources would hold."""
    words = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(words, cwd=_CHECKOUT, check=True, capture_output=True, text=True)
    for name in listed.stdout.split("\0"):
        source = _CHECKOUT / name
        if name and source.is_file():
            (home / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, home / name)


def _has_official_images() -> bool:
    def is_there(image: str) -> bool:
        asked = (["docker", "image", "inspect", image], ["docker", "pull", "--quiet", image])
        return any(
            subprocess.run(words, capture_output=True, check=False).returncode == 0
            for words in asked
        )

    return all(map(is_there, _OFFICIAL))


def _free_ports() -> dict[str, int]:
    with ExitStack() as stack:
        sockets = {name: stack.enter_context(socket.socket()) for name in _PORTS}
        for each in sockets.values():
            each.bind(("127.0.0.1", 0))
        return {name: each.getsockname()[1] for name, each in sockets.items()}
