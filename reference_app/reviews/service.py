"""What one can do with reviews of companies and of workers."""

from collections.abc import Callable
from dataclasses import dataclass

from reference_app.companies.service import no_such_company
from reference_app.database import AnyRow, Database, WriteSession
from reference_app.errors import ForbiddenError, NotFoundError
from reference_app.kit.cache import Loader
from reference_app.kit.pagination import cursor_by_id, cut, read_cursor_by_id
from reference_app.reviews.repository import OF_COMPANIES, OF_WORKERS, Reviews
from reference_app.reviews.schemas import Rating, ReviewDraft, ReviewPage, ReviewShown
from reference_app.texts import LARGEST_ID, json_bytes
from reference_app.users.naming import person_ref
from reference_app.users.service import no_such_user

_FIRST_PAGE = 20


@dataclass(frozen=True, slots=True)
class Kind:
    """What is reviewed: its name in the cache, its reviews, and how to refuse."""

    name: str
    reviews: Reviews
    missing: Callable[[], NotFoundError]
    refusal: Callable[[], ForbiddenError]

    def rating_cache_key(self, subject_id: int) -> str:
        """The cache's name for a rating."""
        return f"{self.name}-rating:{subject_id}"

    def page_cache_key(
        self, subject_id: int, limit: int = _FIRST_PAGE, cursor: str | None = None
    ) -> str:
        """The cache's name for a page of reviews; the first unless said otherwise."""
        return f"{self.name}-reviews:{subject_id}:{limit}:{cursor or ''}"


COMPANY = Kind(
    "company",
    OF_COMPANIES,
    no_such_company,
    lambda: ForbiddenError(
        "not_an_applicant", "Only those who applied for a job there can review it."
    ),
)
WORKER = Kind(
    "worker",
    OF_WORKERS,
    no_such_user,
    lambda: ForbiddenError("not_the_employer", "Only employers who hired them can review them."),
)


async def write(
    session: WriteSession, kind: Kind, subject_id: int, author_id: int, wanted: ReviewDraft
) -> ReviewShown:
    """Write or change one's one review. Raises `NotFoundError` or `ForbiddenError`."""
    standing = await kind.reviews.standing(session, subject_id, author_id)
    if not standing.exists:
        raise kind.missing()
    if not standing.allowed:
        raise kind.refusal()
    row = await kind.reviews.write(session, subject_id, author_id, **wanted.model_dump())
    _changed(session, kind, subject_id)
    return _shown(row)


async def remove(session: WriteSession, kind: Kind, subject_id: int, author_id: int) -> None:
    """Take one's review back; nothing happens if there is none."""
    if await kind.reviews.remove(session, subject_id, author_id):
        _changed(session, kind, subject_id)


def page_loader(
    database: Database, kind: Kind, subject_id: int, limit: int, cursor: str | None
) -> Loader:
    """Reads a page of reviews. The loader raises `InvalidError` on a wrong cursor."""

    async def load(position: int) -> bytes:
        below = read_cursor_by_id(cursor) or LARGEST_ID
        rows = await kind.reviews.newest(database.reading(position), subject_id, limit + 1, below)
        shown, next_cursor = cut(rows, limit, lambda row: cursor_by_id(row.id))
        return json_bytes(ReviewPage(items=[_shown(row) for row in shown], next_cursor=next_cursor))

    return load


def rating_loader(database: Database, kind: Kind, subject_id: int) -> Loader:
    """Reads what all reviews say together."""

    async def load(position: int) -> bytes:
        rows = await kind.reviews.rating(database.reading(position), subject_id)
        return json_bytes(rating({row.stars: row.many for row in rows}))

    return load


def rating(given: dict[int, int]) -> Rating:
    """The rating when so many gave each number of stars."""
    many = sum(given.values())
    average = sum(stars * times for stars, times in given.items()) / many if many else None
    return Rating(
        reviews=many,
        average=None if average is None else round(average, 2),
        by_stars={str(stars): given.get(stars, 0) for stars in range(1, 6)},
    )


def _changed(session: WriteSession, kind: Kind, subject_id: int) -> None:
    session.forget(kind.rating_cache_key(subject_id), kind.page_cache_key(subject_id))


def _shown(row: AnyRow) -> ReviewShown:
    return ReviewShown(
        id=row.id,
        author=person_ref(row),
        stars=row.stars,
        body=row.body,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
