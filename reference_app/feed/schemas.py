"""Posts and feeds as the API shows and takes them."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints

from reference_app.companies.schemas import CompanyRef
from reference_app.kit.pagination import Page
from reference_app.texts import Entered, Id, Remark
from reference_app.users.schemas import PersonRef

PostKey = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9_-]{8,64}$"),
    Field(
        description="Of your choice, new for each. Sent again with the same key, it is there once.",
        examples=["7f3b2c9e-5d1a-4c55-9a53-3f0a1d2b4c6e"],
    ),
]


class PostDraft(Entered):
    """What to post."""

    body: Remark = Field(examples=["We are hiring in Exuma."])
    job_id: Id | None = Field(default=None, description="A published job the post is about.")
    company_id: Id | None = Field(
        default=None, description="One's own company, to post in its name."
    )
    key: PostKey | None = None


class CommentDraft(Entered):
    """What to say about a post."""

    body: Remark = Field(examples=["Well said."])
    key: PostKey | None = None


class JobRef(BaseModel):
    """A job, named."""

    id: int
    title: str


class PostShown(BaseModel):
    """A post."""

    id: int
    author: PersonRef
    company: CompanyRef | None = Field(description="In whose name it was posted, if any.")
    job: JobRef | None
    body: str
    likes: int
    comments: int
    created_at: datetime


class FeedPost(PostShown):
    """A post in one's feed."""

    liked: bool = Field(description="Whether one likes it.")


class LikeState(BaseModel):
    """Whether one likes a post, and how many do."""

    liked: bool
    likes: int


class CommentShown(BaseModel):
    """A comment."""

    id: int
    author: PersonRef
    body: str
    created_at: datetime


FeedPage = Page[FeedPost]
PostPage = Page[PostShown]
CommentPage = Page[CommentShown]


class TrendingPosts(BaseModel):
    """What is talked about, most first."""

    items: list[PostShown]
