"""Notifications as the API shows them."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from reference_app.kit.pagination import Page
from reference_app.texts import Entered, Id


class NotificationShown(BaseModel):
    """A notification."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    kind: str = Field(examples=["application_received"])
    data: dict[str, Any] = Field(
        description="Ids of what it is about, by kind.",
        examples=[{"application_id": 7, "job_id": 3}],
    )
    created_at: datetime
    read_at: datetime | None


class UnreadNotifications(BaseModel):
    """How many one has not seen."""

    unread: int


class SeenUpTo(Entered):
    """Which ones one has seen."""

    up_to: Id = Field(description="A notification's id: it and all before it.")


NotificationPage = Page[NotificationShown]
