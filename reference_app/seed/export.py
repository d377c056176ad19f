"""Load data: fresh signed-in sessions, and what there is to browse, in one file."""

import os
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import orjson

from reference_app.catalogue import CATEGORIES, ISLANDS
from reference_app.kit.tokens import (
    Access,
    mint_access_token,
    new_refresh_token,
    refresh_token_hash,
)
from reference_app.seed.contacts import contacts_among, partners_of
from reference_app.seed.database import Connection
from reference_app.seed.errors import RefusedError, SeedError
from reference_app.seed.lines import generator
from reference_app.seed.popularity import power_law
from reference_app.seed.standing import standing_of
from reference_app.seed.state import recorded
from reference_app.seed.words import Scale, table, trades
from reference_app.seed.words import scale as scale_named
from reference_app.settings import SessionSettings

_MOST_JOBS, _MOST_PEOPLE = 20_000, 20_000
_EMPLOYERS = 0.15
_MARK = 0x5EED_5EED
"""The first 32 bits of an exported session's id, by which a later export finds and ends it."""

_POPULAR_JOBS = """
SELECT job.id FROM jobs AS job
  LEFT JOIN (SELECT job_id, count(*) AS wanted FROM applications GROUP BY job_id) AS by_job
    ON by_job.job_id = job.id
 WHERE job.status = 'published' AND (job.expires_at IS NULL OR job.expires_at > %(until)s)
 ORDER BY by_job.wanted DESC NULLS LAST, job.id
 LIMIT %(most)s
"""

_POPULAR_COMPANIES = """
SELECT company.id FROM companies AS company
  LEFT JOIN (SELECT company_id, count(*) AS offers FROM jobs
              WHERE status = 'published' GROUP BY company_id) AS by_company
    ON by_company.company_id = company.id
 ORDER BY by_company.offers DESC NULLS LAST, company.id
"""

_POPULAR_PEOPLE = """
SELECT users.id FROM users
  JOIN (SELECT user_id, count(*) AS followers FROM user_follows GROUP BY user_id) AS known
    ON known.user_id = users.id
 WHERE users.deleted_at IS NULL AND users.suspended_at IS NULL
 ORDER BY known.followers DESC, users.id
 LIMIT %(most)s
"""

_SEEKERS = "SELECT id, email FROM users WHERE id = ANY(%s) AND role = 'seeker'"

_EMPLOYER_JOBS = """
SELECT owner.id, owner.email, job.company_id, array_agg(job.id ORDER BY job.id)
  FROM jobs AS job
  JOIN companies AS company ON company.id = job.company_id
  JOIN users AS owner ON owner.id = company.owner_id
 WHERE job.company_id = ANY(%s) AND job.status = 'published'
   AND EXISTS (SELECT FROM applications WHERE applications.job_id = job.id)
 GROUP BY owner.id, owner.email, job.company_id
"""


@dataclass(frozen=True, slots=True)
class _SignIn:
    """One user's fresh session: what the user holds, and what the database remembers."""

    user_id: int
    role: str
    session: UUID
    access_token: str
    refresh_token: str


def export(
    connection: Connection, sessions: int, seed: int, out: Path, settings: SessionSettings
) -> dict[str, Any]:
    """Sign in `sessions` distinct users (85 % seekers) and write all a load needs to `out`.

    The sessions of earlier exports end. The same seed on the same data chooses
    the same users; their tokens are always new. The file is readable by its owner
    only, and appears whole or not at all. Returns a summary of it.

    Raises `SeedError` when nothing is seeded, `RefusedError` when there are too
    few users for so many sessions.
    """
    found = recorded(connection)
    if found is None:
        raise SeedError("nothing is seeded here: load first")
    scale = scale_named(found.scale)
    employers = _employers(connection, round(sessions * _EMPLOYERS), seed, scale)
    seekers = _seekers(connection, sessions - round(sessions * _EMPLOYERS), seed, scale)
    ids = [person["id"] for person in (*seekers, *employers)]
    known, standing = contacts_among(connection, ids), standing_of(connection, ids)
    for person in (*seekers, *employers):
        person |= {"contacts": known.get(person["id"], []), **standing[person["id"]]}
    issued = datetime.now(UTC)
    signed_in = {
        person["id"]: _sign_in(person["id"], role, issued, settings)
        for role, people in (("seeker", seekers), ("employer", employers))
        for person in people
    }
    _remember(connection, list(signed_in.values()), issued, settings)
    content = {
        "seed": seed,
        "scale": found.scale,
        "password": table("people")["password"],
        "jobs": _ids(connection, _POPULAR_JOBS, until=issued + timedelta(days=1), most=_MOST_JOBS),
        "companies": _ids(connection, _POPULAR_COMPANIES),
        "people": _ids(connection, _POPULAR_PEOPLE, most=_MOST_PEOPLE),
        "searches": searches(),
        "islands": list(ISLANDS),
        "categories": list(CATEGORIES),
        "seekers": _with_tokens(seekers, signed_in),
        "employers": _with_tokens(employers, signed_in),
    }
    _write(out, orjson.dumps(content))
    return {
        "out": str(out),
        "scale": found.scale,
        "seed": seed,
        "seekers": len(seekers),
        "employers": len(employers),
        "jobs": len(content["jobs"]),
        "companies": len(content["companies"]),
        "access_tokens_expire_at": (
            issued + timedelta(minutes=settings.access_token_minutes)
        ).isoformat(),
    }


def searches() -> list[dict[str, Any]]:
    """What people search for, with weights: by how common the trade is, then by a power law."""
    everything = sum(trade.weight for trade in trades())
    found = [
        {"q": words, "weight": round(float(share) * trade.weight / everything, 6)}
        for trade in trades()
        for words, share in zip(
            trade.searches, power_law(len(trade.searches), exponent=1.0), strict=True
        )
    ]
    return sorted([*found, *table("searches")["searches"]], key=lambda each: -each["weight"])


def _seekers(connection: Connection, wanted: int, seed: int, scale: Scale) -> list[dict[str, Any]]:
    """Seekers in an order that depends on `seed` alone, whoever has registered since the load.

    Every other one is somebody's contact, as far as there are any, so that people who
    know each other are there together.
    """
    if wanted > scale.users - scale.companies:
        raise RefusedError(f"only {scale.users - scale.companies} seekers are seeded, not {wanted}")
    order = (generator(seed, "export seekers").permutation(scale.users) + 1).tolist()
    first = _in_order(connection, order, (wanted + 1) // 2)
    ids = [each["id"] for each in first]
    everyone = list(dict.fromkeys([*ids, *partners_of(connection, ids), *order]))
    chosen = _in_order(connection, everyone, wanted)
    if len(chosen) < wanted:
        raise RefusedError(f"only {len(chosen)} seekers are left, not {wanted}")
    return chosen


def _in_order(connection: Connection, order: Sequence[int], wanted: int) -> list[dict[str, Any]]:
    """The first `wanted` of `order` who are seekers, or as many as there are."""
    chosen: list[dict[str, Any]] = []
    step = 2 * wanted + 100
    for start in range(0, len(order), step):
        candidates = order[start : start + step]
        emails: dict[int, str] = dict(connection.execute(_SEEKERS, (candidates,)).fetchall())
        chosen += [{"id": n, "email": emails[n]} for n in candidates if n in emails]
        if len(chosen) >= wanted:
            return chosen[:wanted]
    return chosen


def _employers(
    connection: Connection, wanted: int, seed: int, scale: Scale
) -> list[dict[str, Any]]:
    """Employers who have something to review: published jobs somebody applied for."""
    order = (generator(seed, "export employers").permutation(scale.companies) + 1).tolist()
    chosen: list[dict[str, Any]] = []
    for start in range(0, scale.companies, 2 * wanted + 20):
        candidates = order[start : start + 2 * wanted + 20]
        rows = connection.execute(_EMPLOYER_JOBS, (candidates,)).fetchall()
        by_company = {company: (owner, email, jobs) for owner, email, company, jobs in rows}
        for company in candidates:
            if company in by_company:
                owner, email, jobs = by_company[company]
                chosen.append({"id": owner, "email": email, "company_id": company, "job_ids": jobs})
        if len(chosen) >= wanted:
            return chosen[:wanted]
    raise RefusedError(f"only {len(chosen)} employers have jobs to review, not {wanted}")


def _sign_in(user_id: int, role: str, issued: datetime, settings: SessionSettings) -> _SignIn:
    session = _marked_session()
    token = mint_access_token(
        Access(user_id, role, session),
        secret=settings.secret_key.get_secret_value(),
        issued_at=issued,
        minutes=settings.access_token_minutes,
    )
    return _SignIn(user_id, role, session, token, new_refresh_token())


def _marked_session() -> UUID:
    """A session id of version 8, which says "our own layout"; the app's own are of version 4."""
    random = uuid4().int & (2**96 - 1) & ~(0xF << 76)
    return UUID(int=_MARK << 96 | random | 8 << 76)


def _remember(
    connection: Connection,
    signed_in: Sequence[_SignIn],
    issued: datetime,
    settings: SessionSettings,
) -> None:
    """End earlier exports' sessions, begin these. Tokens go with their sessions (ON DELETE)."""
    expires = issued + timedelta(days=settings.refresh_token_days)
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = on")
        cursor.execute(
            "DELETE FROM auth_sessions WHERE id >= %s AND id < %s",
            (UUID(int=_MARK << 96), UUID(int=(_MARK + 1) << 96)),
        )
        with cursor.copy("COPY auth_sessions (id, user_id, created_at) FROM STDIN") as copy:
            for each in signed_in:
                copy.write_row((each.session, each.user_id, issued))
        with cursor.copy(
            "COPY refresh_tokens (token_hash, session_id, user_id, created_at, expires_at) "
            "FROM STDIN"
        ) as copy:
            for each in signed_in:
                copy.write_row(
                    (
                        refresh_token_hash(each.refresh_token),
                        each.session,
                        each.user_id,
                        issued,
                        expires,
                    )
                )


def _ids(connection: Connection, query: str, **values: object) -> list[int]:
    return [number for (number,) in connection.execute(query.encode(), values)]


def _with_tokens(
    people: Sequence[Mapping[str, Any]], signed_in: Mapping[int, _SignIn]
) -> list[dict[str, Any]]:
    return [
        {
            **person,
            "access_token": signed_in[person["id"]].access_token,
            "refresh_token": signed_in[person["id"]].refresh_token,
        }
        for person in people
    ]


def _write(out: Path, content: bytes) -> None:
    """Whole or not at all, and never readable by others: a temporary file is born mode 0600."""
    handle, name = tempfile.mkstemp(dir=out.parent, prefix=f".{out.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(out)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
