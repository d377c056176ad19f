"""Checkouts of other commits: git worktrees in a folder of their own, gone afterwards."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from capacity.errors import UsageError
from stack.errors import StackError

_GIT_SECONDS = 120


def root_of(folder: Path) -> Path:
    """The top of the git checkout that `folder` lies in. Raises `UsageError` outside of one."""
    done = _git(folder, "rev-parse", "--show-toplevel")
    if done.returncode != 0:
        raise UsageError(f"{folder} is no git checkout: there are no commits to compare")
    return Path(done.stdout.strip())


def commit_of(source: Path, ref: str) -> str:
    """The commit `ref` names in the checkout `source`. Raises `UsageError` for an unknown one."""
    done = _git(source, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
    if done.returncode != 0:
        raise UsageError(f"{source} knows no commit {ref!r}; git fetch it, or see git log")
    return done.stdout.strip()


def commits_along(source: Path, branch: str) -> list[str]:
    """The commits of `branch` in the checkout `source`, oldest first.

    A merge is one of them, what it brought in is not. Raises `UsageError` for an unknown branch.
    """
    done = _git(source, "rev-list", "--first-parent", "--reverse", commit_of(source, branch))
    if done.returncode != 0:
        raise StackError(f"git cannot list the commits of {branch}", done.stderr)
    return done.stdout.split()


def changed(source: Path) -> bool:
    """Whether the checkout has changes that no commit holds."""
    return bool(_git(source, "status", "--porcelain").stdout.strip())


@contextmanager
def worktree(source: Path, commit: str, folder: Path) -> Iterator[Path]:
    """The files of `commit` in `folder`, which must not exist yet; taken away at the end.

    Raises `StackError` with git's words when it cannot be made.
    """
    try:
        done = _git(source, "worktree", "add", "--detach", "--force", str(folder), commit)
        if done.returncode != 0:
            raise StackError(f"no worktree of {commit[:12]} can be made", done.stderr)
        yield folder
    finally:
        _git(source, "worktree", "remove", "--force", str(folder))
        # what git does not know of, and a worktree it was kept from finishing
        shutil.rmtree(folder, ignore_errors=True)
        _git(source, "worktree", "prune")


def _git(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    try:
        return subprocess.run(
            ["git", "-C", str(folder), *words],
            check=False,
            capture_output=True,
            text=True,
            timeout=_GIT_SECONDS,
        )
    except FileNotFoundError as error:
        raise StackError("git is not installed: without it no commit can be checked out") from error
    except subprocess.TimeoutExpired as error:
        raise StackError(f"git {words[0]} took longer than {_GIT_SECONDS} s") from error
