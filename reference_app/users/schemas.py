"""People as the API shows and takes them."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from reference_app.catalogue import Island
from reference_app.kit.pagination import CursorValue, Page, PageSize
from reference_app.texts import Entered, Line, Name, Prose, SearchText

MOST_SKILLS = 20


def _named(skill: str) -> str:
    if not 1 <= len(skill) <= 40:
        raise ValueError("must have 1 to 40 characters")
    return skill


def _once_each(skills: list[str]) -> list[str]:
    once = list(dict.fromkeys(skills))
    if len(once) > MOST_SKILLS:
        raise ValueError(f"must be at most {MOST_SKILLS}")
    return once


# Told apart neither by case nor by blanks.
Skill = Annotated[SearchText, AfterValidator(_named)]
Skills = Annotated[list[Skill], Field(max_length=100), AfterValidator(_once_each)]


AvatarId = Annotated[
    int | None,
    Field(description="An upload; `/users/{id}/avatar` leads to the picture. Null without one."),
]


class PublicUser(BaseModel):
    """What everyone may see of a person."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    full_name: str
    role: str = Field(examples=["seeker"])
    headline: str
    bio: str
    island: str | None
    created_at: datetime


class PrivateUser(PublicUser):
    """What a person sees of themselves."""

    email: str
    email_verified: bool = Field(description="By a link sent to the address.")


class PersonRef(BaseModel):
    """A person, named."""

    id: int
    full_name: str
    headline: str
    avatar_id: AvatarId


class Profile(PublicUser):
    """A person's page."""

    skills: list[str] = Field(examples=[["masonry", "tiling"]])
    available_for_hire: bool
    avatar_id: AvatarId


class OwnProfile(Profile, PrivateUser):
    """A person's page as they see it themselves."""


class UserChange(Entered):
    """What to change of one's own profile; what is left out stays."""

    full_name: Name = Field(default_factory=str)
    headline: Line = Field(default_factory=str, examples=["Plumber, ten years in resorts"])
    bio: Prose = Field(default_factory=str)
    island: Island | None = None
    skills: Skills = Field(
        default_factory=list,
        description="All of them, at most 20. Case and surplus blanks do not count.",
        examples=[["plumbing", "welding"]],
    )
    available_for_hire: bool = Field(
        default=False, description="Whether employers find one in the list of available workers."
    )


class WorkerQuery(BaseModel):
    """Which available workers to list. All conditions must hold."""

    model_config = ConfigDict(frozen=True)

    q: SearchText = Field(default="", description="Words of the name, the headline or the bio.")
    island: Island | None = Field(default=None, description="Where they are.")
    skill: Skill | None = Field(default=None, description="What they can do, in any case.")
    limit: PageSize = 20
    cursor: CursorValue = None


class Worker(BaseModel):
    """Someone available for hire."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    full_name: str
    headline: str
    island: str | None
    skills: list[str]
    available_since: datetime
    avatar_id: AvatarId


WorkerPage = Page[Worker]
