"""What people who are signed in for a load have already: a tier, ties, things to see to."""

from collections.abc import Mapping, Sequence
from typing import Any

from reference_app.seed.database import Connection

_MOST = 5

_TIERS = """
SELECT DISTINCT ON (user_id) user_id, tier FROM subscriptions
 WHERE status IN ('trialing', 'active', 'past_due')
   AND (entitled_until IS NULL OR entitled_until > now())
 ORDER BY user_id, array_position(ARRAY['free', 'pro', 'business', 'enterprise'], tier::text) DESC
"""

_FOLLOWS = """
SELECT follower_id, (array_agg(user_id ORDER BY created_at, user_id))[:%(most)s]
  FROM user_follows WHERE follower_id = ANY(%(ids)s) GROUP BY follower_id
"""

_REQUESTS = """
SELECT asked, (array_agg(id ORDER BY id))[:%(most)s]
  FROM (SELECT id, CASE asked_by WHEN low_user_id THEN high_user_id ELSE low_user_id END AS asked
          FROM connections WHERE status = 'pending'
           AND (low_user_id = ANY(%(ids)s) OR high_user_id = ANY(%(ids)s))) AS waiting
 WHERE asked = ANY(%(ids)s) GROUP BY asked
"""

# All of them: the load holds the board's list against what it knows.
_SAVED_SEARCHES = """
SELECT user_id, array_agg(id ORDER BY id)
  FROM saved_searches WHERE user_id = ANY(%(ids)s) GROUP BY user_id
"""

# Decided, so that they cannot be withdrawn any more, which would take the right to review.
_MET_COMPANIES = """
SELECT applicant_id, (array_agg(DISTINCT company_id ORDER BY company_id))[:%(most)s]
  FROM applications JOIN jobs ON jobs.id = job_id
 WHERE applicant_id = ANY(%(ids)s)
   AND applications.status IN ('reviewed', 'shortlisted', 'rejected', 'hired')
 GROUP BY applicant_id
"""

_HIRED = """
SELECT employer_id, (array_agg(DISTINCT applicant_id ORDER BY applicant_id))[:%(most)s]
  FROM jobs JOIN applications ON job_id = jobs.id
 WHERE employer_id = ANY(%(ids)s) AND applications.status = 'hired' GROUP BY employer_id
"""

_LISTS = {
    "follows": _FOLLOWS,
    "requests": _REQUESTS,
    "saved_searches": _SAVED_SEARCHES,
    "met_companies": _MET_COMPANIES,
    "hired": _HIRED,
}


def tiers_held(connection: Connection) -> dict[int, str]:
    """Person -> tier, of everyone who subscribes to one; all others have Free."""
    return dict(connection.execute(_TIERS).fetchall())


def standing_of(
    connection: Connection, ids: Sequence[int], tiers: Mapping[int, str]
) -> Mapping[int, dict[str, Any]]:
    """Person -> `tier` (of `tiers`, see `tiers_held`), and ids in lists.

    `follows` and `hired` people, `requests` to connect with them, `saved_searches`, and
    `met_companies`, which they may review. At most five of each but the searches.
    """
    values = {"ids": list(ids), "most": _MOST}
    lists: dict[str, dict[int, list[int]]] = {
        name: dict(connection.execute(query.encode(), values).fetchall())
        for name, query in _LISTS.items()
    }
    return {
        person: {
            "tier": tiers.get(person, "free"),
            **{name: found.get(person, []) for name, found in lists.items()},
        }
        for person in ids
    }
