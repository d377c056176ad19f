"""Jobs as the API shows and takes them. Salaries are in cents a month."""

from datetime import datetime
from enum import StrEnum
from typing import Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from reference_app.catalogue import Category, EmploymentType, Island
from reference_app.companies.schemas import CompanyRef
from reference_app.kit.pagination import CursorValue, Page, PageSize
from reference_app.texts import Cents, Entered, Id, SearchText, SomeProse, Title


class JobSummary(BaseModel):
    """A job in a list."""

    id: int
    title: str
    company: CompanyRef
    category: str
    island: str
    employment_type: str
    salary_min_cents: int | None
    salary_max_cents: int | None
    published_at: datetime | None


class JobDetail(JobSummary):
    """A job's page."""

    employer_id: int
    description: str
    status: str = Field(examples=["published"])
    expires_at: datetime | None
    created_at: datetime
    updated_at: datetime


class OwnJob(JobSummary):
    """A job in its employer's list."""

    status: str
    created_at: datetime
    boosted_until: datetime | None
    featured_until: datetime | None
    applications: int = Field(description="Applications not withdrawn.")
    views: int = Field(
        description="How often its page was seen, but by its employer; counted within a minute."
    )


class JobPromotion(BaseModel):
    """Until when a job is boosted and featured; null for not at all."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    boosted_until: datetime | None
    featured_until: datetime | None


class JobList(BaseModel):
    """A few jobs."""

    items: list[JobSummary]


class Shelf(BaseModel):
    """A word jobs are filed under, and how many open ones there are."""

    slug: str = Field(examples=["plumbing"])
    name: str = Field(examples=["Plumbing"])
    open_jobs: int


class Shelves(BaseModel):
    """All words jobs are filed under."""

    items: list[Shelf]


class SavedJobItem(JobSummary):
    """A job someone keeps; it may have closed since."""

    status: str
    saved_at: datetime


JobPage = Page[JobSummary]
OwnJobPage = Page[OwnJob]
SavedJobPage = Page[SavedJobItem]


class _Salaries(Entered):
    salary_min_cents: Cents | None = None
    salary_max_cents: Cents | None = None


class JobDraft(_Salaries):
    """A new job, at first seen by its employer only."""

    company_id: Id
    title: Title = Field(examples=["Experienced plumber"])
    description: SomeProse = Field(examples=["Mend pipes in a resort, five days a week."])
    category: Category
    island: Island
    employment_type: EmploymentType
    expires_at: AwareDatetime | None = None

    @model_validator(mode="after")
    def _salaries_in_order(self) -> Self:
        if not salaries_in_order(self.salary_min_cents, self.salary_max_cents):
            raise ValueError("salary_min_cents must not be above salary_max_cents")
        return self


class JobChange(_Salaries):
    """What to change of a job; what is left out stays."""

    title: Title = Field(default_factory=str)
    description: SomeProse = Field(default_factory=str)
    category: Category = Field(default_factory=str)
    island: Island = Field(default_factory=str)
    employment_type: EmploymentType = Field(default_factory=str)
    expires_at: AwareDatetime | None = None


def salaries_in_order(lowest: int | None, highest: int | None) -> bool:
    """Whether the two ends of a salary range fit each other."""
    return lowest is None or highest is None or lowest <= highest


class JobQuery(BaseModel):
    """Which open jobs to list. All conditions must hold."""

    model_config = ConfigDict(frozen=True)

    q: SearchText = Field(
        default="", description="Words to look for; forgives small misspellings of titles."
    )
    island: Island | None = Field(default=None, description="Where the work is.")
    category: Category | None = Field(default=None, description="What the work is.")
    employment_type: EmploymentType | None = Field(default=None, description="How one is employed.")
    salary_min: Cents | None = Field(
        default=None, description="Only jobs that may pay this many cents a month or more."
    )
    limit: PageSize = 20
    cursor: CursorValue = None


class SearchOrder(StrEnum):
    """In which order to list what is found."""

    PLACE = "place"
    RELEVANCE = "relevance"
    PAY = "pay"


class AdvancedQuery(BaseModel):
    """Which open jobs to search for. All conditions must hold; of several choices one."""

    q: SearchText = Field(default="", description="Words to look for.")
    island: list[Island] = Field(default=[], max_length=19, description="Where the work is.")
    category: list[Category] = Field(default=[], max_length=16, description="What the work is.")
    employment_type: list[EmploymentType] = Field(
        default=[], max_length=5, description="How one is employed."
    )
    salary_min: Cents | None = Field(
        default=None, description="Only jobs that may pay this many cents a month or more."
    )
    salary_max: Cents | None = Field(
        default=None, description="Only jobs that may pay this many cents a month or less."
    )
    posted_within_days: int | None = Field(
        default=None, ge=1, le=365, description="Only jobs published in that many last days."
    )
    sort: SearchOrder = Field(
        default=SearchOrder.PLACE,
        description="`place`: as the public list. `relevance`: what matches `q` best; it"
        " forgives small misspellings. `pay`: what may pay most; only jobs that name their pay.",
    )
    limit: PageSize = 20
    cursor: CursorValue = None
