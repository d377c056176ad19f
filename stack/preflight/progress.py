"""What people have ticked: the file `ticks.json`, kept between runs."""

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from capacity.errors import HmbError
from capacity.store import write_text

FILE = "ticks.json"


class ProgressError(HmbError):
    """A file of progress that cannot be read."""


def read(path: Path) -> dict[str, date]:
    """Step id -> the day it was done. Empty when nothing was ticked yet."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        return {str(name): date.fromisoformat(day) for name, day in told["done"].items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ProgressError(
            f"{path} cannot be read ({error}): mend it, or remove it and tick again"
        ) from error


def write(path: Path, done: Mapping[str, date]) -> None:
    """Keep them, whole or not at all."""
    told = {"done": {name: day.isoformat() for name, day in sorted(done.items())}}
    write_text(path, json.dumps(told, indent=1) + "\n")
