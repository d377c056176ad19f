"""An environment file, and the template that says what each variable is without it."""

import re
from dataclasses import dataclass
from pathlib import Path

from capacity.errors import UsageError

TEMPLATE = ".env.production.example"
_ENTRY = re.compile(r"(?P<commented># )?(?P<name>[A-Z][A-Z0-9_]*)=(?P<value>.*)")
_OF_DOCKER = "COMPOSE_"


@dataclass(frozen=True, slots=True)
class EnvFile:
    """What is set in the file; what the template sets otherwise; what it wants filled in."""

    path: Path
    given: dict[str, str]
    defaults: dict[str, str]
    required: frozenset[str]

    def value(self, name: str) -> str:
        """The value a service gets: the file's, else the default, else nothing."""
        return self.given.get(name) or self.defaults.get(name, "")

    def unknown(self) -> list[str]:
        """Variables that the template does not know."""
        known = self.required | self.defaults.keys()
        return sorted(n for n in self.given if n not in known and not n.startswith(_OF_DOCKER))


def read(path: Path, checkout: Path) -> EnvFile:
    """The file at `path` against the template of `checkout`. Raises `UsageError`."""
    defaults, required = _template(checkout / TEMPLATE)
    given = {}
    for number, written in enumerate(_text(path).splitlines(), start=1):
        line = written.strip().removeprefix("export ")
        if not line or line.startswith("#"):
            continue
        name, equals, value = line.partition("=")
        if not equals or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name.strip()):
            raise UsageError(f"{path}, line {number} is no NAME=value")
        given[name.strip()] = _unquoted(value.strip())
    return EnvFile(path, given, defaults, required)


def _template(path: Path) -> tuple[dict[str, str], frozenset[str]]:
    defaults, required = {}, set()
    for line in _text(path).splitlines():
        found = _ENTRY.fullmatch(line)
        if found is None:
            continue
        if found["commented"] or found["value"]:
            defaults[found["name"]] = found["value"]
        else:
            required.add(found["name"])
    return defaults, frozenset(required)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"cannot read {path}: it is no text in UTF-8") from error


def _unquoted(value: str) -> str:
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        return value[1:-1]
    return re.split(r"\s+#", value, maxsplit=1)[0]
