"""The template of the environment: all of it is read, all that is read is in it."""

import re
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from reference_app.settings import MigrationSettings, Settings
from stack import budget, compose, places
from stack.native.site import build
from stack.state import Choices

CHECKOUT = Path(__file__).resolve().parents[2]
TEMPLATE = CHECKOUT / ".env.production.example"
_ENTRY = re.compile(r"(?P<commented># )?(?P<name>[A-Z][A-Z0-9_]*)=(?P<value>.*)")
_READ = re.compile(r"\$\{([A-Z0-9_]+)(:?[-?])?([^}]*)\}")
_FEWEST = 80
_DOCKERS = "COMPOSE_"
"""How names begin that Docker Compose itself reads."""
_A_TOLD_SECRET = "5f0d3e8cb1a94e7f9b6c2d7a1e4f8b3c9d0e6a7f"
# What the images and libraries themselves read.
_OF_THE_IMAGE = {
    *("PGDATA", "PGPASSWORD", "POSTGRES_USER", "POSTGRES_PASSWORD", "POSTGRES_INITDB_ARGS"),
    *("GF_SECURITY_ADMIN_PASSWORD", "GF_ANALYTICS_REPORTING_ENABLED"),
    *("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_"),
}
_OF_THE_POD = {"POD_NAME"}
"""Known to a pod without being told: it is its host's name."""
_OF_STAND_INS = (
    *("stack/stripe/settings.py", "stack/s3/server.py", "stack/mail/server.py"),
    "stack/uptime/server.py",
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A variable of the template; `default` is None for one that must be filled in."""

    name: str
    about: str
    example: str
    default: str | None


def _entries() -> Iterator[Entry]:
    for block in TEMPLATE.read_text(encoding="utf-8").split("\n\n"):
        lines = block.strip().splitlines()
        found = _ENTRY.fullmatch(lines[-1]) if lines else None
        if found is None:
            assert not any(_ENTRY.fullmatch(line) for line in lines), block
            continue
        *about, example, _ = lines
        assert about, f"{found['name']}: no comment"
        assert example.startswith("# e.g. "), found["name"]
        if found["name"].startswith(_DOCKERS):
            continue
        yield Entry(
            found["name"],
            " ".join(line.removeprefix("# ") for line in about),
            example.removeprefix("# e.g. "),
            found["value"] if found["commented"] else None,
        )


ENTRIES = {entry.name: entry for entry in _entries()}
RAW = compose.raw_text(CHECKOUT)
SECRETS = {name for name, entry in ENTRIES.items() if entry.default is None}


def _production(**variables: str) -> compose.ComposeFile:
    return compose.read(CHECKOUT, dict.fromkeys(SECRETS, _A_TOLD_SECRET) | variables)


def test_there_are_as_many_as_the_blueprint_says_and_each_is_explained() -> None:
    assert len(ENTRIES) >= _FEWEST
    for entry in ENTRIES.values():
        assert len(entry.about) > len("Feeds"), entry.name
        assert entry.example, entry.name
        assert entry.example != entry.default, entry.name


def test_each_is_read_by_the_compose_file_with_the_default_shown() -> None:
    read = {name: (kind, value) for name, kind, value in _READ.findall(RAW)}
    assert read.keys() == ENTRIES.keys()
    for name, (kind, value) in read.items():
        assert ENTRIES[name].default == (None if kind == ":?" else value), name
    for name, kind, value in _READ.findall(RAW):
        assert (kind.lstrip(":"), value) == (read[name][0].lstrip(":"), read[name][1]), name


def test_nothing_in_it_is_a_secret_that_opens_anything() -> None:
    for name in SECRETS:
        assert "openssl rand" in ENTRIES[name].example
        assert f"\n{name}=\n" in TEMPLATE.read_text(encoding="utf-8")


def test_a_pod_hands_the_app_all_it_reads_and_nothing_else() -> None:
    handed = _production().services["backend"].environment.keys()
    known = {name.upper() for name in (Settings.model_fields | MigrationSettings.model_fields)}
    gunicorn = (CHECKOUT / "deploy/gunicorn.conf.py").read_text(encoding="utf-8")
    known |= set(re.findall(r'os\.environ\.get\("([A-Z_]+)"', gunicorn))
    assert handed == known - _OF_THE_POD


def test_a_pod_that_nobody_configured_runs_as_the_app_would_by_itself() -> None:
    pod = _settings(_production())
    for name, field in Settings.model_fields.items():
        unlike = {"environment", "pod_name", "trusted_proxies"}
        if field.is_required() or name in unlike or name.startswith(("database_", "prometheus_")):
            continue
        assert getattr(pod, name) == field.default, name


def test_every_example_is_one_that_may_be_set() -> None:
    examples = {name: entry.example for name, entry in ENTRIES.items() if name not in SECRETS}
    file = _production(**examples)
    _settings(file)
    budget.check(file, CHECKOUT, pods=10, running=file.services.keys())
    for name, example in examples.items():
        # Where only one is set, the rest must still suit it.
        budget.check(
            _production(**{name: example}), CHECKOUT, pods=10, running=file.services.keys()
        )


def _settings(file: compose.ComposeFile) -> Settings:
    values = file.services["backend"].environment
    return Settings.model_validate({name.lower(): value for name, value in values.items()})


@pytest.mark.parametrize("service", _production().services.values(), ids=lambda each: each.name)
def test_what_a_service_is_handed_is_read_there(service: compose.Service) -> None:
    texts = [
        path.read_text(encoding="utf-8")
        for mount in service.mounts
        if mount.kind == "bind" and not mount.source.endswith("/dist")  # made, and not for reading
        for path in _files(CHECKOUT / mount.source)
    ]
    if service.kind in {"gunicorn", "task", "stripe", "s3", "mail", "uptime"}:
        texts += [(CHECKOUT / path).read_text(encoding="utf-8") for path in _OF_STAND_INS]
        texts += [name.upper() for name in Settings.model_fields | MigrationSettings.model_fields]
        texts.append((CHECKOUT / "deploy/gunicorn.conf.py").read_text(encoding="utf-8"))
    for name in service.environment.keys() - _OF_THE_IMAGE:
        assert any(re.search(rf"\b{name}\b", text) for text in texts), name


def test_scripts_are_handed_what_they_read() -> None:
    mounting: dict[Path, list[compose.Service]] = {}
    for service in _production().services.values():
        for mount in service.mounts:
            for path in _files(CHECKOUT / mount.source) if mount.kind == "bind" else ():
                if path.suffix == ".sh":
                    mounting.setdefault(path, []).append(service)
    assert len(mounting) >= 5
    for script, services in mounting.items():
        text = script.read_text(encoding="utf-8")
        read = set(re.findall(r"(?<!\\)\$\{?([A-Z][A-Z0-9_]+)", text))
        assert any(read <= service.environment.keys() for service in services), script.name


def _files(path: Path) -> list[Path]:
    return [path] if path.is_file() else [each for each in path.rglob("*") if each.is_file()]


_REASONED = {
    "deploy/postgres/postgresql.conf": ("#", r"[a-z_.]+ = "),
    "deploy/pgbouncer/pgbouncer.ini": (";", r"[a-z_0-9]+ = "),
    "deploy/redis/redis.conf": ("#", r"[a-z]"),
    "deploy/gunicorn.conf.py": ("#", r"[a-z_]+ = "),
}


@pytest.mark.parametrize("path", _REASONED)
def test_each_setting_of_a_server_has_its_reason_above_it(path: str) -> None:
    comment, setting = _REASONED[path]
    lines = (CHECKOUT / path).read_text(encoding="utf-8").splitlines()
    settings = [number for number, line in enumerate(lines) if re.match(setting, line)]
    assert len(settings) > 8
    for number in settings:
        assert lines[number - 1].startswith(comment), textwrap.shorten(lines[number], 60)


def test_what_postgres_is_told_twice_is_the_same() -> None:
    (primary,) = [s for s in _production().services.values() if s.kind == "postgres-primary"]
    text = (CHECKOUT / "deploy/postgres/postgresql.conf").read_text(encoding="utf-8")
    for name in re.findall(r"- (\w+)=\$\{POSTGRES_", RAW):
        told = budget.postgres_settings(primary, CHECKOUT)[name]
        assert f"\n{name} = {told}\n" in text


def test_a_native_pod_has_what_the_image_sets(make_home: Callable[[], Path]) -> None:
    text = (CHECKOUT / "deploy/Dockerfile").read_text(encoding="utf-8")
    words = " ".join(re.findall(r"^ENV (.+)$", text, re.MULTILINE)).split()
    image = dict(word.split("=", 1) for word in words)
    # the image has its sources compiled; a checkout's are compiled once
    assert image.pop("PYTHONDONTWRITEBYTECODE") == "1"
    assert "MALLOC_ARENA_MAX" in image
    choices = Choices(engine="native", pods=2, replicas=0)
    pod = build(places.prepare(make_home()), choices, {}).adapters["backend-1"].environment()
    assert image.items() <= pod.items()


def test_a_native_stack_sends_nothing_elsewhere_whatever_is_set(
    make_home: Callable[[], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SENTRY_DSN", "https://key@sentry.example.com/1")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector.example.com:4318")
    choices = Choices(engine="native", pods=2, replicas=0)
    pod = build(places.prepare(make_home()), choices, {}).adapters["backend-1"].environment()
    assert (pod["SENTRY_DSN"], pod["OTEL_EXPORTER_OTLP_ENDPOINT"]) == ("", "")
