"""Applications: who wants which job, and how far it got."""

from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from reference_app.base import Changed, Made, Model, PrimaryKey
from reference_app.jobs.models import Job
from reference_app.users.models import User


class ApplicationStatus(StrEnum):
    """How far an application got. `submitted` and `withdrawn` are the applicant's doing."""

    SUBMITTED = "submitted"
    REVIEWED = "reviewed"
    SHORTLISTED = "shortlisted"
    REJECTED = "rejected"
    HIRED = "hired"
    WITHDRAWN = "withdrawn"


class Application(Model):
    """One person's application for one job. The pair is unique: a double click applies once."""

    __tablename__ = "applications"
    __table_args__ = (
        UniqueConstraint("job_id", "applicant_id"),
        CheckConstraint(
            "status IN ('submitted', 'reviewed', 'shortlisted', 'rejected', 'hired', 'withdrawn')",
            name="status",
        ),
        CheckConstraint("proposed_budget_cents >= 0", name="budget"),
        Index("ix_applications_job_newest", "job_id", text("id DESC")),
        Index("ix_applications_applicant_newest", "applicant_id", text("id DESC")),
    )

    id: Mapped[PrimaryKey]
    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"))
    applicant_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    cover_letter: Mapped[str]
    proposed_budget_cents: Mapped[int | None]
    status: Mapped[str] = mapped_column(server_default="submitted")
    created_at: Mapped[Made]
    updated_at: Mapped[Changed]

    job: Mapped[Job] = relationship(lazy="raise")
    applicant: Mapped[User] = relationship(lazy="raise")
