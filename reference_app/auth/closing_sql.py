"""SQL of an account's end: what goes, and what stays because others need it.

Every column that refers to a person is named in `ERASED` or in `KEPT`; a test
finds those that are not.
"""

from typing import Any

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.orm import InstrumentedAttribute

from reference_app.admin.models import Report
from reference_app.advertising.models import Campaign, CampaignStatus
from reference_app.alerts.models import AlertLetter, SavedSearch
from reference_app.api_keys.models import ApiKey
from reference_app.applications.models import (
    Application,
    ApplicationEvent,
    ApplicationNote,
    ApplicationStatus,
)
from reference_app.auth.models import AuthSession, ExternalIdentity, LetterToken, RefreshToken
from reference_app.base import Model
from reference_app.companies.models import Company, CompanyMember
from reference_app.database import AnyRow, WriteSession
from reference_app.feed.models import Post, PostComment, PostLike
from reference_app.jobs.models import Job, JobStatus, SavedJob
from reference_app.messages.models import Conversation, Message, Participant
from reference_app.network.models import CompanyFollow, Connection, UserFollow
from reference_app.notifications.models import Notification
from reference_app.reviews.models import Review
from reference_app.subscriptions.models import (
    ALIVE,
    BillingAccount,
    FeatureUsage,
    Payment,
    Referral,
    Subscription,
    SubscriptionStatus,
)
from reference_app.uploads.models import Upload
from reference_app.views.models import ProfileView

Column = InstrumentedAttribute[int] | InstrumentedAttribute[int | None]

ERASED: tuple[Column, ...] = (
    RefreshToken.user_id,
    AuthSession.user_id,
    LetterToken.user_id,
    ExternalIdentity.user_id,
    SavedJob.user_id,
    UserFollow.follower_id,
    UserFollow.user_id,
    CompanyFollow.follower_id,
    Connection.low_user_id,
    Connection.high_user_id,
    Notification.user_id,
    PostLike.user_id,
    PostComment.author_id,
    Post.author_id,
    Review.worker_id,
    FeatureUsage.user_id,
    CompanyMember.user_id,
    ApiKey.user_id,
    SavedSearch.user_id,
    AlertLetter.user_id,
    ProfileView.user_id,
    ProfileView.viewer_id,
    Upload.owner_id,
)
"""Rows that go with the person they refer to, in this order."""

KEPT: dict[Column, str] = {
    Conversation.low_user_id: "the other side's correspondence",
    Conversation.high_user_id: "the other side's correspondence",
    Participant.user_id: "the other side's correspondence",
    Participant.other_id: "the other side's correspondence",
    Message.sender_id: "the other side's correspondence",
    Review.author_id: "part of a company's or a worker's rating",
    Application.applicant_id: "the employer's record: withdrawn, and its texts are emptied",
    ApplicationEvent.actor_id: "the record of an application's steps",
    ApplicationNote.author_id: "the employer's record",
    Report.reporter_id: "the record of what was reported",
    Report.author_id: "the record of what was reported",
    Campaign.owner_id: "the figures of what was shown: ended",
    Job.employer_id: "the applicants' record: closed; drafts go",
    Company.owner_id: "its reviews, and its jobs for those who applied",
    BillingAccount.user_id: "the books",
    Subscription.user_id: "the books",
    Payment.user_id: "the books",
    Referral.referee_id: "the other side's credit",
    Referral.referrer_id: "the other side's credit",
}
"""Rows that stay, and for what; they refer to somebody without a name then."""

_UNDECIDED = (
    ApplicationStatus.SUBMITTED,
    ApplicationStatus.REVIEWED,
    ApplicationStatus.SHORTLISTED,
)


async def erase(session: WriteSession, user_id: int) -> None:
    """Delete what refers to a person and nobody else needs."""
    for column in ERASED:
        table: type[Model] = column.parent.class_
        await _delete(session, table, column == user_id)
    await _delete(session, Job, Job.employer_id == user_id, Job.status == JobStatus.DRAFT)


async def close_jobs(session: WriteSession, user_id: int) -> list[AnyRow]:
    """Close a person's open jobs; the `id` and `company_id` of each."""
    closed = await session.execute(
        update(Job)
        .where(Job.employer_id == user_id, Job.status == JobStatus.PUBLISHED)
        .values(status=JobStatus.CLOSED, updated_at=func.now())
        .returning(Job.id, Job.company_id)
        .execution_options(synchronize_session=False)
    )
    return list(closed.all())


async def empty_applications(session: WriteSession, user_id: int) -> None:
    """Take a person's open applications back, and the texts out of all of them.

    What employers noted about the person goes too.
    """
    mine = Application.applicant_id == user_id
    noted = select(Application.id).where(mine)
    await _delete(session, ApplicationNote, ApplicationNote.application_id.in_(noted))
    await _update(
        session,
        Application,
        (mine, Application.status.in_(_UNDECIDED)),
        {"status": ApplicationStatus.WITHDRAWN},
    )
    await _update(
        session, Application, (mine,), {"cover_letter": "", "proposed_budget_cents": None}
    )


async def end_campaigns(session: WriteSession, user_id: int) -> None:
    """End a person's campaigns; what they were shown stays counted."""
    mine = Campaign.owner_id == user_id
    await _update(session, Campaign, (mine,), {"status": CampaignStatus.ENDED})


async def end_gifts(session: WriteSession, user_id: int) -> None:
    """End the subscriptions of a person that nobody pays for."""
    await _update(
        session,
        Subscription,
        (
            Subscription.user_id == user_id,
            Subscription.stripe_subscription_id.is_(None),
            Subscription.status.in_(ALIVE),
        ),
        {"status": SubscriptionStatus.CANCELED, "canceled_at": func.now()},
    )


async def _delete(
    session: WriteSession, table: type[Model], *conditions: ColumnElement[bool]
) -> None:
    await session.execute(
        delete(table).where(*conditions).execution_options(synchronize_session=False)
    )


async def _update(
    session: WriteSession,
    table: type[Model],
    conditions: tuple[ColumnElement[bool], ...],
    values: dict[str, Any],
) -> None:
    await session.execute(
        update(table)
        .where(*conditions)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
