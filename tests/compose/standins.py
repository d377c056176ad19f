"""Stand-ins for the official images, which cannot be pulled everywhere.

One root file system is made of Debian 12's packages and the Python packages of this virtual
environment; it is kept in ~/.cache/hmb, for it takes a minute. What each image adds to it stands
in the Dockerfile beside this.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

_FOLDER = Path(__file__).resolve().parent / "images"
IMAGES = {
    "debian": "debian:bookworm-slim",
    "python": "python:3.11-slim-bookworm",
    "postgres": "postgres:15",
    "redis": "redis:7.0",
    "nginx": "nginx:1.26",
    "prometheus": "prom/prometheus:v2.53.2",
}
"""Stage of the Dockerfile -> the image it stands for."""

_BASE = "hmb-standins/base:bookworm"
_PACKAGES = (
    *("ca-certificates", "curl", "gosu", "openssl", "wget", "passwd"),
    *("python3", "python3-pip", "postgresql-15", "redis-server", "nginx", "pgbouncer"),
    "prometheus",
)
# What nobody here reads: half of all.
_LEFT_OUT = (
    *("/usr/share/doc/*", "/usr/share/i18n/*", "/usr/share/javascript/*", "/usr/share/locale/*"),
    *("/usr/share/man/*", "/usr/share/nodejs/*", "/usr/bin/promtool"),
    *("/usr/lib/*/libLLVM-14.so.1", "/usr/lib/*/libz3.so.4"),
)
_PYTHON_PACKAGES = "usr/local/lib/python3.11/dist-packages"
_HOOKS = (
    # Packages start their servers otherwise.
    """--essential-hook=printf '#!/bin/sh\\nexit 101\\n' > "$1/usr/sbin/policy-rc.d" """,
    '--essential-hook=chmod +x "$1/usr/sbin/policy-rc.d"',
    '--customize-hook=rm -rf "$1/var/lib/postgresql/15" "$1/etc/apt/sources.list"',
)
_OLDER = "( ; python_full_version < )"
_LOCK = _FOLDER.parents[2] / "deploy" / "image.lock"


class NoImagesError(Exception):
    """The stand-ins cannot be made here; says why in a line."""


def build(base: Path, environment: dict[str, str]) -> None:
    """Make every stand-in, under the official names, in the Docker of `environment`."""
    with base.open("rb") as tar:
        _docker(["import", "-", _BASE], environment, tar.fileno())
    for stage, image in IMAGES.items():
        words = ["build", "--quiet", "--network", "none", "--target", stage, "--tag", image]
        _docker([*words, str(_FOLDER)], environment)


def _docker(words: list[str], environment: dict[str, str], stdin: int | None = None) -> None:
    done = subprocess.run(
        ["docker", *words],
        env=environment | {"DOCKER_BUILDKIT": "0"},
        stdin=subprocess.DEVNULL if stdin is None else stdin,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def base() -> Path:
    """The root file system, as a tar file, made anew when this module or image.lock has changed.

    Raises `NoImagesError`.
    """
    recipe = Path(__file__).read_bytes() + _LOCK.read_bytes()
    key = hashlib.sha256(recipe).hexdigest()[:16]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hmb"
    path = cache / f"standins-{key}.tar"
    if not path.exists():
        cache.mkdir(parents=True, exist_ok=True)
        for old in cache.glob("standins-*.tar"):
            old.unlink()
        with tempfile.TemporaryDirectory(dir=cache) as folder:
            made = Path(folder) / path.name
            _make(made, Path(folder) / "packages")
            made.rename(path)
    return path


def _make(path: Path, packages: Path) -> None:
    if shutil.which("mmdebstrap") is None:
        raise NoImagesError("mmdebstrap is not installed (sh deploy/docker.sh)")
    if sys.version_info[:2] != (3, 11):
        raise NoImagesError("the stand-ins are Debian 12's and need a .venv of Python 3.11")
    _copy_python_packages(packages)
    words = [
        *("mmdebstrap", "--quiet", "--variant=apt", f"--include={','.join(_PACKAGES)}"),
        "--dpkgopt=force-unsafe-io",
        *(f"--dpkgopt=path-exclude={pattern}" for pattern in _LEFT_OUT),
        *_HOOKS,
        f'--customize-hook=mkdir -p "$1/{_PYTHON_PACKAGES}"',
        f'--customize-hook=cp -a "{packages}/." "$1/{_PYTHON_PACKAGES}/"',
        *("bookworm", str(path)),
    ]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        told = [line for line in done.stderr.splitlines() if line.startswith("E:")]
        raise NoImagesError(f"mmdebstrap failed: {' '.join(told[:1]) or 'no word'}")


def _copy_python_packages(target: Path) -> None:
    """What image.lock names: from this virtual environment, and what Debian's older Python adds."""
    lacking = []
    lock = _LOCK.read_text(encoding="utf-8")
    for name, version, older in re.findall(rf"(?m)^([\w.-]+)==([^ ]+){_OLDER}?", lock):
        try:
            files = distribution(name).files or ()
        except PackageNotFoundError:
            if older:
                lacking.append(f"{name}=={version}")
            continue
        # Compiled modules too: without them each start of a pod would compile them all.
        for file in files:
            if ".." not in file.parts:
                place = target / file
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(file.locate(), place)
    if lacking:
        words = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
        words += ["--target", str(target), *lacking]
        done = subprocess.run(words, capture_output=True, check=False)
        if done.returncode != 0:
            raise NoImagesError(f"pip cannot install {' '.join(lacking)}")
