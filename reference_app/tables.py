"""Every table of the app, for those who mean the whole schema: migrations and tests."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from reference_app.admin.models import AuditEntry, Report
from reference_app.advertising.models import AdBatch, AudienceDay, Campaign, CampaignDay
from reference_app.alerts.models import AlertLetter, SavedSearch
from reference_app.analytics.models import DailyActivity
from reference_app.api_keys.models import ApiKey
from reference_app.applications.models import Application, ApplicationEvent, ApplicationNote
from reference_app.auth.models import AuthSession, ExternalIdentity, LetterToken, RefreshToken
from reference_app.base import Model
from reference_app.companies.models import (
    Company,
    CompanyInvitation,
    CompanyMember,
    CompanyProfile,
)
from reference_app.feed.models import Post, PostComment, PostLike, PostTally
from reference_app.jobs.models import Job, JobTrend, SavedJob
from reference_app.messages.models import Conversation, Message, Participant
from reference_app.network.models import CompanyFollow, Connection, UserFollow
from reference_app.notifications.models import Notification
from reference_app.reviews.models import Review
from reference_app.subscriptions.models import (
    BillingAccount,
    FeatureUsage,
    Payment,
    Referral,
    StripeEvent,
    Subscription,
)
from reference_app.uploads.models import DoomedObject, Upload
from reference_app.users.models import User
from reference_app.views.models import JobView, ProfileView, TallyBatch


class SeedState(Model):
    """Which generated data the database holds: one row, or none when it holds none.

    `day` is the day the data is as of: nothing in it is newer.
    """

    __tablename__ = "seed_state"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, server_default=text("1"))
    scale: Mapped[str]
    seed: Mapped[int]
    day: Mapped[date]
    loaded_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


metadata = Model.metadata

__all__ = [
    "AdBatch",
    "AlertLetter",
    "ApiKey",
    "Application",
    "ApplicationEvent",
    "ApplicationNote",
    "AudienceDay",
    "AuditEntry",
    "AuthSession",
    "BillingAccount",
    "Campaign",
    "CampaignDay",
    "Company",
    "CompanyFollow",
    "CompanyInvitation",
    "CompanyMember",
    "CompanyProfile",
    "Connection",
    "Conversation",
    "DailyActivity",
    "DoomedObject",
    "ExternalIdentity",
    "FeatureUsage",
    "Job",
    "JobTrend",
    "JobView",
    "LetterToken",
    "Message",
    "Notification",
    "Participant",
    "Payment",
    "Post",
    "PostComment",
    "PostLike",
    "PostTally",
    "ProfileView",
    "Referral",
    "RefreshToken",
    "Report",
    "Review",
    "SavedJob",
    "SavedSearch",
    "SeedState",
    "StripeEvent",
    "Subscription",
    "TallyBatch",
    "Upload",
    "User",
    "UserFollow",
    "metadata",
]
