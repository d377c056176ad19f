"""A checkout of its own for a bench, so that it leaves a running stack alone."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stack import engine
from tests.bench.serving import HOME


@contextmanager
def a_home() -> Iterator[Path]:
    """A folder with the stack's files; what runs there ends with the block."""
    home = Path(tempfile.mkdtemp(prefix="hmb-bench-")).resolve()
    home.chmod(0o755)  # Postgres' own user must enter
    try:
        for name in ("docker-compose.production.yml", "nginx-production.conf"):
            shutil.copy(HOME / name, home / name)
        shutil.copytree(HOME / "deploy", home / "deploy")
        (home / "reference_app").symlink_to(HOME / "reference_app")
        yield home
    finally:
        engine.wipe(home)
        shutil.rmtree(home)
