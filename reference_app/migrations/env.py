"""Runs migrations over one plain connection to the primary.

An advisory lock lets several pods start migrating at once: the first does it,
the others wait and find nothing left to do.
"""

from alembic import context
from sqlalchemy import create_engine, pool, text

from reference_app.settings import migration_url
from reference_app.tables import metadata

_LOCK = 4_826_001
_WAIT_FOR_TABLE_LOCK = "10s"


def run_migrations() -> None:
    """Bring the database named by DATABASE_DIRECT_URL to the wanted revision."""
    engine = create_engine(migration_url(), poolclass=pool.NullPool)
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": _LOCK})
        connection.execute(text(f"SET lock_timeout = '{_WAIT_FOR_TABLE_LOCK}'"))
        connection.commit()
        context.configure(connection=connection, target_metadata=metadata)
        with context.begin_transaction():
            context.run_migrations()
        connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": _LOCK})
        connection.commit()
    engine.dispose()


run_migrations()
