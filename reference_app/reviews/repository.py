"""SQL about reviews, the same for companies and workers."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, bindparam, delete, exists, func, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import InstrumentedAttribute

from reference_app.applications.models import Application, ApplicationStatus
from reference_app.companies.models import Company
from reference_app.database import AnyRow, ReadSession, WriteSession
from reference_app.jobs.models import Job
from reference_app.reviews.models import Review
from reference_app.users.models import User
from reference_app.users.naming import named

_author = bindparam("author_id", type_=User.id.type)
_subject = bindparam("subject_id", type_=User.id.type)

_COLUMNS = (
    Review.id,
    Review.stars,
    Review.body,
    Review.created_at,
    Review.updated_at,
    *named(User),
)


class Reviews:
    """Statements on the reviews of one kind of subject, whose column of `Review` is `subject`.

    `of` are the subjects, and who may review one is `allowed`.
    """

    def __init__(
        self,
        subject: InstrumentedAttribute[int | None],
        of: type[Company | User],
        allowed: ColumnElement[bool],
    ) -> None:
        self._subject = subject
        self._standing = select(
            exists().where(of.id == _subject).label("exists"), allowed.label("allowed")
        )
        self._rating = (
            select(Review.stars, func.count().label("many"))
            .where(subject == _subject, Review.hidden_at.is_(None))
            .group_by(Review.stars)
        )
        self._one = (
            select(*_COLUMNS)
            .join(User, User.id == Review.author_id)
            .where(subject == _subject, Review.author_id == _author)
        )
        self._newest = (
            select(*_COLUMNS)
            .join(User, User.id == Review.author_id)
            .where(subject == _subject, Review.id < bindparam("below"), Review.hidden_at.is_(None))
            .order_by(Review.id.desc())
            .limit(bindparam("rows"))
        )

    async def standing(self, session: WriteSession, subject_id: int, author_id: int) -> AnyRow:
        """Whether the subject `exists`, and whether it is `allowed` to review it."""
        parameters = {"subject_id": subject_id, "author_id": author_id}
        return (await session.execute(self._standing, parameters)).one()

    async def write(
        self, session: WriteSession, subject_id: int, author_id: int, *, stars: int, body: str
    ) -> AnyRow:
        """The author's one review of the subject, new or changed."""
        text: dict[str, Any] = {"stars": stars, "body": body}
        await session.execute(
            insert(Review)
            .values({"author_id": author_id, self._subject.key: subject_id, **text})
            .on_conflict_do_update(
                index_elements=[Review.author_id, self._subject],
                set_={**text, "updated_at": func.now()},
                where=tuple_(Review.stars, Review.body) != tuple_(stars, body),
            )
        )
        parameters = {"subject_id": subject_id, "author_id": author_id}
        return (await session.execute(self._one, parameters)).one()

    async def remove(self, session: WriteSession, subject_id: int, author_id: int) -> bool:
        """Whether there was one to delete."""
        gone = await session.execute(
            delete(Review)
            .where(self._subject == subject_id, Review.author_id == author_id)
            .returning(Review.id)
            .execution_options(synchronize_session=False)
        )
        return gone.scalar_one_or_none() is not None

    async def newest(
        self, session: ReadSession, subject_id: int, rows: int, below: int
    ) -> Sequence[AnyRow]:
        """Up to `rows` reviews with an id under `below`, the first written last."""
        parameters = {"subject_id": subject_id, "rows": rows, "below": below}
        return await session.rows(self._newest, parameters)

    async def rating(self, session: ReadSession, subject_id: int) -> Sequence[AnyRow]:
        """How `many` gave each number of `stars` that anyone gave."""
        return await session.rows(self._rating, {"subject_id": subject_id})


OF_COMPANIES = Reviews(
    Review.company_id,
    Company,
    exists().where(
        Application.applicant_id == _author,
        Application.status != ApplicationStatus.WITHDRAWN,
        Job.id == Application.job_id,
        Job.company_id == _subject,
    ),
)
"""By those who applied for a job there, and did not think better of it."""

OF_WORKERS = Reviews(
    Review.worker_id,
    User,
    exists().where(
        Application.applicant_id == _subject,
        Application.status == ApplicationStatus.HIRED,
        Job.id == Application.job_id,
        Job.employer_id == _author,
    ),
)
"""By those who hired them."""
