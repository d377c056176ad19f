"""SQL about what was shown and clicked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import Date, and_, bindparam, delete, func, select, text
from sqlalchemy.dialects.postgresql import insert

from reference_app.advertising.models import AdBatch, Audience, AudienceDay, Campaign, CampaignDay
from reference_app.database import AnyRow, ReadSession, WriteSession

_REMEMBERED = text("now() - interval '7 days'")

# A campaign that is gone takes its counts with it; one that is just going is waited for.
_ADD_TO_CAMPAIGNS = text(
    """
    INSERT INTO campaign_days (campaign_id, day, impressions, clicks)
    SELECT counted.campaign_id, counted.day, counted.impressions, counted.clicks
      FROM unnest(CAST(:campaign_ids AS bigint[]), CAST(:days AS date[]),
                  CAST(:impressions AS bigint[]), CAST(:clicks AS bigint[]))
           AS counted (campaign_id, day, impressions, clicks)
      JOIN campaigns ON campaigns.id = counted.campaign_id
       FOR KEY SHARE OF campaigns
    ON CONFLICT (campaign_id, day) DO UPDATE
       SET impressions = campaign_days.impressions + excluded.impressions,
           clicks = campaign_days.clicks + excluded.clicks
    """
)

_since = bindparam("since", type_=Date())

_OF_CAMPAIGN = (
    select(
        Campaign.owner_id,
        Campaign.cpm_cents,
        CampaignDay.day,
        CampaignDay.impressions,
        CampaignDay.clicks,
    )
    .outerjoin(CampaignDay, and_(CampaignDay.campaign_id == Campaign.id, CampaignDay.day >= _since))
    .where(Campaign.id == bindparam("campaign_id"))
    .order_by(CampaignDay.day.desc())
)

_OF_AUDIENCES = (
    select(
        AudienceDay.day,
        AudienceDay.audience,
        AudienceDay.impressions,
        AudienceDay.clicks,
        AudienceDay.people,
    )
    .where(AudienceDay.day >= _since)
    .order_by(AudienceDay.day.desc(), AudienceDay.audience)
)


@dataclass(slots=True)
class Counts:
    """Impressions and clicks, of whatever they are counted for."""

    impressions: int = 0
    clicks: int = 0


async def is_new(session: WriteSession, batch_id: UUID) -> bool:
    """Whether a batch is not booked yet; from now on it is. Of two who ask, one waits."""
    added = await session.execute(
        insert(AdBatch).values(id=batch_id).on_conflict_do_nothing().returning(AdBatch.id)
    )
    await session.execute(delete(AdBatch).where(AdBatch.booked_at < _REMEMBERED))
    return added.scalar_one_or_none() is not None


async def add_to_campaigns(
    session: WriteSession, counted: Mapping[tuple[int, date], Counts]
) -> None:
    """Add counts to the days of campaigns, as far as there still are such campaigns."""
    await session.execute(
        _ADD_TO_CAMPAIGNS,
        {
            "campaign_ids": [campaign_id for campaign_id, _ in counted],
            "days": [day for _, day in counted],
            "impressions": [counts.impressions for counts in counted.values()],
            "clicks": [counts.clicks for counts in counted.values()],
        },
    )


async def add_to_audiences(
    session: WriteSession, counted: Mapping[tuple[date, str], Counts]
) -> None:
    """Add counts to the days of audiences."""
    added = insert(AudienceDay).values(
        [
            {"day": day, "audience": audience, "impressions": c.impressions, "clicks": c.clicks}
            for (day, audience), c in counted.items()
        ]
    )
    await session.execute(
        added.on_conflict_do_update(
            index_elements=[AudienceDay.day, AudienceDay.audience],
            set_={
                "impressions": AudienceDay.impressions + added.excluded.impressions,
                "clicks": AudienceDay.clicks + added.excluded.clicks,
            },
        )
    )


async def note_people(session: WriteSession, people: Mapping[date, int]) -> None:
    """On these days at least so many different people on Free were seen."""
    if not people:
        return
    noted = insert(AudienceDay).values(
        [{"day": day, "audience": Audience.FREE, "people": many} for day, many in people.items()]
    )
    await session.execute(
        noted.on_conflict_do_update(
            index_elements=[AudienceDay.day, AudienceDay.audience],
            set_={"people": func.greatest(AudienceDay.people, noted.excluded.people)},
            where=AudienceDay.people < noted.excluded.people,
        )
    )


async def of_campaign(session: ReadSession, campaign_id: int, since: date) -> Sequence[AnyRow]:
    """A campaign's days from `since` on, the last first; one row without a day if it has none.

    No row when there is no such campaign.
    """
    return await session.rows(_OF_CAMPAIGN, {"campaign_id": campaign_id, "since": since})


async def of_audiences(session: ReadSession, since: date) -> Sequence[AnyRow]:
    """All audiences' days from `since` on, the last first."""
    return await session.rows(_OF_AUDIENCES, {"since": since})
