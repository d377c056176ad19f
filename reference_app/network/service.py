"""What one can do to connect with others."""

from collections.abc import Sequence
from datetime import UTC, datetime

from reference_app.database import AnyRow, ReadSession, WriteSession
from reference_app.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from reference_app.kit.pagination import cursor_by_id, cut, read_cursor_by_id
from reference_app.network import repository
from reference_app.network.cache_keys import user_cache_key
from reference_app.network.models import Connection, ConnectionStatus
from reference_app.network.schemas import (
    ConnectionPage,
    ConnectionShown,
    ConnectionState,
    Direction,
    Relation,
)
from reference_app.notifications.models import Kind
from reference_app.notifications.service import notify
from reference_app.subscriptions.entitlements import EntitlementRefusedError, Feature, hold
from reference_app.texts import LARGEST_ID
from reference_app.users.naming import person_ref
from reference_app.users.service import no_such_user


async def relation(session: ReadSession, user_id: int, other_id: int) -> Relation:
    """What is between one and another. Raises `NotFoundError`."""
    row = await repository.relation(session, user_id, other_id)
    if row is None:
        raise no_such_user()
    return Relation.model_validate(row, from_attributes=True)


async def ask(session: WriteSession, asker_id: int, other_id: int) -> ConnectionState:
    """Ask someone to connect. Who was asked by them accepts that instead.

    Raises `NotFoundError`, `ConflictError` when they are connected, asked
    already, or have declined, and `EntitlementRefusedError` when the tier
    allows no more connections.
    """
    if asker_id == other_id:
        raise InvalidError("to_yourself", "Connect with someone else.")
    made = await repository.ask(session, asker_id, other_id)
    connection = made or await repository.between(session, asker_id, other_id)
    if connection is None:
        raise no_such_user()
    if made is None:
        if connection.status == ConnectionStatus.ACCEPTED:
            raise ConflictError("already_connected", "You are connected.")
        if connection.asked_by == asker_id:
            if connection.status == ConnectionStatus.DECLINED:
                raise ConflictError("request_declined", "They have declined.")
            raise ConflictError("already_asked", "You have asked them.")
        if connection.status == ConnectionStatus.PENDING:
            return await _accept(session, connection, asker_id)
        connection.status = ConnectionStatus.PENDING
        connection.asked_by = asker_id
        connection.decided_at = None
    # Only who accepts changes what is counted: here it is no more than a look ahead.
    await hold(session, asker_id, Feature.CONNECTIONS, repository.count_accepted(asker_id))
    return await _told(session, connection, asker_id, Kind.CONNECTION_REQUESTED)


async def accept(session: WriteSession, connection_id: int, user_id: int) -> ConnectionState:
    """Accept a request; twice is once.

    Raises `NotFoundError`, `ForbiddenError` for one's own request,
    `ConflictError` when it was declined or the other may have no more
    connections, and `EntitlementRefusedError` when one may not oneself.
    """
    connection = await _asked(session, connection_id, user_id)
    if connection.status == ConnectionStatus.ACCEPTED:
        return _state(connection, user_id)
    if connection.status == ConnectionStatus.DECLINED:
        raise ConflictError("request_declined", "You have declined this request.")
    return await _accept(session, connection, user_id)


async def decline(session: WriteSession, connection_id: int, user_id: int) -> ConnectionState:
    """Decline a request; twice is once.

    Raises `NotFoundError`, `ForbiddenError` for one's own request, and
    `ConflictError` when it was accepted.
    """
    connection = await _asked(session, connection_id, user_id)
    if connection.status == ConnectionStatus.ACCEPTED:
        raise ConflictError("already_connected", "You have accepted this request.")
    if connection.status == ConnectionStatus.PENDING:
        connection.status = ConnectionStatus.DECLINED
        connection.decided_at = datetime.now(UTC)
        await session.flush()
        session.wrote_for(connection.other(user_id))
    return _state(connection, user_id)


async def remove(session: WriteSession, connection_id: int, user_id: int) -> None:
    """End a connection or take one's request back; nothing happens when there is neither.

    A request one was asked is declined instead, and declined ones stay.
    """
    connection = await repository.for_change(session, connection_id)
    if connection is None or user_id not in (connection.low_user_id, connection.high_user_id):
        return
    if connection.status == ConnectionStatus.DECLINED:
        return
    if connection.status == ConnectionStatus.PENDING and connection.asked_by != user_id:
        await decline(session, connection_id, user_id)
        return
    await repository.remove(session, connection_id)
    _changed(session, connection)


async def connections(
    session: ReadSession, user_id: int, limit: int, cursor: str | None
) -> ConnectionPage:
    """A page of one's connections, the last asked for first."""
    below = read_cursor_by_id(cursor) or LARGEST_ID
    rows = await repository.newest(
        session, user_id, ConnectionStatus.ACCEPTED, limit + 1, below=below
    )
    return _page(rows, limit)


async def requests(
    session: ReadSession, user_id: int, direction: Direction, limit: int, cursor: str | None
) -> ConnectionPage:
    """A page of the requests that wait, made to one or by one, the newest first."""
    rows = await repository.newest(
        session,
        user_id,
        ConnectionStatus.PENDING,
        limit + 1,
        below=read_cursor_by_id(cursor) or LARGEST_ID,
        asked_by_me=direction == Direction.SENT,
    )
    return _page(rows, limit)


async def _asked(session: WriteSession, connection_id: int, user_id: int) -> Connection:
    connection = await repository.for_change(session, connection_id)
    if connection is None or user_id not in (connection.low_user_id, connection.high_user_id):
        raise NotFoundError("connection_not_found", "There is no such request.")
    if connection.asked_by == user_id:
        raise ForbiddenError("own_request", "This request is for the other person to answer.")
    return connection


async def _accept(session: WriteSession, connection: Connection, user_id: int) -> ConnectionState:
    # In the order of ids, so that two who accept at once cannot block each other.
    for each in (connection.low_user_id, connection.high_user_id):
        try:
            await hold(session, each, Feature.CONNECTIONS, repository.count_accepted(each))
        except EntitlementRefusedError:
            if each == user_id:
                raise
            raise ConflictError(
                "their_connections_full", "They may have no more connections."
            ) from None
    connection.status = ConnectionStatus.ACCEPTED
    connection.decided_at = datetime.now(UTC)
    _changed(session, connection)
    return await _told(session, connection, user_id, Kind.CONNECTION_ACCEPTED)


async def _told(
    session: WriteSession, connection: Connection, user_id: int, kind: Kind
) -> ConnectionState:
    """The state after `user_id` changed it, which the other one is notified of."""
    await session.flush()
    await notify(
        session,
        connection.other(user_id),
        kind,
        {"connection_id": connection.id, "user_id": user_id},
        about=str(connection.id),
    )
    return _state(connection, user_id)


def _changed(session: WriteSession, connection: Connection) -> None:
    for each in (connection.low_user_id, connection.high_user_id):
        session.wrote_for(each)
        session.forget(user_cache_key(each))


def _state(connection: Connection, user_id: int) -> ConnectionState:
    return ConnectionState(
        id=connection.id,
        user_id=connection.other(user_id),
        asked_by=connection.asked_by,
        status=ConnectionStatus(connection.status),
        created_at=connection.created_at,
        decided_at=connection.decided_at,
    )


def _page(rows: Sequence[AnyRow], limit: int) -> ConnectionPage:
    shown, next_cursor = cut(rows, limit, lambda row: cursor_by_id(row.id))
    items = [
        ConnectionShown(
            id=row.id,
            person=person_ref(row),
            status=row.status,
            created_at=row.created_at,
            decided_at=row.decided_at,
        )
        for row in shown
    ]
    return ConnectionPage(items=items, next_cursor=next_cursor)
