"""What one can do with notifications, and how other domains make them."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from reference_app.database import ReadSession, WriteSession
from reference_app.kit.pagination import cursor_by_id, cut, read_cursor_by_id
from reference_app.notifications import repository
from reference_app.notifications.schemas import (
    NotificationPage,
    NotificationShown,
    UnreadNotifications,
)
from reference_app.realtime import frames
from reference_app.texts import LARGEST_ID

KEPT = 200
"""How many of a person's notifications are kept, the newest."""

_TIDY_EVERY = 16


@dataclass(frozen=True, slots=True)
class News:
    """What one person of many is told; `about` and `data` as `notify` has them."""

    user_id: int
    data: dict[str, Any]
    about: str | None = None


async def notify(
    session: WriteSession,
    user_id: int,
    kind: str,
    data: dict[str, Any],
    *,
    about: str | None = None,
) -> None:
    """Let a person know, once this transaction is committed.

    `data` holds ids only. With `about`, nothing is added while an unread one of
    the same kind about the same thing is there. Call it late: until the commit
    nobody else can notify this person. Whoever notifies several does so in the
    order of their ids, so that two who do cannot block each other.
    """
    await notify_each(session, kind, [News(user_id, data, about)])


async def notify_each(session: WriteSession, kind: str, news: Sequence[News]) -> None:
    """As `notify`, all at once; a person may have several of the `news`."""
    if not news:
        return
    await repository.take_turns(session, sorted({each.user_id for each in news}))
    rows = await repository.add(session, kind, [asdict(each) for each in news])
    await _made(session, [(row.user_id, row.id) for row in rows])


async def seen(session: WriteSession, user_id: int, kind: str, *, about: str) -> None:
    """A person has seen what a kind of notification `about` one thing was for."""
    await repository.take_turns(session, [user_id])
    marked = await repository.mark_seen(session, user_id, kind=kind, about=about)
    _tell(session, user_id, marked)


async def seen_up_to(session: WriteSession, user_id: int, up_to: int) -> UnreadNotifications:
    """A person has seen a notification and all before it."""
    await repository.take_turns(session, [user_id])
    _tell(session, user_id, await repository.mark_seen(session, user_id, up_to=up_to))
    return UnreadNotifications(unread=await repository.unread(session, user_id))


async def newest(
    session: ReadSession, user_id: int, limit: int, cursor: str | None, after: int
) -> NotificationPage:
    """A page of one's notifications after id `after`, the newest first."""
    below = read_cursor_by_id(cursor) or LARGEST_ID
    rows = await repository.newest(session, user_id, limit + 1, after=after, below=below)
    shown, next_cursor = cut(rows, limit, lambda row: cursor_by_id(row.id))
    items = [NotificationShown.model_validate(row) for row in shown]
    return NotificationPage(items=items, next_cursor=next_cursor)


async def unread(session: ReadSession, user_id: int) -> UnreadNotifications:
    """How many one has not seen."""
    return UnreadNotifications(unread=await repository.unread(session, user_id))


async def _made(session: WriteSession, made: Sequence[tuple[int, int]]) -> None:
    """People have new notifications: who, and the id of each; now and then the oldest go."""
    tidied = {user_id for user_id, each in made if each % _TIDY_EVERY == 0}
    if tidied:
        await repository.keep_newest(session, sorted(tidied), KEPT)
    for user_id, newest_id in dict(sorted(made)).items():
        session.wrote_for(user_id)
        session.tell(user_id, frames.notifications(newest_id))


def _tell(session: WriteSession, user_id: int, marked: int | None) -> None:
    if marked is not None:
        session.wrote_for(user_id)
        session.tell(user_id, frames.notifications(marked))
