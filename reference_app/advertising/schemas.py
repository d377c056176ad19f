"""Campaigns, advertisements and their statistics as the API shows and takes them."""

from datetime import date, datetime
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    AnyUrl,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    UrlConstraints,
    WithJsonSchema,
    model_validator,
)

from reference_app.advertising.models import Placement
from reference_app.catalogue import Category, Island
from reference_app.kit.pagination import Page
from reference_app.texts import Entered, Remark, Title

_MOST_IMPRESSIONS = 1_000_000_000
_MOST_CPM_CENTS = 100_000


_ADDRESS: TypeAdapter[AnyUrl] = TypeAdapter(
    Annotated[AnyUrl, UrlConstraints(max_length=500, allowed_schemes=["https"], host_required=True)]
)


def _target(value: str) -> str:
    address = _ADDRESS.validate_python(value)
    # https://bank.example@elsewhere.example leads elsewhere, whatever it looks like.
    if address.username is not None or address.password is not None:
        raise ValueError("must not contain a user name or password")
    return str(address)


TargetUrl = Annotated[
    str,
    AfterValidator(_target),
    WithJsonSchema({"type": "string", "format": "uri", "pattern": "^https://", "maxLength": 500}),
]
AdText = Annotated[Remark, Field(max_length=300)]
Impressions = Annotated[int, Field(ge=1, le=_MOST_IMPRESSIONS)]
Cpm = Annotated[int, Field(ge=1, le=_MOST_CPM_CENTS)]


class AdShown(BaseModel):
    """One advertisement, to be shown once."""

    campaign_id: int
    title: str
    text: str
    click_path: str = Field(
        description="Where a click on it goes; leads on to the advertiser.",
        examples=["/api/v1/ads/AAAAAAAAAAU.../click"],
    )


class CampaignDraft(Entered):
    """A new campaign, at first seen by its owner only."""

    title: Title = Field(examples=["Learn to dive"])
    text: AdText = Field(examples=["Certified in two weeks, on Andros."])
    target_url: TargetUrl = Field(examples=["https://diving.example/"])
    placement: Placement | None = Field(default=None, description="None for all.")
    island: Island | None = Field(default=None, description="Shown only on pages about it.")
    category: Category | None = Field(default=None, description="Shown only on pages about it.")
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    daily_impressions: Impressions = Field(description="The most on one day, in UTC.")
    total_impressions: Impressions
    cpm_cents: Cpm = Field(description="What a thousand impressions are worth to you.")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.ends_at <= self.starts_at:
            raise ValueError("ends_at must be after starts_at")
        if self.daily_impressions > self.total_impressions:
            raise ValueError("daily_impressions must not be above total_impressions")
        return self


class CampaignChange(Entered):
    """What to change of a campaign; what is left out stays."""

    title: Title = Field(default_factory=str)
    text: AdText = Field(default_factory=str)
    target_url: TargetUrl = Field(default_factory=str)
    placement: Placement | None = None
    island: Island | None = None
    category: Category | None = None
    starts_at: AwareDatetime = Field(default_factory=datetime.now)
    ends_at: AwareDatetime = Field(default_factory=datetime.now)
    daily_impressions: Impressions = Field(default_factory=int)
    total_impressions: Impressions = Field(default_factory=int)
    cpm_cents: Cpm = Field(default_factory=int)


class Rejection(Entered):
    """Why a campaign is not shown."""

    reason: AdText = Field(examples=["The address leads nowhere."])


class CampaignShown(BaseModel):
    """A campaign."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    owner_id: int
    title: str
    text: str = Field(validation_alias="body")
    target_url: str
    placement: str | None
    island: str | None
    category: str | None
    starts_at: datetime
    ends_at: datetime
    daily_impressions: int
    total_impressions: int
    cpm_cents: int
    status: str = Field(examples=["running"])
    rejection: str | None = Field(description="Why it was rejected, if it was.")
    created_at: datetime
    updated_at: datetime


class OwnCampaign(CampaignShown):
    """A campaign in its owner's eyes. Counts are some ten seconds old."""

    impressions: int
    clicks: int


CampaignPage = Page[CampaignShown]
OwnCampaignPage = Page[OwnCampaign]


class CampaignDayShown(BaseModel):
    """What a campaign came to on one day (UTC)."""

    day: date
    impressions: int
    clicks: int


class CampaignStatistics(BaseModel):
    """What a campaign came to since a day."""

    since: date
    impressions: int
    clicks: int
    click_rate: float | None = Field(description="Clicks per impression; null without any.")
    cost_cents: int = Field(description="The impressions at the campaign's price per thousand.")
    days: list[CampaignDayShown] = Field(description="Days with any, the last first.")


class AudienceDayShown(BaseModel):
    """What all campaigns came to with one audience on one day (UTC)."""

    day: date
    audience: str = Field(examples=["free"])
    impressions: int
    clicks: int
    people: int | None = Field(
        description="Different people who asked for advertisements, to about 1 %; null if unknown."
    )


class Figure(BaseModel):
    """A figure and what stands behind it; what rests on an assumption is itself assumed."""

    value: float | None = Field(description="Null where there is nothing to compute it from.")
    evidence: Literal["measured", "assumed"]


class AdvertisingFigures(BaseModel):
    """What the cost model reads."""

    impressions_free: Figure
    clicks_free: Figure
    free_user_days: Figure = Field(
        description="People on Free who asked for advertisements, added up over the days."
    )
    impressions_per_free_user_day: Figure
    impressions_anonymous: Figure
    clicks_anonymous: Figure
    assumed_cpm_cents: Figure = Field(description="The price of a thousand impressions.")
    revenue_cents: Figure = Field(description="All impressions at the assumed price.")
    revenue_per_free_user_day_cents: Figure


class AdvertisingStatistics(BaseModel):
    """What advertising came to since a day, over all campaigns. Some ten seconds old."""

    since: date
    figures: AdvertisingFigures
    days: list[AudienceDayShown] = Field(description="Days with any, the last first.")
