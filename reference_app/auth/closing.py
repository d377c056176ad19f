"""The end of an account.

What is a person's alone is deleted: sessions, profile, posts, comments, likes,
follows, connections, notifications, saved jobs, files, reviews of them. What others
need stays, by somebody without a name: messages in the other side's
conversation, reviews they wrote, applications (withdrawn and emptied), jobs
(closed) and company pages, campaigns (ended), and the books. So the row of the person stays too
and says nothing of them; the e-mail address is free for a new account.

Pages of others that name them are kept in caches for some minutes more.
"""

from datetime import UTC, datetime

from reference_app.advertising.roster import CACHE_KEY as RUNNING_ADS
from reference_app.api_keys import service as api_keys
from reference_app.auth import closing_sql, repository, service
from reference_app.companies.service import cache_key as company_cache_key
from reference_app.database import WriteSession
from reference_app.feed.pages import home_cache_key, user_posts_cache_key
from reference_app.jobs.listing import company_cache_key as company_jobs_cache_key
from reference_app.jobs.listing import detail_cache_key
from reference_app.kit.passwords import Passwords
from reference_app.kit.rate_limit import LoginLimit
from reference_app.kit.tokens import Access
from reference_app.network.cache_keys import user_cache_key as audience_cache_key
from reference_app.subscriptions import closing as subscriptions
from reference_app.subscriptions import known_tiers
from reference_app.subscriptions.billing import Billing
from reference_app.uploads import repository as uploads
from reference_app.users import workers
from reference_app.users.models import User
from reference_app.users.schemas import WorkerQuery
from reference_app.users.service import cache_key

NOBODY = "Former member"


async def delete_account(
    billing: Billing,
    session: WriteSession,
    passwords: Passwords,
    limit: LoginLimit,
    access: Access,
    password: str,
    address: str,
) -> None:
    """Delete one's own account, and end at once what is paid for.

    Raises `ForbiddenError` for a wrong password, `LimitedError`, `ConflictError`
    where there is no password yet, `UnauthenticatedError` when it is gone
    already, and `UnavailableError` when Stripe does not answer: it must not go
    on charging somebody who cannot sign in to stop it.
    """
    own = await service.confirmed(billing.database, passwords, limit, access, password, address)
    await subscriptions.end_at_once(billing, access.user_id)
    user = await service.held(session, access, own)
    await repository.end_all(session, user.id)
    await closing_sql.end_gifts(session, user.id)
    await closing_sql.empty_applications(session, user.id)
    for job in await closing_sql.close_jobs(session, user.id):
        session.forget(
            detail_cache_key(job.id),
            company_cache_key(job.company_id),
            company_jobs_cache_key(job.company_id),
        )
    await closing_sql.end_campaigns(session, user.id)
    await api_keys.revoke_all(session, user.id)
    await uploads.doom_all(session, user.id)
    await closing_sql.erase(session, user.id)
    _become_nobody(user)
    await session.flush()
    session.forget(
        RUNNING_ADS,
        known_tiers.cache_key(user.id),
        cache_key(user.id),
        audience_cache_key(user.id),
        home_cache_key(user.id),
        user_posts_cache_key(user.id),
        workers.cache_key(WorkerQuery()),
    )


def _become_nobody(user: User) -> None:
    # An address nobody can have, so that nobody registers it.
    user.email = f"{user.id}@deleted.invalid"
    user.email_verified_at = None
    user.password_hash = None
    user.full_name = NOBODY
    user.headline = user.bio = ""
    user.island = None
    user.skills = []
    user.available_since = None
    user.deleted_at = datetime.now(UTC)
