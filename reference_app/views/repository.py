"""SQL about views."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    bindparam,
    column,
    delete,
    func,
    literal_column,
    select,
    text,
    tuple_,
)
from sqlalchemy.dialects.postgresql import ARRAY, insert

from reference_app.database import AnyRow, ReadSession, WriteSession
from reference_app.jobs.models import Job
from reference_app.kit.tally import Counted
from reference_app.users.models import User
from reference_app.users.naming import named
from reference_app.views.models import JobView, ProfileView, TallyBatch, today

_NAMES = ("subject", "viewer", "times")
_counted = (
    func.unnest(*(bindparam(f"{name}s", type_=ARRAY(BigInteger)) for name in _NAMES))
    .table_valued(*(column(name, BigInteger) for name in _NAMES))
    .render_derived(name="counted")
)

_NEW_BATCH = insert(TallyBatch).on_conflict_do_nothing().returning(TallyBatch.id)
_FORGET_BATCHES = delete(TallyBatch).where(
    TallyBatch.written_at < func.now() - text("interval '1 day'")
)

_job_views = insert(JobView).from_select(
    ["job_id", "day", "views"],
    select(Job.id, today(), func.sum(_counted.c.times))
    .join(_counted, _counted.c.subject == Job.id)
    .where(_counted.c.viewer != Job.employer_id)
    .group_by(Job.id),
)
_ADD_JOB_VIEWS = _job_views.on_conflict_do_update(
    index_elements=[JobView.job_id, JobView.day],
    set_={"views": JobView.views + _job_views.excluded.views},
).execution_options(dml_strategy="raw")  # the parameters are not columns

_viewer, _seen = User.__table__.alias("viewer"), User.__table__.alias("seen")
_profile_views = insert(ProfileView).from_select(
    ["user_id", "viewer_id", "views", "viewed_at"],
    select(_seen.c.id, _viewer.c.id, _counted.c.times, func.now())
    .select_from(_counted)
    .join(_seen, _seen.c.id == _counted.c.subject)
    .join(_viewer, _viewer.c.id == _counted.c.viewer)
    # Administrators look after people; whom they look at is nobody's business.
    .where(_seen.c.id != _viewer.c.id, _viewer.c.role != literal_column("'admin'")),
)
_ADD_PROFILE_VIEWS = _profile_views.on_conflict_do_update(
    index_elements=[ProfileView.user_id, ProfileView.viewer_id],
    set_={
        "views": ProfileView.views + _profile_views.excluded.views,
        "viewed_at": _profile_views.excluded.viewed_at,
    },
).execution_options(dml_strategy="raw")  # as above


_of_me_lately = (
    ProfileView.user_id == bindparam("user_id"),
    ProfileView.viewed_at
    > func.now() - bindparam("days", type_=BigInteger) * literal_column("interval '1 day'"),
)
_SUMMARY = select(
    func.count().label("viewers"), func.coalesce(func.sum(ProfileView.views), 0).label("views")
).where(*_of_me_lately)
_VIEWERS = (
    select(
        *named(User),
        ProfileView.views,
        ProfileView.viewed_at,
    )
    .join(User, User.id == ProfileView.viewer_id)
    .where(*_of_me_lately)
    .order_by(ProfileView.viewed_at.desc(), ProfileView.viewer_id.desc())
    .limit(bindparam("rows"))
)
_VIEWERS_AFTER = _VIEWERS.where(
    tuple_(ProfileView.viewed_at, ProfileView.viewer_id)
    < tuple_(
        bindparam("after_time", type_=ProfileView.viewed_at.type),
        bindparam("after_id", type_=ProfileView.viewer_id.type),
    )
)


async def begin_batch(session: WriteSession, name: str) -> bool:
    """Whether no batch of this name was written before; from now on one was."""
    await session.execute(_FORGET_BATCHES)
    made = await session.execute(_NEW_BATCH, {"id": name})
    return made.scalar_one_or_none() is not None


async def add_job_views(session: WriteSession, counted: Sequence[Counted]) -> None:
    """Add views to jobs, but an employer's of their own; jobs that are gone count for nothing."""
    await session.execute(_ADD_JOB_VIEWS, _arrays(counted))


async def add_profile_views(session: WriteSession, counted: Sequence[Counted]) -> None:
    """Add views to profiles, of those who have an account; whoever is gone counts for nothing."""
    await session.execute(_ADD_PROFILE_VIEWS, _arrays(counted))


async def summary(session: ReadSession, user_id: int, days: int) -> AnyRow | None:
    """How many `viewers` saw a person's profile in the last `days`, and how often: `views`."""
    return await session.first(_SUMMARY, {"user_id": user_id, "days": days})


async def viewers(
    session: ReadSession, user_id: int, days: int, rows: int, after: tuple[datetime, int] | None
) -> Sequence[AnyRow]:
    """Up to `rows` who saw a person's profile, the last first, after (viewed at, id)."""
    parameters: dict[str, Any] = {"user_id": user_id, "days": days, "rows": rows}
    if after is None:
        return await session.rows(_VIEWERS, parameters)
    return await session.rows(
        _VIEWERS_AFTER, {**parameters, "after_time": after[0], "after_id": after[1]}
    )


def _arrays(counted: Sequence[Counted]) -> dict[str, list[int]]:
    return {f"{name}s": [getattr(each, name) for each in counted] for name in _NAMES}
