"""Companies as the API shows and takes them."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, AnyHttpUrl, BaseModel, ConfigDict, Field

from reference_app.catalogue import Island
from reference_app.texts import Entered, Name, Prose

Website = Annotated[AnyHttpUrl, AfterValidator(str)]


class CompanyRef(BaseModel):
    """A company, named."""

    id: int
    name: str


class CompanySummary(CompanyRef):
    """A company in a list."""

    model_config = ConfigDict(from_attributes=True)

    island: str | None
    created_at: datetime


class CompanyDetail(CompanySummary):
    """A company's page."""

    owner_id: int
    description: str
    website: str | None
    updated_at: datetime
    open_jobs: int = Field(description="Jobs it has published and not closed.")


class CompanyDraft(Entered):
    """A new company."""

    name: Name
    description: Prose = ""
    island: Island | None = None
    website: Website | None = None


class CompanyChange(Entered):
    """What to change of a company; what is left out stays."""

    name: Name = Field(default_factory=str)
    description: Prose = Field(default_factory=str)
    island: Island | None = None
    website: Website | None = None
