"""Load data: fresh signed-in sessions, and what there is to browse, in one file."""

import os
import tempfile
from collections import Counter
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
from reference_app.seed.standing import standing_of, tiers_held
from reference_app.seed.state import recorded
from reference_app.seed.words import Scale, table, trades
from reference_app.seed.words import scale as scale_named
from reference_app.settings import SessionSettings
from reference_app.subscriptions.tiers import Tier

ANY = "any"
"""In place of a tier: whichever somebody has."""
_MOST_JOBS, _MOST_PEOPLE = 20_000, 20_000
_FREE = Tier.FREE.value
_MARK = 0x5EED_5EED
_MEND = "load with fewer users, or seed at a larger scale (hmb seed --scale medium)"
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


@dataclass(frozen=True, slots=True)
class Accounts:
    """How many people to sign in: tier, or `ANY`, -> count, for seekers and for employers."""

    seekers: Mapping[str, int]
    employers: Mapping[str, int]


def export(
    connection: Connection, wanted: Accounts, seed: int, out: Path, settings: SessionSettings
) -> dict[str, Any]:
    """Sign in distinct users as `wanted` and write all a load needs to `out`.

    The sessions of earlier exports end. The same seed on the same data chooses
    the same users; their tokens are always new. The file is readable by its owner
    only, and appears whole or not at all. Returns a summary of it.

    Raises `SeedError` when nothing is seeded, `RefusedError` when there are too
    few users of a tier for so many sessions.
    """
    found = recorded(connection)
    if found is None:
        raise SeedError("nothing is seeded here: load first")
    scale = scale_named(found.scale)
    tiers = tiers_held(connection)
    employers = _employers(connection, Counter(wanted.employers), tiers, seed, scale)
    seekers = _seekers(connection, Counter(wanted.seekers), tiers, seed, scale)
    ids = [person["id"] for person in (*seekers, *employers)]
    known, standing = contacts_among(connection, ids), standing_of(connection, ids, tiers)
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


def _seekers(
    connection: Connection, wanted: Counter[str], tiers: Mapping[int, str], seed: int, scale: Scale
) -> list[dict[str, Any]]:
    """Seekers in an order that depends on `seed` alone, whoever has registered since the load.

    Every other one is somebody's contact, as far as there are any, so that people who
    know each other are there together.
    """
    order = (generator(seed, "export seekers").permutation(scale.users) + 1).tolist()
    half = Counter({tier: (count + 1) // 2 for tier, count in wanted.items()})
    first = _in_order(connection, order, half, tiers)
    ids = [each["id"] for each in first]
    everyone = list(dict.fromkeys([*ids, *partners_of(connection, ids), *order]))
    chosen = _in_order(connection, everyone, wanted, tiers)
    _refuse_too_few("seekers", "are seeded", wanted, chosen, tiers)
    return chosen


def _in_order(
    connection: Connection, order: Sequence[int], wanted: Counter[str], tiers: Mapping[int, str]
) -> list[dict[str, Any]]:
    """The first of `order` who are seekers and `wanted`, or as many as there are."""
    missing = Counter(wanted)
    chosen: list[dict[str, Any]] = []
    asked = [n for n in order if ANY in wanted or tiers.get(n, _FREE) in wanted]
    step = 2 * wanted.total() + 100
    for start in range(0, len(asked), step):
        if not missing.total():
            break
        candidates = asked[start : start + step]
        emails: dict[int, str] = dict(connection.execute(_SEEKERS, (candidates,)).fetchall())
        chosen += [
            {"id": n, "email": emails[n]}
            for n in candidates
            if n in emails and _is_wanted(n, missing, tiers)
        ]
    return chosen


def _is_wanted(person: int, missing: Counter[str], tiers: Mapping[int, str]) -> bool:
    """Whether one more of the person's tier, or of any, is missing; then one fewer is."""
    tier = tiers.get(person, _FREE)
    kind = tier if missing[tier] else ANY
    if not missing[kind]:
        return False
    missing[kind] -= 1
    return True


def _employers(
    connection: Connection, wanted: Counter[str], tiers: Mapping[int, str], seed: int, scale: Scale
) -> list[dict[str, Any]]:
    """Employers who have something to review: published jobs somebody applied for."""
    order = (generator(seed, "export employers").permutation(scale.companies) + 1).tolist()
    missing = Counter(wanted)
    chosen: list[dict[str, Any]] = []
    step = 2 * wanted.total() + 20
    for start in range(0, scale.companies, step):
        if not missing.total():
            break
        candidates = order[start : start + step]
        rows = connection.execute(_EMPLOYER_JOBS, (candidates,)).fetchall()
        by_company = {company: (owner, email, jobs) for owner, email, company, jobs in rows}
        for company in candidates:
            if company in by_company and _is_wanted(by_company[company][0], missing, tiers):
                owner, email, jobs = by_company[company]
                chosen.append({"id": owner, "email": email, "company_id": company, "job_ids": jobs})
    _refuse_too_few("employers", "have jobs to review", wanted, chosen, tiers)
    return chosen


def _refuse_too_few(
    people: str,
    that: str,
    wanted: Counter[str],
    chosen: Sequence[Mapping[str, Any]],
    tiers: Mapping[int, str],
) -> None:
    """`RefusedError` unless everyone wanted was found."""
    if len(chosen) >= wanted.total():
        return
    found = Counter(tiers.get(each["id"], _FREE) for each in chosen)
    for tier, count in wanted.items():
        if tier != ANY and found[tier] < count:
            raise RefusedError(
                f"only {found[tier]} {people} with {tier.capitalize()} {that}, not {count}: {_MEND}"
            )
    raise RefusedError(f"only {len(chosen)} {people} {that}, not {wanted.total()}: {_MEND}")


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
