"""A job's applications as CSV, read and sent a piece at a time.

A spreadsheet takes a cell that begins like a formula for one, and applicants
write what is in the cells: such texts get an apostrophe before them, which
spreadsheets show as text.
"""

import csv
from collections.abc import AsyncGenerator, Sequence
from io import StringIO

from reference_app.applications import repository
from reference_app.applications.service import check_standing
from reference_app.database import AnyRow, ReadSession

LARGEST_EXPORT = 5_000
"""Rows one export has at most; the next one begins after the last."""

EXPORTS_PER_WINDOW = 6
WINDOW_S = 600

_PIECE = 100
_COLUMNS = {
    "id": "id",
    "applicant_id": "applicant_id",
    "applicant_name": "person_name",
    "applicant_headline": "person_headline",
    "status": "status",
    "proposed_budget_cents": "proposed_budget_cents",
    "created_at": "created_at",
    "updated_at": "updated_at",
    "cover_letter": "cover_letter",
}
"""By the names in the file's first line, those of a row of `repository.of_job`."""
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")  # noqa: RUF001 - full-width forms, which count too


async def export(
    session: ReadSession, job_id: int, user_id: int, status: str | None, before: int | None
) -> AsyncGenerator[bytes]:
    """The CSV of applications for a job one manages, the newest first, those under id `before`.

    However many there are, only a hundred are held at a time. Raises
    `NotFoundError` or `ForbiddenError` before the first is sent.
    """

    async def piece(below: int | None, rows: int) -> Sequence[AnyRow]:
        found = await repository.of_job(session, job_id, user_id, status, rows, below)
        check_standing(found[0] if found else None)
        return [row for row in found if row.id is not None]

    async def pieces(rows: Sequence[AnyRow]) -> AsyncGenerator[bytes]:
        yield _lines([list(_COLUMNS)])
        left = LARGEST_EXPORT
        while rows:
            yield _lines(
                [[_cell(getattr(row, name)) for name in _COLUMNS.values()] for row in rows]
            )
            left -= len(rows)
            full = len(rows) == _PIECE
            rows = await piece(rows[-1].id, min(_PIECE, left)) if full and left else ()

    return pieces(await piece(before, min(_PIECE, LARGEST_EXPORT)))


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    if isinstance(value, str) and text.lstrip(" ").startswith(_FORMULA):
        return f"'{text}"
    return text


def _lines(rows: Sequence[Sequence[str]]) -> bytes:
    written = StringIO()
    csv.writer(written, quoting=csv.QUOTE_ALL).writerows(rows)
    return written.getvalue().encode()
