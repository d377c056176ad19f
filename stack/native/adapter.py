"""What every service has in common when it runs as a local process.

An adapter stands for one instance of a service. The base class applies the general
rules of `stack.rewriting`; a subclass adds what its server alone needs: where to
listen, how to tell that it is ready.
"""

import asyncio
import os
import shutil
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from stack.compose import Mount, Service
from stack.errors import StackError
from stack.places import Places, User, remove
from stack.rewriting import LOOPBACK, Addresses, Rewriter
from stack.servers import Server, find, require, search_path

Run = Callable[[Sequence[str], Mapping[str, str]], Awaitable[None]]
"""Runs a program to its end as the adapter's user, into its log; `StackError` if it fails."""

_PROBE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Instance:
    """One process to run: a service, or one of its replicas. `ports`: container -> local."""

    name: str
    service: Service
    ports: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Site:
    """What all instances share. `databases` are PgBouncer's; None when it does not run."""

    places: Places
    addresses: Addresses
    databases: frozenset[str] | None


class Adapter:
    """One instance as a local process. See the subclasses for each kind of server."""

    server: ClassVar[Server | None] = None
    death_signal: ClassVar[signal.Signals] = signal.SIGTERM
    """What the kernel sends when our keeper is killed: the quickest clean end."""
    as_caller: ClassVar[bool] = False
    """Whether it runs as the person who asked, also when that is root."""
    runs_once: ClassVar[bool] = False
    patience_s: float = 60.0
    """How long it may take to be ready, in seconds, while it lives."""

    def __init__(self, instance: Instance, site: Site) -> None:
        self.instance = instance
        self.site = site
        self.folder = site.places.data / "run" / instance.name
        self.configuration = site.places.data / "conf" / instance.name
        self.paths = {mount.target: str(self._place(mount)) for mount in self.service.mounts}
        self.paths |= {path: f"{self.folder}{path}" for path in self.image_folders()}
        self.rewriter = Rewriter(site.addresses, instance.ports, self.paths)

    @property
    def name(self) -> str:
        """The instance's name, as people and records know it."""
        return self.instance.name

    @property
    def service(self) -> Service:
        """What the compose file says of it."""
        return self.instance.service

    @property
    def user(self) -> User | None:
        """The account it runs as; None for our own."""
        return None if self.as_caller else self.site.places.user

    @property
    def log(self) -> Path:
        """The file its output goes to."""
        return self.site.places.logs / f"{self.name}.log"

    def port(self, number: int) -> int:
        """The local port of the container's port `number`."""
        return self.ports[number]

    @property
    def main_port(self) -> int | None:
        """The local port people and clients mean; None for what listens nowhere."""
        return next(iter(self.ports.values()), None)

    @property
    def ports(self) -> Mapping[int, int]:
        """Container port -> local port."""
        return self.instance.ports

    # What a subclass may say.

    def image_folders(self) -> Sequence[str]:
        """Folders the server's image has and its configuration names, besides the mounts."""
        return ()

    def files_as_they_are(self) -> Sequence[str]:
        """Mounted folders that are no configuration; a missing one stands empty."""
        return ()

    def notes(self) -> Sequence[str]:
        """Lines a person should read who starts it."""
        return ()

    def listener_words(self) -> Sequence[str]:
        """Words added to the command so that the server listens where it should."""
        return ()

    def configure(self, target: str, text: str) -> str:
        """A configuration file after the general rules; `target` is its container path."""
        return text

    def urls(self) -> dict[str, str]:
        """Where a person or a probe finds it."""
        return {}

    def metrics_folder(self) -> Path | None:
        """Where its processes keep their Prometheus metrics, if they do."""
        return None

    async def prepare(self, run: Run) -> None:
        """Whatever must be there before it starts, besides folders and configuration."""

    async def ready(self) -> bool:
        """Whether it does its work now."""
        raise NotImplementedError

    async def finish(self, run: Run) -> None:
        """Whatever must be done once it is ready, before others may use it."""

    # What the engine uses.

    def words(self) -> list[str]:
        """The command to run."""
        words = map(self.rewriter.value, [*self.service.entrypoint, *self.service.command])
        return [*self.program(list(words)), *self.listener_words()]

    def program(self, words: list[str]) -> list[str]:
        """`words` with the program's local path. Raises `StackError` when it is missing."""
        if self.server is not None:
            require(self.server)
        path = find(words[0])
        if path is None:
            raise StackError(f"{self.name}: {words[0]} is not installed")
        return [path, *words[1:]]

    def environment(self) -> dict[str, str]:
        """The compose file's environment, rewritten, and the least any program needs."""
        return self.base_environment() | self.rewriter.environment(self.service.environment)

    def base_environment(self) -> dict[str, str]:
        """What a container image would set by itself."""
        return {"PATH": search_path(), "LANG": "C.UTF-8", "HOME": str(self.folder)}

    def uses(self) -> set[str]:
        """The services it depends on or whose address its settings hold: they stop after it."""
        texts = [*self.service.command, *self.service.environment.values()]
        for mount in self.service.mounts:
            if mount.kind == "bind" and mount.target not in self.files_as_they_are():
                source = self.site.places.home / mount.source
                files = [source] if source.is_file() else sorted(source.glob("*"))
                texts += [path.read_text(encoding="utf-8", errors="replace") for path in files]
        named = set[str]().union(*map(self.site.addresses.named_in, texts))
        return (named | self.service.depends_on) - {self.service.name}

    def working_folder(self) -> Path:
        """The checkout for a service whose image holds it, else a folder of its own."""
        return self.site.places.home if self.service.working_dir else self.folder

    def lay_out(self) -> None:
        """Make its folders and write its configuration. What is not in a volume starts empty."""
        places = self.site.places
        remove(self.folder)
        remove(self.configuration)
        places.make(self.folder)
        for mount in self.service.mounts:
            place = self._place(mount)
            if mount.target in self.files_as_they_are():
                self._copy_as_it_is(places.home / mount.source, place)
            elif mount.kind == "bind":
                self._copy(places.home / mount.source, place, mount.target)
            else:
                places.make(place, 0o700)
        for path in self.image_folders():
            places.make(Path(self.paths[path]))
        if self.as_caller and places.user is not None:
            self._keep_for_caller()

    def _keep_for_caller(self) -> None:
        for folder in [self.folder, *(self._place(m) for m in self.service.mounts)]:
            if folder.is_dir():
                os.chown(folder, os.geteuid(), os.getegid())

    def _place(self, mount: Mount) -> Path:
        if mount.kind == "volume":
            return self.site.places.data / "volumes" / mount.source
        root = self.configuration if mount.kind == "bind" else self.folder
        return root / mount.target.lstrip("/")

    def _copy_as_it_is(self, source: Path, place: Path) -> None:
        if source.is_dir():
            shutil.copytree(source, place)
        else:
            place.mkdir(parents=True)

    def _copy(self, source: Path, place: Path, target: str) -> None:
        if source.is_dir():
            place.mkdir(parents=True, exist_ok=True)
            for entry in sorted(source.iterdir()):
                self._copy(entry, place / entry.name, f"{target}/{entry.name}")
            return
        try:
            content = source.read_bytes()
        except FileNotFoundError:
            raise StackError(f"{self.name}: {source} is missing") from None
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            text = content.decode()
        except UnicodeDecodeError:
            place.write_bytes(content)
        else:
            place.write_text(self.configure(target, self.rewriter.file(text)), encoding="utf-8")


async def answers(port: int, path: str, expected: frozenset[int] = frozenset({200})) -> bool:
    """Whether an HTTP GET on this machine is answered with an expected status."""
    request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    line = await exchange(port, request.encode(), b"\n")
    fields = line.split()
    return len(fields) > 1 and fields[1].isdigit() and int(fields[1]) in expected


async def exchange(port: int, sent: bytes, until: bytes) -> bytes:
    """What a local server answers to `sent`, up to and with `until`; nothing if it does not."""
    try:
        async with asyncio.timeout(_PROBE_SECONDS):
            reader, writer = await asyncio.open_connection(LOOPBACK, port)
            try:
                writer.write(sent)
                return await reader.readuntil(until)
            finally:
                writer.close()
    except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        return b""
