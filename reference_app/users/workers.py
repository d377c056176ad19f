"""The public list of workers available for hire, as cached bytes."""

from reference_app.database import Database
from reference_app.kit.cache import Loader
from reference_app.kit.pagination import cursor_by_time, cut, read_cursor_by_time
from reference_app.texts import json_bytes
from reference_app.users import worker_sql
from reference_app.users.schemas import Worker, WorkerPage, WorkerQuery


def cache_key(query: WorkerQuery) -> str:
    """The cache's name for a page of the list."""
    return (
        f"workers:{query.island or ''}:{query.limit}:{query.cursor or ''}:"
        f"{len(query.skill or '')}:{query.skill or ''}:{query.q}"
    )


def loader(database: Database, query: WorkerQuery) -> Loader:
    """Reads a page. The loader raises `InvalidError` on a wrong cursor."""

    async def load(position: int) -> bytes:
        after = read_cursor_by_time(query.cursor)
        rows = await worker_sql.available(
            database.reading(position),
            island=query.island,
            skill=query.skill,
            words=query.q,
            rows=query.limit + 1,
            after=after,
        )
        shown, next_cursor = cut(
            rows, query.limit, lambda row: cursor_by_time(row.available_since, row.id)
        )
        items = [Worker.model_validate(row) for row in shown]
        return json_bytes(WorkerPage(items=items, next_cursor=next_cursor))

    return load
