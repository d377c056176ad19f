"""The whole board, planned: tables whose rows fit each other, ready to be spelled out."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime

from reference_app.seed import (
    attention,
    campaigns,
    companies,
    interest,
    people,
    posts,
    reviews,
    society,
    subscriptions,
    teams,
    vacancies,
    watches,
)
from reference_app.seed.words import Scale


@dataclass(frozen=True, slots=True)
class TableData:
    """One table's content: `rows()` spells its `size` lines anew each time it is called."""

    name: str
    columns: tuple[str, ...]
    size: int
    rows: Callable[[], Iterator[str]]


def plan(scale: Scale, seed: int, day: date) -> list[TableData]:
    """Every seeded table, the longest to load first.

    The same arguments give the same rows; nothing in them is newer than the
    start (UTC) of `day`.
    """
    now = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
    folk = people.plan_people(scale, seed, now)
    firms = companies.plan_companies(scale, folk, now)
    jobs = vacancies.plan_jobs(scale, firms, now)
    applied = interest.plan_interest("applications", scale.applications, folk, jobs, now)
    outcomes = interest.plan_outcomes(applied)
    saved = interest.plan_interest("saved jobs", scale.saved_jobs, folk, jobs, now)
    paying = subscriptions.plan_subscriptions(folk, jobs, now)
    head_starts = subscriptions.head_starts(folk, paying)
    seen = attention.plan_job_views(jobs, now)
    members = teams.plan_members(folk, firms, paying, now)
    posted = posts.plan_posts(scale, folk, jobs, now)
    liked = posts.plan_likes(posted, folk, now)
    commented = posts.plan_comments(posted, folk, now)
    follows = society.plan_user_follows(scale, folk, now)
    company_follows = society.plan_company_follows(scale, folk, firms, now)
    connected = society.plan_connections(scale, folk, now)
    reviewed = reviews.plan_reviews(scale, jobs, applied, outcomes, now)
    watched = watches.plan_watches(folk, now)
    advertised = campaigns.plan_campaigns(firms, now)
    company_of = dict(zip(firms.owner.tolist(), firms.names, strict=True))
    return [
        TableData(
            "applications",
            interest.APPLICATION_COLUMNS,
            scale.applications,
            lambda: interest.application_rows(applied, outcomes),
        ),
        TableData(
            "jobs",
            vacancies.COLUMNS,
            scale.jobs,
            lambda: vacancies.job_rows(jobs, head_starts),
        ),
        TableData("users", people.COLUMNS, scale.users, lambda: people.user_rows(folk, company_of)),
        TableData(
            "saved_jobs",
            interest.SAVED_COLUMNS,
            scale.saved_jobs,
            lambda: interest.saved_rows(saved),
        ),
        TableData(
            "companies", companies.COLUMNS, scale.companies, lambda: companies.company_rows(firms)
        ),
        TableData(
            "subscriptions",
            subscriptions.COLUMNS,
            len(paying.person),
            lambda: subscriptions.subscription_rows(paying),
        ),
        TableData(
            "job_views",
            attention.COLUMNS,
            len(seen.job),
            lambda: attention.job_view_rows(seen),
        ),
        TableData(
            "company_members",
            teams.COLUMNS,
            len(members.created),
            lambda: teams.member_rows(members),
        ),
        TableData(
            "user_follows",
            society.USER_FOLLOW_COLUMNS,
            len(follows.created),
            lambda: society.follow_rows(follows),
        ),
        TableData(
            "company_follows",
            society.COMPANY_FOLLOW_COLUMNS,
            len(company_follows.created),
            lambda: society.follow_rows(company_follows),
        ),
        TableData(
            "connections",
            society.CONNECTION_COLUMNS,
            len(connected.created),
            lambda: society.connection_rows(connected),
        ),
        TableData(
            "posts", posts.POST_COLUMNS, len(posted.created), lambda: posts.post_rows(posted)
        ),
        TableData(
            "post_tallies",
            posts.TALLY_COLUMNS,
            len(posted.created),
            lambda: posts.tally_rows(posted),
        ),
        TableData(
            "post_likes", posts.LIKE_COLUMNS, len(liked.created), lambda: posts.like_rows(liked)
        ),
        TableData(
            "post_comments",
            posts.COMMENT_COLUMNS,
            len(commented.created),
            lambda: posts.comment_rows(commented),
        ),
        TableData(
            "reviews",
            reviews.COLUMNS,
            len(reviewed.created),
            lambda: reviews.review_rows(reviewed),
        ),
        TableData(
            "saved_searches",
            watches.COLUMNS,
            len(watched.created),
            lambda: watches.watch_rows(watched),
        ),
        TableData(
            "campaigns",
            campaigns.COLUMNS,
            len(advertised.told),
            lambda: campaigns.campaign_rows(advertised),
        ),
    ]
