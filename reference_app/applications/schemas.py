"""Applications as the API shows and takes them."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from reference_app.kit.pagination import Page
from reference_app.texts import Cents, Entered, Id, Remark, SomeProse
from reference_app.users.schemas import PersonRef


class ApplicationDraft(Entered):
    """What one applies with."""

    cover_letter: SomeProse = Field(examples=["I have mended pipes for ten years."])
    proposed_budget_cents: Cents | None = None
    resume_id: Id | None = Field(
        default=None, description="A confirmed upload of one's own, of the kind `resume`."
    )


class Decision(Entered):
    """What an employer makes of an application."""

    status: Literal["reviewed", "shortlisted", "rejected", "hired"]


class BulkDecision(Decision):
    """What an employer makes of several applications for one job."""

    application_ids: Annotated[list[Id], Field(min_length=1, max_length=100)]


StatusFilter = Annotated[
    Literal["submitted", "reviewed", "shortlisted", "rejected", "hired", "withdrawn"] | None,
    Query(description="Only those in this status."),
]


class ApplicationShown(BaseModel):
    """An application."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    job_id: int
    applicant_id: int
    cover_letter: str
    proposed_budget_cents: int | None
    resume_id: int | None = Field(
        description="Its address is at `/uploads/{id}/link`; null once the applicant deleted it."
    )
    status: str = Field(examples=["submitted"])
    created_at: datetime
    updated_at: datetime


class ReceivedApplication(ApplicationShown):
    """An application as the employer sees it."""

    applicant: PersonRef


class JobApplied(BaseModel):
    """The job an application is for."""

    id: int
    title: str
    status: str
    company_name: str


class OwnApplication(ApplicationShown):
    """An application as the applicant sees it."""

    job: JobApplied


class Outcome(BaseModel):
    """What became of one of several applications."""

    id: int
    outcome: Literal["changed", "unchanged", "not_allowed", "not_found"]
    status: str | None = Field(description="As it is now; null when there is none for this job.")


class BulkOutcome(BaseModel):
    """What became of each, in the order asked for."""

    changed: int
    items: list[Outcome]


class ApplicationCounts(BaseModel):
    """How many applications for a job there are in each status, withdrawn ones too."""

    total: int
    by_status: dict[str, int] = Field(
        examples=[
            {
                "submitted": 7,
                "reviewed": 2,
                "shortlisted": 1,
                "rejected": 0,
                "hired": 0,
                "withdrawn": 1,
            }
        ]
    )


class Step(BaseModel):
    """One change of an application's status."""

    id: int
    from_status: str = Field(examples=["submitted"])
    to_status: str = Field(examples=["shortlisted"])
    at: datetime
    by: Literal["applicant", "employer"]
    actor: PersonRef | None = Field(
        description="Who it was, for the employer's team; null when their account is gone."
    )


class HistoryPage(Page[Step]):
    """A page of an application's steps, the newest first."""

    applied_at: datetime


class NoteDraft(Entered):
    """What to note on an application, for the team alone."""

    body: Remark = Field(examples=["Ask for references."])


class NoteShown(BaseModel):
    """A note of the team."""

    id: int
    author: PersonRef | None = Field(description="Null when their account is gone.")
    body: str
    created_at: datetime


NotePage = Page[NoteShown]
ReceivedPage = Page[ReceivedApplication]
OwnPage = Page[OwnApplication]
