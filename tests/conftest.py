"""Servers that tests share: a real Postgres primary and a real Redis."""

import gc
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from stack import engine
from stack.state import Running

# Whoever starts tests in the background may have them ignore Ctrl-C, and what they start as well.
signal.signal(signal.SIGINT, signal.default_int_handler)

# The client of tests in the app's own process looks for trio with each request, in vain and for
# half a millisecond: this says at once that it is not there.
sys.modules.setdefault("trio", None)  # type: ignore[arg-type]  # as importlib documents it

# Tests assert behaviour, never speed: a busy machine must not fail a property.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

# Folders whose tests share a stack, a filled database or a plan: one process runs them all, so
# that it is made once.
_RUN_AS_ONE = (
    "tests/stack/whole/",
    "tests/degradation/",
    "tests/frontend/browser/",
    "tests/seed/",
    "tests/reports/plan/",
)

# What takes long, however few tests it holds: begun last, one process would run it while the
# others have nothing to do.
_BEGUN_FIRST = (
    "tests/cli/test_drills.py",
    "tests/app/test_contract.py",
    "tests/cli/test_main_job.py",
    "tests/compose/",
    "tests/seed/",
    "tests/frontend/browser/",
    "tests/degradation/",
    "tests/stack/whole/",
    "tests/stack/test_life.py",
    "tests/cli/test_gate.py",
    "tests/scenarios/test_runner.py",
    "tests/docs/test_site.py",
)

_CHECKOUT = Path(__file__).resolve().parents[1]
_PART_OF_A_HOME = ("docker-compose.production.yml", "nginx-production.conf", "deploy")

SMALL_PODS = {"WEB_CONCURRENCY": "2", "WARM_START": "false"}
"""Pods of two workers that start cold: sooner ready, and for most tests the same."""

MakeHome = Callable[..., Path]


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is imported and collected stays: it is not searched for garbage, now or later."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Processes that share the tests begin with `_BEGUN_FIRST`, in its order."""
    if not hasattr(config, "workerinput"):
        return

    def rank(item: pytest.Item) -> int:
        ranks = (at for at, name in enumerate(_BEGUN_FIRST) if item.nodeid.startswith(name))
        return next(ranks, len(_BEGUN_FIRST))

    items.sort(key=rank)


class _Together(LoadFileScheduling):
    """A file is run by one process, and so is a folder of `_RUN_AS_ONE`."""

    def _split_scope(self, nodeid: str) -> str:
        folder = next((one for one in _RUN_AS_ONE if nodeid.startswith(one)), None)
        return folder or super()._split_scope(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> _Together:
    """xdist's, but files are begun as they were collected, not those of most tests first."""
    config.option.loadscopereorder = False
    return _Together(config, log)


@dataclass(frozen=True, slots=True)
class DataServers:
    """A primary without tables and an empty Redis, for one test process.

    The addresses go straight to the servers, there is no PgBouncer between.
    `environment` is the app's, complete: hand it to migrations, seeding or the app.
    """

    home: Path
    database_url: str
    """As hmb_app, the owner of the schema."""
    reader_url: str
    """As hmb_reader, for whom every transaction is read only."""
    superuser_url: str
    redis_url: str
    environment: dict[str, str]
    running: Running


@contextmanager
def checkouts() -> Iterator[MakeHome]:
    """Makes checkouts of their own: the stack's files copied, the app linked.

    So a test never touches the state of the real checkout, and may change its copy. What
    runs there is stopped and all is deleted at the end, also of tests that failed. Unless
    asked to be `durable`, as in production, its Postgres does not wait for the disk.
    """
    ends = ExitStack()

    def make(durable: bool = False) -> Path:
        home = Path(tempfile.mkdtemp(prefix="hmb-test-")).resolve()
        ends.callback(shutil.rmtree, home)
        ends.callback(engine.wipe, home)
        # Every user may enter, as Postgres' own user must.
        home.chmod(0o755)
        for name in _PART_OF_A_HOME:
            source = _CHECKOUT / name
            if source.is_dir():
                shutil.copytree(source, home / name)
            else:
                shutil.copy(source, home / name)
        (home / "reference_app").symlink_to(_CHECKOUT / "reference_app")
        if not durable:
            with (home / "deploy/postgres/postgresql.conf").open("a", encoding="utf-8") as settings:
                settings.write("fsync = off\nsynchronous_commit = off\nfull_page_writes = off\n")
            compose = home / "docker-compose.production.yml"
            text = compose.read_text(encoding="utf-8")
            small = text.replace("SHARED_BUFFERS:-512MB", "SHARED_BUFFERS:-128MB")
            assert small != text
            compose.write_text(small, encoding="utf-8")
        return home

    with ends:
        yield make


@contextmanager
def small_pods() -> Iterator[None]:
    """A stack started meanwhile has `SMALL_PODS`."""
    with pytest.MonkeyPatch.context() as environment:
        for name, value in SMALL_PODS.items():
            environment.setenv(name, value)
        yield


@pytest.fixture(scope="module")
def make_home() -> Iterator[MakeHome]:
    """`checkouts` that last as long as the module: an idle stack takes from the others."""
    with checkouts() as make:
        yield make


@pytest.fixture(scope="session")
def data_servers() -> Iterator[DataServers]:
    """A primary and a Redis of this test process alone; they end with it, however it ends."""
    with checkouts() as make:
        yield _data_servers(make())


def _data_servers(home: Path) -> DataServers:
    running = engine.up(home, services={"primary", "redis"}, bound=True)
    secrets = engine.secrets(home)
    environment = dict(running.environment)
    writer = environment["DATABASE_DIRECT_URL"]
    _, _, place = writer.partition("@")
    reader = f"postgresql://hmb_reader:{secrets['READER_DB_PASSWORD']}@{place}"
    environment |= {
        "ENVIRONMENT": "test",
        "DATABASE_URL": writer,
        "DATABASE_PRIMARY_READ_URL": reader,
        "DATABASE_REPLICA_URLS": "",
    }
    return DataServers(
        home=home,
        database_url=writer,
        reader_url=reader,
        superuser_url=f"postgresql://postgres:{secrets['POSTGRES_PASSWORD']}@{place}",
        redis_url=environment["REDIS_URL"],
        environment=environment,
        running=running,
    )
