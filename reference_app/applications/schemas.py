"""Applications as the API shows and takes them."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from reference_app.kit.pagination import Page
from reference_app.texts import Cents, Entered, SomeProse


class ApplicationDraft(Entered):
    """What one applies with."""

    cover_letter: SomeProse
    proposed_budget_cents: Cents | None = None


class Decision(Entered):
    """What an employer makes of an application."""

    status: Literal["reviewed", "shortlisted", "rejected", "hired"]


StatusFilter = Literal["submitted", "reviewed", "shortlisted", "rejected", "hired", "withdrawn"]


class ApplicationShown(BaseModel):
    """An application."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    job_id: int
    applicant_id: int
    cover_letter: str
    proposed_budget_cents: int | None
    status: str = Field(examples=["submitted"])
    created_at: datetime
    updated_at: datetime


class Applicant(BaseModel):
    """Who applies."""

    id: int
    full_name: str
    headline: str


class ReceivedApplication(ApplicationShown):
    """An application as the employer sees it."""

    applicant: Applicant


class JobApplied(BaseModel):
    """The job an application is for."""

    id: int
    title: str
    status: str
    company_name: str


class OwnApplication(ApplicationShown):
    """An application as the applicant sees it."""

    job: JobApplied


ReceivedPage = Page[ReceivedApplication]
OwnPage = Page[OwnApplication]
