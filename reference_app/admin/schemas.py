"""What administrators see and say, and what people report."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Path, Query
from pydantic import BaseModel, ConfigDict, Field

from reference_app.admin.things import ThingKind
from reference_app.kit.pagination import Page
from reference_app.subscriptions.tiers import Tier
from reference_app.texts import Entered, Id, Remark, SearchText, ShortProse
from reference_app.users.schemas import PersonRef

ReportReason = Literal["spam", "fraud", "abuse", "illegal", "other"]
ResolutionKind = Literal["dismiss", "hide", "suspend"]

PeopleSearch = Annotated[
    SearchText, Query(description="Part of an e-mail address or a name, in any case.")
]
FlagName = Annotated[str, Path(max_length=60, pattern="^[a-z_]+$")]


class PersonRow(BaseModel):
    """A person in the administrators' list."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    email: str
    full_name: str
    role: str = Field(examples=["seeker"])
    created_at: datetime
    suspended_at: datetime | None


PersonPage = Page[PersonRow]


class PersonDetail(PersonRow):
    """All that administrators see of a person."""

    headline: str
    bio: str
    island: str | None
    updated_at: datetime
    tier: Tier
    jobs: int
    posts: int
    sessions: int = Field(description="Sign-ins that have not been ended.")
    open_reports: int = Field(description="Of anything of theirs, or of themselves.")


class Because(Entered):
    """Why something is done; it goes on record."""

    reason: Remark = Field(examples=["Asks applicants for money."])


class Standing(BaseModel):
    """Whether a person may use the board."""

    id: int
    suspended_at: datetime | None = Field(description="Null for whoever may.")


class ReportDraft(Entered):
    """What is wrong with something."""

    kind: ThingKind
    thing_id: Id
    reason: ReportReason
    note: ShortProse = ""


class ReportShown(BaseModel):
    """A report, as its reporter sees it."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    kind: ThingKind
    thing_id: int
    reason: str = Field(examples=["spam"])
    note: str
    created_at: datetime


class ReportItem(ReportShown):
    """A report, as administrators see it."""

    reporter: PersonRef
    resolved_at: datetime | None
    resolution: str | None = Field(examples=["hide"])


class ReportList(BaseModel):
    """Reports of one thing, the newest first, at most a hundred."""

    items: list[ReportItem]


class QueueItem(BaseModel):
    """Something that is reported."""

    kind: ThingKind
    thing_id: int
    reports: int = Field(description="How many are open.")
    reasons: list[str] = Field(examples=[["fraud", "spam"]])
    first_reported_at: datetime
    excerpt: str | None = Field(description="How it begins; null when it is gone.")
    hidden_at: datetime | None
    author: PersonRef
    author_suspended: bool


Queue = Page[QueueItem]


class Resolution(Because):
    """What to do about something reported."""

    resolution: ResolutionKind = Field(
        description="Let it be, hide it from everyone, or hide it and suspend its author."
    )


class Resolved(BaseModel):
    """What was done about something reported."""

    kind: ThingKind
    thing_id: int
    resolution: ResolutionKind
    reports: int = Field(description="How many were open.")


class Visibility(BaseModel):
    """Whether everyone sees something."""

    kind: ThingKind
    thing_id: int
    hidden_at: datetime | None = Field(description="Null when everyone does.")


class AuditItem(BaseModel):
    """Something an administrator did."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    admin_id: int | None = Field(description="Null: by a command on the server.")
    action: str = Field(examples=["user.suspend"])
    subject_kind: str = Field(examples=["user"])
    subject: str = Field(description="An id, or a flag's name.", examples=["12"])
    before: dict[str, Any]
    after: dict[str, Any]
    reason: str
    request_id: str
    created_at: datetime


AuditPage = Page[AuditItem]


class FlagShown(BaseModel):
    """A switch, in per cent of the people for whom it is on."""

    name: str
    description: str
    default: int = Field(description="What it is unless settings or an administrator say so.")
    settings: int = Field(description="What it is unless an administrator says so.")
    override: int | None = Field(description="What an administrator said, if any did.")
    percent: int = Field(description="What holds.")


class FlagList(BaseModel):
    """All switches there are."""

    items: list[FlagShown]


class FlagChange(Because):
    """For how many a switch is to be on."""

    percent: int = Field(ge=0, le=100, description="0 is off, 100 is on for everyone.")
