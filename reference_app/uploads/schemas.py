"""Uploads as the API shows and takes them."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from reference_app.kit.pagination import Page
from reference_app.texts import Entered
from reference_app.uploads.kinds import Kind


def _plain(name: str) -> str:
    if not name.isprintable() or any(sign in name for sign in '/\\:*?"<>|'):
        raise ValueError("must be a file's name without its folder")
    return name


FileName = Annotated[
    str,
    StringConstraints(strip_whitespace=True),
    Field(min_length=1, max_length=120, examples=["masonry.pdf"]),
    AfterValidator(_plain),
]


class UploadDraft(Entered):
    """A file one means to send."""

    kind: Kind
    file_name: FileName
    content_type: str = Field(max_length=120, examples=["application/pdf"])
    size_bytes: int = Field(ge=1, le=2**40, description="Exactly as many as will be sent.")


class UploadShown(BaseModel):
    """A file of one's own."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    kind: Kind
    file_name: str
    content_type: str
    size_bytes: int
    created_at: datetime
    confirmed_at: datetime | None = Field(
        description="Null while it is not; after an hour it is gone."
    )


class Put(BaseModel):
    """How to send the file."""

    url: str
    headers: dict[str, str] = Field(description="To send with it, exactly.")
    expires_in_s: int


class UploadBegun(BaseModel):
    """An upload that was announced: PUT the file, then confirm."""

    upload: UploadShown
    put: Put


class Link(BaseModel):
    """Where to fetch a file."""

    url: str
    expires_in_s: int


class PortfolioItem(BaseModel):
    """A file of someone's portfolio; its address is at `/uploads/{id}/link`."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    file_name: str
    content_type: str
    size_bytes: int
    confirmed_at: datetime


UploadPage = Page[UploadShown]
PortfolioPage = Page[PortfolioItem]
