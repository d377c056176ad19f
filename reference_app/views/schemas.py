"""Views as the API shows them."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from reference_app.kit.pagination import Page


class ProfileViews(BaseModel):
    """How often one's profile was seen lately by people with an account."""

    model_config = ConfigDict(from_attributes=True)

    days: int = Field(description="Views are counted that far back.", examples=[90])
    viewers: int
    views: int


class ProfileViewer(BaseModel):
    """Someone who saw one's profile."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    full_name: str
    headline: str
    views: int
    viewed_at: datetime


ProfileViewerPage = Page[ProfileViewer]
