"""Indexes, keys and foreign keys: taken down before a load and put up again after it.

What exists is read from the catalogue, never listed here. Before anything is
dropped its definition is noted in the table `seed_rebuild`, in the same
transaction; so however a load ends, the next one knows what belongs to the
schema. The table exists only while a load is under way or broken off.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from psycopg.rows import class_row

from reference_app.seed.database import Connection, share_out


@dataclass(frozen=True, slots=True)
class Definition:
    """One thing to put up again, each step a statement or None.

    `build` makes an index; `attach` makes it a key, or adds a foreign key
    unchecked; `inspect` checks the rows already there.
    """

    kind: str
    name: str
    on_table: str
    build: str | None
    attach: str | None
    inspect: str | None

    @property
    def drop(self) -> str:
        """The statement that takes it down."""
        if self.kind == "index":
            return f"DROP INDEX {self.name}"
        return f"ALTER TABLE {self.on_table} DROP CONSTRAINT {self.name}"


# Foreign keys first: a key cannot go while one points at it. Foreign keys not yet checked and keys
# not yet attached, as a broken off rebuild leaves them, are found as well; their notes, made when
# they were whole, are not overwritten.
_FIND = """
SELECT 'foreign key' AS kind, quote_ident(conname) AS name, conrelid::regclass::text AS on_table,
       NULL AS build,
       format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s NOT VALID', conrelid::regclass, conname,
              replace(pg_get_constraintdef(oid), ' NOT VALID', '')) AS attach,
       format('ALTER TABLE %%s VALIDATE CONSTRAINT %%I', conrelid::regclass, conname) AS inspect
  FROM pg_constraint
 WHERE contype = 'f'
   AND (conrelid::regclass::text = ANY(%(tables)s) OR confrelid::regclass::text = ANY(%(tables)s))
UNION ALL
SELECT 'key', quote_ident(conname), conrelid::regclass::text,
       pg_get_indexdef(conindid),
       format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s USING INDEX %%s%%s',
              conrelid::regclass, conname,
              CASE contype WHEN 'p' THEN 'PRIMARY KEY' ELSE 'UNIQUE' END, conindid::regclass,
              CASE WHEN condeferred THEN ' DEFERRABLE INITIALLY DEFERRED'
                   WHEN condeferrable THEN ' DEFERRABLE' ELSE '' END),
       NULL
  FROM pg_constraint
 WHERE contype IN ('p', 'u') AND conrelid::regclass::text = ANY(%(tables)s)
UNION ALL
SELECT 'index', indexrelid::regclass::text, indrelid::regclass::text,
       pg_get_indexdef(indexrelid), NULL, NULL
  FROM pg_index
 WHERE indrelid::regclass::text = ANY(%(tables)s)
   AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype <> 'f')
"""

_NOTE_TABLE = """
CREATE TABLE IF NOT EXISTS seed_rebuild (
    kind text, name text, on_table text, build text, attach text, inspect text,
    PRIMARY KEY (on_table, name))
"""

_NOTE = """
INSERT INTO seed_rebuild (kind, name, on_table, build, attach, inspect)
VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
"""

# The slowest first, so that the two workers end together: inverted indexes, then by rows.
_NOTES = """
SELECT kind, name, on_table, build, attach, inspect
  FROM seed_rebuild
 ORDER BY build LIKE '%USING gin%' DESC, pg_relation_size(on_table::regclass) DESC, name
"""


def under_way(connection: Connection) -> bool:
    """Whether a load was begun here and has neither ended nor been cleaned up after."""
    row = connection.execute("SELECT to_regclass('seed_rebuild') IS NOT NULL").fetchone()
    return bool(row and row[0])


def take_down(connection: Connection, tables: Sequence[str]) -> None:
    """Note and drop all indexes, keys and foreign keys of `tables`; call inside a transaction."""
    with connection.cursor(row_factory=class_row(Definition)) as cursor:
        found = cursor.execute(_FIND, {"tables": list(tables)}).fetchall()
        cursor.execute(_NOTE_TABLE)
        cursor.executemany(
            _NOTE, [(d.kind, d.name, d.on_table, d.build, d.attach, d.inspect) for d in found]
        )
        for definition in found:
            cursor.execute(definition.drop)


def build_indexes(url: str, connection: Connection) -> None:
    """Build every noted index and make keys of those that were."""
    notes = _notes(connection)
    share_out(url, [note.build for note in notes if note.build], _execute)
    for note in notes:
        if note.kind == "key" and note.attach:
            connection.execute(note.attach)


def add_foreign_keys(url: str, connection: Connection) -> None:
    """Add every noted foreign key and check the rows that are there."""
    notes = [note for note in _notes(connection) if note.kind == "foreign key"]
    for note in notes:
        if note.attach:
            connection.execute(note.attach)
    share_out(url, [note.inspect for note in notes if note.inspect], _execute)


def forget(connection: Connection) -> None:
    """Everything noted is in place again: drop the notes."""
    connection.execute("DROP TABLE seed_rebuild")


def _notes(connection: Connection) -> list[Definition]:
    with connection.cursor(row_factory=class_row(Definition)) as cursor:
        return cursor.execute(_NOTES).fetchall()


def _execute(connection: Connection, statement: str) -> None:
    connection.execute(statement.encode())
