"""The history of runs: their figures in a local SQLite file.

Beside `store` the one module of the thinking that touches files (docs/decisions/020). A
run's figures are kept, not its record: the file stays small, and a record may be deleted.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from capacity.compare.likeness import machine_key
from capacity.compare.readings import Key, Reading
from capacity.errors import HmbError
from capacity.run import Run

VERSION = 1
_SCHEMA = """
CREATE TABLE run (
    id TEXT PRIMARY KEY,
    started_at TEXT NOT NULL,
    commit_id TEXT,
    scenario TEXT NOT NULL,
    load TEXT NOT NULL,
    machine TEXT NOT NULL
);
CREATE TABLE figure (
    run_id TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    endpoint TEXT NOT NULL,
    statistic TEXT NOT NULL,
    value REAL NOT NULL,
    PRIMARY KEY (run_id, endpoint, statistic)
) WITHOUT ROWID;
"""


class HistoryError(HmbError):
    """A history that cannot be read or written: which file, and how to mend it."""


@dataclass(frozen=True, slots=True)
class Kept:
    """One run of the history."""

    id: str
    started_at: str
    commit: str | None
    scenario: str
    load: str
    machine: str

    @property
    def series(self) -> tuple[str, str, str]:
        """What must agree for two runs to lie on one line: scenario, load and machine."""
        return (self.scenario, self.load, self.machine)


@dataclass(frozen=True, slots=True)
class Line:
    """One figure over runs of one series, in the order in which it is looked at."""

    key: Key
    runs: list[Kept]
    values: list[float]


def add(path: Path, run: Run, readings: Mapping[Key, Reading]) -> bool:
    """Keep the run's figures; whether it was new. Those too few to compare are left out."""
    with _opened(path) as database, database:
        known = database.execute("SELECT 1 FROM run WHERE id = ?", (run.id,)).fetchone()
        if known:
            return False
        database.execute(
            "INSERT INTO run VALUES (?, ?, ?, ?, ?, ?)",
            (
                run.id,
                run.started_at.isoformat(),
                run.where.commit,
                run.what.scenario,
                run.what.load.model_dump_json(),
                "{}, {} cores, {} GB".format(*machine_key(run.where)),
            ),
        )
        database.executemany(
            "INSERT INTO figure VALUES (?, ?, ?, ?)",
            [
                (run.id, key.endpoint, key.statistic, reading.value)
                for key, reading in readings.items()
                if not reading.too_few
            ],
        )
    return True


def runs(path: Path) -> list[Kept]:
    """The runs of the history, oldest first."""
    with _opened(path) as database:
        rows = database.execute(
            "SELECT id, started_at, commit_id, scenario, load, machine FROM run "
            "ORDER BY started_at, id"
        )
        return [Kept(*row) for row in rows]


def lines(path: Path, kept: Iterable[Kept]) -> list[Line]:
    """Every figure of these runs, in their order; a figure may lack some of them."""
    with _opened(path) as database:
        found: dict[Key, Line] = {}
        for run in kept:
            rows = database.execute(
                "SELECT endpoint, statistic, value FROM figure WHERE run_id = ?", (run.id,)
            )
            for endpoint, statistic, value in rows:
                key = Key(endpoint, statistic)
                line = found.setdefault(key, Line(key, [], []))
                line.runs.append(run)
                line.values.append(value)
    return list(found.values())


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    """The database, made if it is not there. Raises `HistoryError` in one line."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(path, timeout=10)) as database:
            database.execute("PRAGMA foreign_keys = ON")
            _prepare(path, database)
            yield database
    except (sqlite3.Error, OSError) as error:
        raise HistoryError(
            f"the history {path} cannot be used: {error}; name another with --store, or delete it"
        ) from error


def _prepare(path: Path, database: sqlite3.Connection) -> None:
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if version == 0:
        database.executescript(f"BEGIN; {_SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;")
    elif version != VERSION:
        raise HistoryError(
            f"{path} is a history of version {version}, this hmb reads version {VERSION}: "
            "use the hmb that made it"
        )
