"""The guide to running the stack, done as it stands."""

import re
import shlex
import subprocess
from pathlib import Path

from stack import compose, docker
from tests.compose.brought_up import BroughtUp

_GUIDE = Path(__file__).resolve().parents[2] / "docs/guides/operating.md"


def follow(brought_up: BroughtUp, *blocks: str) -> None:
    """Do what blocks of commands say, in this checkout."""
    here = shlex.join(docker.command(brought_up.home))
    words = ["sh", "-euc", "\n".join(blocks).replace("docker compose", here)]
    done = subprocess.run(
        words, cwd=brought_up.home, check=False, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr


def commands_of(heading: str) -> list[str]:
    """The blocks of commands under a heading."""
    section = re.split(r"\n##+ ", _GUIDE.read_text("utf-8").partition(f"## {heading}\n")[2])[0]
    blocks = re.findall(r"(?:^ {4}.*\n)+", section + "\n", re.MULTILINE)
    assert blocks, heading
    return [re.sub(r"^ {4}", "", block, flags=re.MULTILINE) for block in blocks]


def add_third_replica(home: Path) -> None:
    """Write it into the files that the guide names, each time after the second one."""
    path = home / compose.FILE
    text = path.read_text("utf-8")
    (second,) = re.findall(r'(?m)^ +(postgresql://.*_replica_2)"$', text)
    text = text.replace(second, f"{second},\\\n    {_third(second)}")
    for block in (r"  replica-2:\n(?: {3,}.*\n)+", r"  replica-2-data:\n"):
        (second,) = re.findall(block, text)
        text = text.replace(second, second + _third(second))
    path.write_text(text, "utf-8")
    path = home / "deploy/pgbouncer/pgbouncer.ini"
    text = path.read_text("utf-8")
    (second,) = re.findall(r"(?m)^hiremebahamas_replica_2 .*\n", text)
    path.write_text(text.replace(second, second + _third(second)), "utf-8")


def _third(second: str) -> str:
    return second.replace("replica-2", "replica-3").replace("replica_2", "replica_3")
