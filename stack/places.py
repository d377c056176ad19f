"""Where the native stack keeps its files, and as whom it runs its servers.

State and logs lie in `.hmb/` of the checkout. The servers' configuration and data lie
there too, unless the stack runs as root and the checkout cannot be reached by the
unprivileged user that Postgres and PgBouncer insist on: then they lie in a folder of
their own, named after the checkout.
"""

import hashlib
import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

STATE_FOLDER = ".hmb"
_ELSEWHERE = Path("/var/lib/hmb")


@dataclass(frozen=True, slots=True)
class User:
    """An account to run a server as."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class Places:
    """The folders of one checkout's stack.

    `data` holds `conf/`, `volumes/` and `run/`; `user` is None when everything runs as
    the person who asked.
    """

    home: Path
    state: Path
    data: Path
    user: User | None

    @property
    def logs(self) -> Path:
        """One file per service, of the present or last stack."""
        return self.state / "logs"

    def own(self, path: Path) -> None:
        """Give `path` to the servers' user."""
        if self.user is not None:
            os.chown(path, self.user.uid, self.user.gid)

    def own_all(self, folder: Path) -> None:
        """Give `folder` and all below it to the servers' user."""
        for path in [folder, *folder.rglob("*")]:
            self.own(path)

    def make(self, path: Path, mode: int = 0o755) -> Path:
        """Make the folder `path`, for the servers' user."""
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(mode)
        self.own(path)
        return path


def state_folder(home: Path) -> Path:
    """Where the stack of `home` keeps its state."""
    return home / STATE_FOLDER


def prepare(home: Path) -> Places:
    """Make the folders of `home`'s stack and choose its user. Leaves data already there alone."""
    state = state_folder(home)
    state.mkdir(exist_ok=True)
    (state / "logs").mkdir(exist_ok=True)
    user = _unprivileged_user()
    data = state / "native"
    if user is not None and not _reaches(user, state):
        data = _data_elsewhere(home)
    data.mkdir(parents=True, exist_ok=True)
    data.chmod(0o755)
    places = Places(home, state, data, user)
    for folder in ("conf", "volumes", "run"):
        places.make(data / folder)
    return places


def remove(path: Path) -> None:
    """Delete a folder of the stack, if it is there."""
    if path.exists():
        shutil.rmtree(path)


def _unprivileged_user() -> User | None:
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return User(name, entry.pw_uid, entry.pw_gid)
    return None


def _reaches(user: User, folder: Path) -> bool:
    """Whether `user` can enter `folder`: asked of the system, which knows every rule."""
    entered = subprocess.run(
        ["/bin/sh", "-c", 'cd "$1"', "sh", str(folder)],
        user=user.uid,
        group=user.gid,
        extra_groups=[],
        cwd="/",
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    return entered.returncode == 0


def _data_elsewhere(home: Path) -> Path:
    key = hashlib.sha256(str(home.resolve()).encode()).hexdigest()[:12]
    try:
        _ELSEWHERE.mkdir(parents=True, exist_ok=True)
        _ELSEWHERE.chmod(0o755)
    except OSError:
        return Path(tempfile.gettempdir()) / f"hmb-{os.geteuid()}-{key}"
    return _ELSEWHERE / key
