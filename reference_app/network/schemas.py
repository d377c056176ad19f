"""Follows and connections as the API shows and takes them."""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from reference_app.companies.schemas import CompanyRef
from reference_app.kit.pagination import Page
from reference_app.network.models import ConnectionStatus
from reference_app.texts import Entered, Id
from reference_app.users.schemas import PersonRef


class CompanyAudience(BaseModel):
    """How many follow a company."""

    model_config = ConfigDict(from_attributes=True)

    followers: int


class Audience(CompanyAudience):
    """How many follow a person, whom they follow, and with how many they are connected."""

    following: int = Field(description="People and companies.")
    connections: int


class Relation(BaseModel):
    """What is between oneself and another person."""

    follows: bool = Field(description="Whether one follows them.")
    followed_by: bool = Field(description="Whether they follow one.")
    connection_id: int | None
    connection_status: ConnectionStatus | None
    asked_by_me: bool | None = Field(description="Null when nobody asked.")


class ConnectionWanted(Entered):
    """Whom to ask to connect."""

    user_id: Id


class ConnectionState(BaseModel):
    """A connection, as it stands."""

    id: int
    user_id: int = Field(description="The other person.")
    asked_by: int
    status: ConnectionStatus
    created_at: datetime
    decided_at: datetime | None


class ConnectionShown(BaseModel):
    """A connection in a list."""

    id: int
    person: PersonRef
    status: ConnectionStatus
    created_at: datetime
    decided_at: datetime | None


class Direction(StrEnum):
    """Requests others made to one, or one's own."""

    RECEIVED = "received"
    SENT = "sent"


PeoplePage = Page[PersonRef]
CompaniesPage = Page[CompanyRef]
ConnectionPage = Page[ConnectionShown]
