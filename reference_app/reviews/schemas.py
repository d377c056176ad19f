"""Reviews as the API shows and takes them."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from reference_app.kit.pagination import Page
from reference_app.texts import Entered, ShortProse
from reference_app.users.schemas import PersonRef

Stars = Annotated[int, Field(ge=1, le=5, strict=True)]


class ReviewDraft(Entered):
    """What one thinks of a company or a worker."""

    stars: Stars
    body: ShortProse = ""


class ReviewShown(BaseModel):
    """A review."""

    id: int
    author: PersonRef
    stars: int
    body: str
    created_at: datetime
    updated_at: datetime


class Rating(BaseModel):
    """What all reviews say together."""

    reviews: int
    average: float | None = Field(description="Of the stars, to two decimals; null without any.")
    by_stars: dict[str, int] = Field(
        description="How many gave each number of stars.",
        examples=[{"1": 0, "2": 0, "3": 1, "4": 2, "5": 7}],
    )


ReviewPage = Page[ReviewShown]
