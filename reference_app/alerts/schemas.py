"""Saved searches as the API shows and takes them."""

from datetime import datetime
from typing import Self

from pydantic import BaseModel, Field, model_validator

from reference_app.catalogue import Category, EmploymentType, Island
from reference_app.texts import Cents, Entered, Name, SearchText


class _Conditions(Entered):
    q: SearchText = Field(default="", description="Words to look for.")
    island: Island | None = None
    category: Category | None = None
    employment_type: EmploymentType | None = None
    salary_min_cents: Cents | None = Field(
        default=None, description="Only jobs that may pay this much a month or more."
    )


class SearchDraft(_Conditions):
    """A search to save. All conditions must hold; there must be one."""

    name: Name = Field(examples=["Plumbing in Exuma"])
    alerts: bool = Field(default=True, description="Whether to tell of new jobs it finds.")

    @model_validator(mode="after")
    def _some_condition(self) -> Self:
        given = (self.q, self.island, self.category, self.employment_type)
        if not any(given) and self.salary_min_cents is None:
            raise ValueError("there must be a condition")
        return self


class SearchChange(_Conditions):
    """What to change of a saved search; what is left out stays, null takes a condition away."""

    name: Name = Field(default_factory=str)
    alerts: bool = True


class SavedSearchShown(BaseModel):
    """A saved search."""

    id: int
    name: str
    q: str
    island: str | None
    category: str | None
    employment_type: str | None
    salary_min_cents: int | None
    alerts: bool
    created_at: datetime


class SavedSearches(BaseModel):
    """All searches one has saved."""

    items: list[SavedSearchShown]
