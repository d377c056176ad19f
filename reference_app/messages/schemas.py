"""Conversations and messages as the API shows and takes them."""

from datetime import datetime
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from reference_app.kit.pagination import Page
from reference_app.texts import LARGEST_ID, Entered, Id, Note
from reference_app.users.schemas import PersonRef

MessageKey = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9_-]{8,64}$"),
    Field(
        description="Of your choice, new for each message. Sent again with the same key,"
        " a message stays one message.",
        examples=["7f3b2c9e-5d1a-4c55-9a53-3f0a1d2b4c6e"],
    ),
]
AnyId = Annotated[int, Query(ge=0, le=LARGEST_ID)]


class MessageDraft(Entered):
    """What to write in a conversation."""

    body: Note = Field(examples=["Good day, is the job still open?"])
    key: MessageKey


class FirstMessage(MessageDraft):
    """What to write to a person."""

    recipient_id: Id


class MessageShown(BaseModel):
    """A message."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    conversation_id: int
    sender_id: int
    body: str
    created_at: datetime


class MessagePage(BaseModel):
    """Some messages of a conversation, the oldest first."""

    items: list[MessageShown]
    has_more: bool = Field(description="Whether there are more on the side that was asked for.")


class LastMessage(BaseModel):
    """The end of a conversation."""

    id: int
    sender_id: int
    excerpt: str = Field(description="The beginning of what it says.")
    created_at: datetime


class ConversationShown(BaseModel):
    """A conversation, as one of the two sees it."""

    id: int
    other: PersonRef
    last_message: LastMessage
    unread: int = Field(description="Messages of the other that one has not read.")
    read_up_to: int = Field(description="The last message one has read; 0 for none.")
    other_read_up_to: int = Field(description="The last message the other has read; 0 for none.")


class UnreadMessages(BaseModel):
    """What one has not read, over all conversations."""

    messages: int
    conversations: int


class ReadUpTo(Entered):
    """How far one has read."""

    up_to: Id = Field(description="A message's id.")


class ReadState(BaseModel):
    """Where one stands in a conversation."""

    read_up_to: int
    unread: int


ConversationPage = Page[ConversationShown]
