"""Companies as the API shows and takes them."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AnyHttpUrl, BaseModel, ConfigDict, Field, PlainSerializer

from reference_app.auth.schemas import Email
from reference_app.catalogue import Island
from reference_app.kit.pagination import Page
from reference_app.texts import Entered, Line, Name, Prose
from reference_app.users.schemas import PersonRef

Website = Annotated[AnyHttpUrl, PlainSerializer(str)]


class CompanyRef(BaseModel):
    """A company, named."""

    id: int
    name: str


class CompanySummary(CompanyRef):
    """A company in a list."""

    model_config = ConfigDict(from_attributes=True)

    island: str | None
    created_at: datetime


class ProfileShown(BaseModel):
    """What a company tells of itself beyond the basics."""

    model_config = ConfigDict(from_attributes=True)

    cover_text: str
    about: str
    size: str | None = Field(description="How many work there.", examples=["11-50"])
    benefits: list[str] = Field(examples=[["Health insurance", "Staff housing"]])


class CompanyDetail(CompanySummary):
    """A company's page."""

    owner_id: int
    description: str
    website: str | None
    updated_at: datetime
    open_jobs: int = Field(description="Jobs it has published and not closed.")
    profile: ProfileShown | None = Field(
        description="Null without one, or while the owner's tier has no company page."
    )


class CompanyDraft(Entered):
    """A new company."""

    name: Name = Field(examples=["Conch Ltd"])
    description: Prose = ""
    island: Island | None = None
    website: Website | None = None


class CompanyChange(Entered):
    """What to change of a company; what is left out stays."""

    name: Name = Field(default_factory=str)
    description: Prose = Field(default_factory=str)
    island: Island | None = None
    website: Website | None = None


class ProfileDraft(Entered):
    """A company's profile, in place of the one before."""

    cover_text: Line = ""
    about: Prose = ""
    size: Literal["1-10", "11-50", "51-200", "201-1000", "1001+"] | None = None
    benefits: Annotated[list[Name], Field(max_length=20)] = Field(default_factory=list)


class Membership(BaseModel):
    """A company one may act for."""

    company: CompanySummary
    role: str = Field(examples=["owner", "manager", "recruiter"])
    has_seat: bool = Field(
        description="False while the owner's tier has fewer seats than the team: one cannot act."
    )


class RoleChange(Entered):
    """What a member does for a company. Managers also look after its page."""

    role: Literal["manager", "recruiter"]


class MemberShown(BaseModel):
    """A member of a company's team."""

    user: PersonRef
    role: str = Field(examples=["recruiter"])
    has_seat: bool = Field(description="False while the owner's tier has too few seats.")
    joined_at: datetime


class InvitationDraft(RoleChange):
    """Whom to invite, as what."""

    email: Email


class InvitationShown(BaseModel):
    """An invitation that waits for an answer."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    email: str
    role: str = Field(examples=["recruiter"])
    created_at: datetime
    expires_at: datetime


class InvitationToken(Entered):
    """What an invitation's letter carries."""

    token: Annotated[str, Field(min_length=1, max_length=200)]


class TeamPage(Page[MemberShown]):
    """A page of a company's members, the first to join first; its owner is not among them."""

    seats: int | None = Field(description="How many the owner's tier has; null for no limit.")
    taken: int = Field(
        description="The owner's, those of members and of pending invitations, in all "
        "companies of the owner."
    )


MembershipPage = Page[Membership]
InvitationPage = Page[InvitationShown]
