"""API keys as the API shows and takes them."""

from datetime import date, datetime

from pydantic import BaseModel, ConfigDict, Field

from reference_app.texts import Entered, Name


class ApiKeyDraft(Entered):
    """A new key."""

    name: Name = Field(
        description="What it is for; one's keys have different names.", examples=["Nightly import"]
    )


class ApiKeyShown(BaseModel):
    """A key in its owner's list."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    name: str
    prefix: str = Field(description="How the key begins.", examples=["hmb_Zk3vQ1xw"])
    created_at: datetime
    last_used_on: date | None = Field(description="In UTC; some seconds late.")


class NewApiKey(ApiKeyShown):
    """A key just made."""

    key: str = Field(
        description="Send as `Authorization: Bearer ...`. Shown this once: keep it secret."
    )


class ApiKeyList(BaseModel):
    """All keys of a person."""

    items: list[ApiKeyShown]
