"""Who knows whom among the seeded people: connections both sides agreed to."""

from collections import defaultdict
from collections.abc import Sequence

from reference_app.seed.database import Connection

_MOST = 5

_AMONG = """
SELECT low_user_id, high_user_id FROM connections
 WHERE status = 'accepted' AND low_user_id = ANY(%(ids)s) AND high_user_id = ANY(%(ids)s)
 ORDER BY id
"""

_OF = """
SELECT DISTINCT ON (one) one, other
  FROM (SELECT low_user_id AS one, high_user_id AS other, id FROM connections
         WHERE status = 'accepted' AND low_user_id = ANY(%(ids)s)
        UNION ALL
        SELECT high_user_id, low_user_id, id FROM connections
         WHERE status = 'accepted' AND high_user_id = ANY(%(ids)s)) AS known
 ORDER BY one, id
"""


def contacts_among(connection: Connection, ids: Sequence[int]) -> dict[int, list[int]]:
    """Person -> up to five of `ids` they are connected with, the oldest acquaintance first."""
    found: dict[int, list[int]] = defaultdict(list)
    for low, high in connection.execute(_AMONG, {"ids": list(ids)}):
        for one, other in ((low, high), (high, low)):
            if len(found[one]) < _MOST:
                found[one].append(other)
    return dict(found)


def partners_of(connection: Connection, ids: Sequence[int]) -> list[int]:
    """For each of `ids` who has any, the oldest acquaintance; in the order of `ids`."""
    oldest: dict[int, int] = dict(connection.execute(_OF, {"ids": list(ids)}).fetchall())
    return [oldest[one] for one in ids if one in oldest]
