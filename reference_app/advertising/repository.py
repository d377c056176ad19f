"""SQL about campaigns."""

from collections.abc import Mapping, Sequence
from datetime import date

from sqlalchemy import Date, bindparam, func, literal_column, or_, select, update

from reference_app.advertising.models import Campaign, CampaignDay, CampaignStatus
from reference_app.database import AnyRow, ReadSession, WriteSession
from reference_app.users.models import User

_today = bindparam("today", type_=Date())

# Spelled out, not bound: only so can the indexes of one status serve.
_is_running = Campaign.status == literal_column("'running'")
_is_submitted = Campaign.status == literal_column("'submitted'")

_COLUMNS = (
    Campaign.id,
    Campaign.owner_id,
    Campaign.title,
    Campaign.body,
    Campaign.target_url,
    Campaign.placement,
    Campaign.island,
    Campaign.category,
    Campaign.starts_at,
    Campaign.ends_at,
    Campaign.daily_impressions,
    Campaign.total_impressions,
    Campaign.cpm_cents,
    Campaign.status,
    Campaign.rejection,
    Campaign.created_at,
    Campaign.updated_at,
)
_shown_in_all = (
    select(func.coalesce(func.sum(CampaignDay.impressions), 0))
    .where(CampaignDay.campaign_id == Campaign.id)
    .scalar_subquery()
)
_clicked_in_all = (
    select(func.coalesce(func.sum(CampaignDay.clicks), 0))
    .where(CampaignDay.campaign_id == Campaign.id)
    .scalar_subquery()
)
_COUNTED = select(*_COLUMNS, _shown_in_all.label("impressions"), _clicked_in_all.label("clicks"))
_ONE = _COUNTED.where(Campaign.id == bindparam("campaign_id"))
_OWN = (
    _COUNTED.where(Campaign.owner_id == bindparam("owner_id"), Campaign.id < bindparam("below"))
    .order_by(Campaign.id.desc())
    .limit(bindparam("rows"))
)
_SUBMITTED = (
    select(*_COLUMNS)
    .where(_is_submitted, Campaign.id > bindparam("above"))
    .order_by(Campaign.id)
    .limit(bindparam("rows"))
)
_TARGET = select(Campaign.target_url).where(
    Campaign.id == bindparam("campaign_id"),
    Campaign.status.in_(
        (
            CampaignStatus.APPROVED,
            CampaignStatus.RUNNING,
            CampaignStatus.PAUSED,
            CampaignStatus.ENDED,
        )
    ),
)

_RUNNING = (
    select(
        Campaign.id,
        Campaign.title,
        Campaign.body,
        Campaign.placement,
        Campaign.island,
        Campaign.category,
        Campaign.starts_at,
        Campaign.ends_at,
        Campaign.daily_impressions,
        Campaign.total_impressions,
        Campaign.cpm_cents,
        func.coalesce(func.sum(CampaignDay.impressions), 0).label("shown"),
        func.coalesce(func.sum(CampaignDay.impressions).filter(CampaignDay.day == _today), 0).label(
            "shown_today"
        ),
    )
    .join(User, User.id == Campaign.owner_id)
    .outerjoin(CampaignDay, CampaignDay.campaign_id == Campaign.id)
    .where(_is_running, Campaign.ends_at > func.now(), User.suspended_at.is_(None))
    .group_by(Campaign.id)
    .order_by(Campaign.cpm_cents.desc(), Campaign.id)
    .limit(bindparam("rows"))
)


async def one(session: ReadSession, campaign_id: int) -> AnyRow | None:
    """A campaign and what it came to."""
    return await session.first(_ONE, {"campaign_id": campaign_id})


async def own(session: ReadSession, owner_id: int, rows: int, below: int) -> Sequence[AnyRow]:
    """Up to `rows` of a person's campaigns with an id under `below`, the newest first."""
    return await session.rows(_OWN, {"owner_id": owner_id, "rows": rows, "below": below})


async def submitted(session: ReadSession, rows: int, above: int) -> Sequence[AnyRow]:
    """Up to `rows` campaigns to decide on with an id over `above`, the oldest first."""
    return await session.rows(_SUBMITTED, {"rows": rows, "above": above})


async def target(session: ReadSession, campaign_id: int) -> str | None:
    """Where a campaign leads, if an administrator has approved of that."""
    row = await session.first(_TARGET, {"campaign_id": campaign_id})
    return None if row is None else str(row.target_url)


async def running(session: ReadSession, today: date, rows: int) -> Sequence[AnyRow]:
    """Up to `rows` campaigns that run, the highest bid first, and what they came to."""
    return await session.rows(_RUNNING, {"today": today, "rows": rows})


async def add(session: WriteSession, values: Mapping[str, object]) -> Campaign:
    """A new campaign. Raises `IntegrityError` when the owner has one of this title."""
    campaign = Campaign(**values)
    session.add(campaign)
    await session.flush()
    return campaign


async def for_change(session: WriteSession, campaign_id: int) -> Campaign | None:
    """A campaign, held for this transaction."""
    return await session.get(Campaign, campaign_id, with_for_update=True)


async def end_finished(session: WriteSession) -> Sequence[int]:
    """End what is past its time or has used its budget up; the ids."""
    ended = await session.execute(
        update(Campaign)
        .where(
            Campaign.status.in_(
                (CampaignStatus.APPROVED, CampaignStatus.RUNNING, CampaignStatus.PAUSED)
            ),
            or_(Campaign.ends_at <= func.now(), _shown_in_all >= Campaign.total_impressions),
        )
        .values(status=CampaignStatus.ENDED)
        .returning(Campaign.id)
        .execution_options(synchronize_session=False)
    )
    return ended.scalars().all()
