"""Applications: who wants which job, how far it got, and what the employer notes."""

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
        Index("ix_applications_job_status", "job_id", "status", text("id DESC")),
        Index("ix_applications_applicant_newest", "applicant_id", text("id DESC")),
        Index(
            "ix_applications_resume", "resume_id", postgresql_where=text("resume_id IS NOT NULL")
        ),
    )

    id: Mapped[PrimaryKey]
    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"))
    applicant_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    cover_letter: Mapped[str]
    proposed_budget_cents: Mapped[int | None]
    resume_id: Mapped[int | None] = mapped_column(ForeignKey("uploads.id", ondelete="SET NULL"))
    status: Mapped[str] = mapped_column(server_default="submitted")
    created_at: Mapped[Made]
    updated_at: Mapped[Changed]

    job: Mapped[Job] = relationship(lazy="raise")
    applicant: Mapped[User] = relationship(lazy="raise")


class ApplicationEvent(Model):
    """One step of an application, from one status to another. Rows are only ever added.

    Applying is not among them: the application itself says when that was.
    """

    __tablename__ = "application_events"
    __table_args__ = (
        CheckConstraint("from_status <> to_status", name="a_step"),
        Index("ix_application_events_application", "application_id", text("id DESC")),
        Index("ix_application_events_actor", "actor_id"),
    )

    id: Mapped[PrimaryKey]
    application_id: Mapped[int] = mapped_column(ForeignKey("applications.id", ondelete="CASCADE"))
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    from_status: Mapped[str]
    to_status: Mapped[str]
    created_at: Mapped[Made]


class ApplicationNote(Model):
    """What someone of the employer's team notes on an application. Never the applicant's to see."""

    __tablename__ = "application_notes"
    __table_args__ = (
        Index("ix_application_notes_application", "application_id", text("id DESC")),
        Index("ix_application_notes_author", "author_id"),
    )

    id: Mapped[PrimaryKey]
    application_id: Mapped[int] = mapped_column(ForeignKey("applications.id", ondelete="CASCADE"))
    author_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    body: Mapped[str]
    created_at: Mapped[Made]
