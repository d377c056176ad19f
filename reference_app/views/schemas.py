"""Views as the API shows them."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from reference_app.kit.pagination import Page
from reference_app.users.schemas import PersonRef


class ProfileViews(BaseModel):
    """How often one's profile was seen lately by people with an account."""

    model_config = ConfigDict(from_attributes=True)

    days: int = Field(description="Views are counted that far back.", examples=[90])
    viewers: int
    views: int


class ProfileViewer(PersonRef):
    """Someone who saw one's profile."""

    views: int
    viewed_at: datetime


ProfileViewerPage = Page[ProfileViewer]
