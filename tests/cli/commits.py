"""Repositories that tests make: git as somebody without a configuration."""

import subprocess
from pathlib import Path


def git(folder: Path, *words: str) -> str:
    """What git prints in `folder`."""
    done = subprocess.run(
        ["git", "-c", "user.name=t", "-c", "user.email=t@t", *words],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()
