"""The database behind the app's back."""

from typing import Any

import psycopg

from tests.app.life import Running


def execute(app: Running, statement: str, *parameters: Any) -> list[Any]:
    """The first column of what a statement answers."""
    return execute_at(app.board.settings.database_url.get_secret_value(), statement, *parameters)


def execute_at(url: str, statement: str, *parameters: Any) -> list[Any]:
    """The same, at a database by its address."""
    with psycopg.connect(url, autocommit=True) as connection:
        found = connection.execute(statement.encode(), parameters)
        return [row[0] for row in found.fetchall()] if found.description else []
