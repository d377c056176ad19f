"""What one can do with campaigns, and what they came to."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

from sqlalchemy.exc import IntegrityError

from reference_app.admin.audit import Actor, record
from reference_app.advertising import repository, statistics_sql
from reference_app.advertising.desk import target_cache_key
from reference_app.advertising.models import Audience, Campaign, CampaignStatus
from reference_app.advertising.roster import CACHE_KEY
from reference_app.advertising.schemas import (
    AdvertisingFigures,
    AdvertisingStatistics,
    AudienceDayShown,
    CampaignChange,
    CampaignDayShown,
    CampaignDraft,
    CampaignPage,
    CampaignShown,
    CampaignStatistics,
    Figure,
    OwnCampaign,
    OwnCampaignPage,
)
from reference_app.database import ReadSession, WriteSession
from reference_app.errors import ConflictError, InvalidError, NotFoundError
from reference_app.kit.pagination import cursor_by_id, cut, read_cursor_by_id
from reference_app.kit.tokens import Access
from reference_app.texts import LARGEST_ID
from reference_app.users.models import Role

_FROM: Mapping[CampaignStatus, frozenset[CampaignStatus]] = {
    CampaignStatus.SUBMITTED: frozenset({CampaignStatus.DRAFT}),
    CampaignStatus.APPROVED: frozenset({CampaignStatus.SUBMITTED}),
    CampaignStatus.REJECTED: frozenset(
        {
            CampaignStatus.SUBMITTED,
            CampaignStatus.APPROVED,
            CampaignStatus.RUNNING,
            CampaignStatus.PAUSED,
        }
    ),
    CampaignStatus.RUNNING: frozenset({CampaignStatus.APPROVED, CampaignStatus.PAUSED}),
    CampaignStatus.PAUSED: frozenset({CampaignStatus.RUNNING}),
    CampaignStatus.ENDED: frozenset(CampaignStatus),
}
"""From where one comes to each status; a draft is what a rejected one becomes by a change."""

_DECIDED = {CampaignStatus.APPROVED: "approve", CampaignStatus.REJECTED: "reject"}

_STILL_TO_COME = (CampaignStatus.SUBMITTED, CampaignStatus.APPROVED, CampaignStatus.RUNNING)


async def add(session: WriteSession, owner_id: int, wanted: CampaignDraft) -> CampaignShown:
    """A new draft. Raises `ConflictError` when one has a campaign of this title."""
    values = _columns(wanted.model_dump())
    try:
        campaign = await repository.add(session, {"owner_id": owner_id, **values})
    except IntegrityError as error:
        raise _title_taken() from error
    return CampaignShown.model_validate(campaign)


async def change(
    session: WriteSession, campaign_id: int, owner_id: int, wanted: CampaignChange
) -> CampaignShown:
    """Change one's own campaign before it is submitted; a rejected one is a draft again.

    Raises `NotFoundError`, `ConflictError`, or `InvalidError` when it does not fit together.
    """
    campaign = await _own(session, campaign_id, owner_id)
    if campaign.status not in (CampaignStatus.DRAFT, CampaignStatus.REJECTED):
        raise ConflictError("campaign_not_a_draft", "Only drafts can be changed.")
    for name, value in _columns(wanted.model_dump(exclude_unset=True)).items():
        setattr(campaign, name, value)
    if campaign.ends_at <= campaign.starts_at:
        raise InvalidError("campaign_out_of_order", "It would end before it starts.")
    if campaign.daily_impressions > campaign.total_impressions:
        raise InvalidError("budget_out_of_order", "A day's budget is above that of all days.")
    campaign.status, campaign.rejection = CampaignStatus.DRAFT, None
    try:
        await session.flush()
    except IntegrityError as error:
        raise _title_taken() from error
    return CampaignShown.model_validate(campaign)


async def bring(
    session: WriteSession, campaign_id: int, owner_id: int, to: CampaignStatus
) -> CampaignShown:
    """Bring one's own campaign to another status; twice is once.

    Raises `NotFoundError`, or `ConflictError` where no way leads there.
    """
    return await _bring(session, await _own(session, campaign_id, owner_id), to)


async def approve(session: WriteSession, campaign_id: int, by: Actor) -> CampaignShown:
    """Let a submitted campaign be shown. Raises as `bring`."""
    return await _decide(session, campaign_id, by, CampaignStatus.APPROVED)


async def reject(session: WriteSession, campaign_id: int, by: Actor, reason: str) -> CampaignShown:
    """Send a campaign back that was submitted, even if it runs. Raises as `bring`."""
    return await _decide(session, campaign_id, by, CampaignStatus.REJECTED, reason)


async def one(session: ReadSession, campaign_id: int, viewer: Access) -> OwnCampaign:
    """One's own campaign, or any for an administrator. Raises `NotFoundError`."""
    row = await repository.one(session, campaign_id)
    if row is None or not _may_see(viewer, row.owner_id):
        raise no_such_campaign()
    return OwnCampaign.model_validate(row)


async def own(
    session: ReadSession, owner_id: int, limit: int, cursor: str | None
) -> OwnCampaignPage:
    """A page of one's own campaigns, the newest first."""
    after = read_cursor_by_id(cursor)
    rows = await repository.own(
        session, owner_id, limit + 1, LARGEST_ID if after is None else after
    )
    shown, next_cursor = cut(rows, limit, lambda row: cursor_by_id(row.id))
    return OwnCampaignPage(
        items=[OwnCampaign.model_validate(row) for row in shown], next_cursor=next_cursor
    )


async def submitted(session: ReadSession, limit: int, cursor: str | None) -> CampaignPage:
    """A page of the campaigns to decide on, the oldest first."""
    rows = await repository.submitted(session, limit + 1, read_cursor_by_id(cursor) or 0)
    shown, next_cursor = cut(rows, limit, lambda row: cursor_by_id(row.id))
    return CampaignPage(
        items=[CampaignShown.model_validate(row) for row in shown], next_cursor=next_cursor
    )


async def statistics(
    session: ReadSession, campaign_id: int, viewer: Access, days: int
) -> CampaignStatistics:
    """What one's own campaign came to in the last `days`; any for an administrator.

    Raises `NotFoundError`.
    """
    since = _since(days)
    rows = await statistics_sql.of_campaign(session, campaign_id, since)
    if not rows or not _may_see(viewer, rows[0].owner_id):
        raise no_such_campaign()
    shown = [
        CampaignDayShown(day=row.day, impressions=row.impressions, clicks=row.clicks)
        for row in rows
        if row.day is not None
    ]
    impressions = sum(day.impressions for day in shown)
    clicks = sum(day.clicks for day in shown)
    return CampaignStatistics(
        since=since,
        impressions=impressions,
        clicks=clicks,
        click_rate=_ratio(clicks, impressions),
        cost_cents=round(impressions * rows[0].cpm_cents / 1_000),
        days=shown,
    )


async def all_statistics(
    session: ReadSession, days: int, assumed_cpm_cents: int
) -> AdvertisingStatistics:
    """What advertising came to in the last `days`: what was measured, and what is assumed."""
    since = _since(days)
    rows = await statistics_sql.of_audiences(session, since)
    free = [row for row in rows if row.audience == Audience.FREE]
    anonymous = [row for row in rows if row.audience == Audience.ANONYMOUS]
    shown_free = sum(row.impressions for row in free)
    shown_anonymous = sum(row.impressions for row in anonymous)
    people = sum(row.people for row in free)
    per_person = _ratio(shown_free, people)
    cents_each = assumed_cpm_cents / 1_000
    return AdvertisingStatistics(
        since=since,
        figures=AdvertisingFigures(
            impressions_free=_measured(shown_free),
            clicks_free=_measured(sum(row.clicks for row in free)),
            free_user_days=_measured(people),
            impressions_per_free_user_day=_measured(per_person),
            impressions_anonymous=_measured(shown_anonymous),
            clicks_anonymous=_measured(sum(row.clicks for row in anonymous)),
            assumed_cpm_cents=_assumed(assumed_cpm_cents),
            revenue_cents=_assumed((shown_free + shown_anonymous) * cents_each),
            revenue_per_free_user_day_cents=_assumed(
                None if per_person is None else per_person * cents_each
            ),
        ),
        days=[
            AudienceDayShown(
                day=row.day,
                audience=row.audience,
                impressions=row.impressions,
                clicks=row.clicks,
                people=row.people if row.audience == Audience.FREE else None,
            )
            for row in rows
        ],
    )


def no_such_campaign() -> NotFoundError:
    """There is no campaign by this id, or it is not to be known of."""
    return NotFoundError("campaign_not_found", "There is no such campaign.")


async def _any(session: WriteSession, campaign_id: int) -> Campaign:
    campaign = await repository.for_change(session, campaign_id)
    if campaign is None:
        raise no_such_campaign()
    return campaign


async def _own(session: WriteSession, campaign_id: int, owner_id: int) -> Campaign:
    campaign = await _any(session, campaign_id)
    if campaign.owner_id != owner_id:
        raise no_such_campaign()
    return campaign


async def _decide(
    session: WriteSession,
    campaign_id: int,
    by: Actor,
    to: CampaignStatus,
    reason: str | None = None,
) -> CampaignShown:
    campaign = await _any(session, campaign_id)
    before = campaign.status
    shown = await _bring(session, campaign, to, reason)
    if before != to:
        await record(
            session,
            by,
            f"campaign.{_DECIDED[to]}",
            ("campaign", campaign_id),
            before={"status": before},
            after={"status": to},
            reason=reason or "",
        )
    return shown


async def _bring(
    session: WriteSession, campaign: Campaign, to: CampaignStatus, rejection: str | None = None
) -> CampaignShown:
    if campaign.status == to:
        return CampaignShown.model_validate(campaign)
    if campaign.status not in _FROM[to]:
        raise ConflictError(
            "campaign_status", f"A campaign that is {campaign.status} cannot become {to}."
        )
    if to in _STILL_TO_COME and campaign.ends_at <= datetime.now(UTC):
        raise ConflictError("campaign_over", "The time of this campaign is over.")
    campaign.status, campaign.rejection = to, rejection
    await session.flush()
    session.forget(CACHE_KEY, target_cache_key(campaign.id))
    return CampaignShown.model_validate(campaign)


def _columns(values: dict[str, object]) -> dict[str, object]:
    return {"body" if name == "text" else name: value for name, value in values.items()}


def _may_see(viewer: Access, owner_id: int) -> bool:
    return viewer.user_id == owner_id or viewer.role == Role.ADMIN


def _since(days: int) -> date:
    return datetime.now(UTC).date() - timedelta(days=days - 1)


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _measured(value: float | None) -> Figure:
    return Figure(value=value, evidence="measured")


def _assumed(value: float | None) -> Figure:
    return Figure(value=value, evidence="assumed")


def _title_taken() -> ConflictError:
    return ConflictError("campaign_exists", "You have a campaign of this title.")
