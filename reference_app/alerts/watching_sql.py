"""SQL that holds new jobs against saved searches, and says who is to be told.

A job is new until it is marked (`announced_at`), in the statement that notes
what searches found it. So each is looked at once, whichever commits first,
and a batch that was broken off is looked at again as if never begun.
"""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, bindparam, func, literal_column, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert

from reference_app.alerts.models import AlertLetter, SavedSearch
from reference_app.database import AnyRow, WriteSession
from reference_app.jobs.models import Job
from reference_app.users.models import User

_jobs, _searches = Job.__table__, SavedSearch.__table__
_ANY: ColumnElement[str] = literal_column("''")

_fresh = (
    select(_jobs)
    .where(_jobs.c.status == literal_column("'published'"), _jobs.c.announced_at.is_(None))
    .order_by(_jobs.c.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
    .cte("fresh")
)
_announced = (
    update(Job)
    .where(_jobs.c.id == _fresh.c.id)
    .values(announced_at=func.now(), updated_at=_jobs.c.updated_at)
    .returning(_jobs.c.id)
    .cte("announced")
)
_finds = (
    select(
        _searches.c.id,
        func.count().label("many"),
        func.max(_fresh.c.id).label("newest"),
    )
    .select_from(_fresh)
    .join(
        _searches,
        _searches.c.alerts
        & _searches.c.category.in_([_ANY, _fresh.c.category])
        & _searches.c.island.in_([_ANY, _fresh.c.island])
        & _searches.c.employment_type.in_([_ANY, _fresh.c.employment_type])
        & or_(
            _searches.c.salary_min_cents.is_(None),
            _searches.c.salary_min_cents <= _fresh.c.salary_top_cents,
        )
        & or_(_searches.c.q == _ANY, _fresh.c.search.op("@@")(_searches.c.words))
        & (_searches.c.user_id != _fresh.c.employer_id),
    )
    .where(or_(_fresh.c.expires_at.is_(None), _fresh.c.expires_at > func.now()))
    .group_by(_searches.c.id)
    .cte("finds")
)
_noted = (
    update(SavedSearch)
    .where(_searches.c.id == _finds.c.id)
    .values(
        found=_searches.c.found + _finds.c.many,
        newest_job_id=_finds.c.newest,
        updated_at=_searches.c.updated_at,
    )
    .returning(_searches.c.id)
    .cte("noted")
)
_ANNOUNCE = select(func.count()).select_from(_announced).add_cte(_noted)

# A person's row is held first, as whoever closes an account does: two who took them in different
# orders would wait for each other. Who is being changed is told in the next turn.
_untold = (
    select(_searches.c.id, _searches.c.found)
    .join(User, User.id == _searches.c.user_id)
    .where(_searches.c.found > 0)
    .order_by(_searches.c.user_id)
    .limit(bindparam("most"))
    .with_for_update(key_share=True, skip_locked=True)
    .cte("untold")
)
_TELL = (
    update(SavedSearch)
    .where(_searches.c.id == _untold.c.id)
    .values(
        found=_searches.c.found - _untold.c.found,
        unmailed=_searches.c.unmailed + _untold.c.found,
        updated_at=_searches.c.updated_at,
    )
    .returning(_searches.c.id, _searches.c.user_id, _searches.c.newest_job_id)
)

_a_day_ago = func.now() - text("interval '1 day'")
_due = (
    select(User.id)
    .outerjoin(AlertLetter, AlertLetter.user_id == User.id)
    .where(
        User.id.in_(select(_searches.c.user_id).where(_searches.c.unmailed > 0)),
        User.suspended_at.is_(None),
        or_(AlertLetter.sent_at.is_(None), AlertLetter.sent_at <= _a_day_ago),
    )
    .order_by(User.id)
    .limit(bindparam("most"))
)
_letters = insert(AlertLetter).from_select(
    ["user_id", "sent_at"], select(_due.subquery().c.id, func.now())
)
# Of two who would write to a person at once, the second finds the first's letter here.
_sent = (
    _letters.on_conflict_do_update(
        index_elements=[AlertLetter.user_id],
        set_={"sent_at": _letters.excluded.sent_at},
        where=AlertLetter.sent_at <= _a_day_ago,
    )
    .returning(AlertLetter.user_id)
    .cte("sent")
)
_before = _searches.alias("before")
_told = (
    update(SavedSearch)
    .where(
        _searches.c.user_id == _sent.c.user_id,
        _searches.c.id == _before.c.id,
        _before.c.unmailed > 0,
    )
    .values(
        unmailed=_searches.c.unmailed - _before.c.unmailed,
        updated_at=_searches.c.updated_at,
    )
    .returning(_searches.c.id, _searches.c.user_id, _searches.c.name, _before.c.unmailed)
    .cte("told")
)
_LETTERS = (
    select(User.id, User.email, User.full_name, _told.c.name, _told.c.unmailed.label("jobs"))
    .join(_told, _told.c.user_id == User.id)
    .order_by(User.id, _told.c.id)
)


async def announce(session: WriteSession, most: int) -> int:
    """Note which searches find up to `most` new jobs; how many jobs there were."""
    return int((await session.execute(_ANNOUNCE, {"most": most})).scalar_one())


async def tell(session: WriteSession, most: int) -> Sequence[AnyRow]:
    """Up to `most` searches whose owners are to be told of finds: they are told from now on."""
    return (await session.execute(_TELL, {"most": most})).all()


async def letters(session: WriteSession, most: int) -> Sequence[AnyRow]:
    """What to write to up to `most` people who had no letter for a day: by person, each search.

    From now on they have had one.
    """
    return (await session.execute(_LETTERS, {"most": most})).all()
