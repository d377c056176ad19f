"""/realtime/ticket, and the socket itself at /ws."""

import asyncio

from fastapi import APIRouter, Request, status
from starlette.routing import WebSocketRoute
from starlette.types import Receive, Scope, Send

from reference_app.errors import UnauthenticatedError, UnavailableError, problem_docs
from reference_app.kit.store import StoreGoneError
from reference_app.messages import service as messages
from reference_app.realtime import connection as sockets
from reference_app.realtime import frames
from reference_app.realtime.connection import Closing, Connection
from reference_app.realtime.schemas import TicketShown
from reference_app.realtime.switchboard import Switchboard, new_connection_id
from reference_app.serving import Board, Viewer, board_of

PROTOCOL = "hmb"
_RETRY_AFTER_S = 5

router = APIRouter(prefix="/api/v1/realtime", tags=["realtime"])


@router.post(
    "/ticket",
    summary="A ticket for the WebSocket",
    status_code=status.HTTP_201_CREATED,
    responses=problem_docs(UnauthenticatedError, UnavailableError),
)
async def ticket(request: Request, viewer: Viewer) -> TicketShown:
    """Opens `/ws` once, within `expires_in` seconds: `new WebSocket(url, [protocol, ticket])`.

    The socket says what is new and up to which id; fetch it after the last id
    you have. Told `fetch`, do so within the time it names; told `degraded`,
    ask from time to time until the next `fetch`. Answer `ping` with `pong`.

    Closed with 1012 or 1013, come back with a new ticket after the time that the
    `closing` before it names (a time of your own, so that not all return at once); with
    4008 (read too slowly), 4010 (did not answer) or 4011 (signed out somewhere) too, if
    that is past; not with 1003, 1009 or 4029 (said what one does not say) or 4009
    (opened another socket too many).

    503: live news is gone for the moment, everything else works.
    """
    tickets = board_of(request).switchboard.tickets
    try:
        issued = await tickets.issue(viewer.user_id, viewer.session_id)
    except StoreGoneError:
        raise UnavailableError(
            "realtime_unavailable",
            "Live news is gone for the moment. Ask from time to time instead.",
            retry_after_s=_RETRY_AFTER_S,
        ) from None
    return TicketShown(ticket=issued, expires_in=tickets.good_for_s, protocol=PROTOCOL)


class _Socket:
    """The socket as a plain ASGI app: nothing but what it needs stays in memory while it idles."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await _open(scope["app"].state.board, scope, receive, send)


async def _open(board: Board, scope: Scope, receive: Receive, send: Send) -> None:
    switchboard = board.switchboard
    shown = sockets.offered_ticket(scope, PROTOCOL)
    if shown is None or switchboard.leaving:
        await sockets.refuse(receive, send, "no_ticket" if shown is None else "restarting")
        return
    if switchboard.door.is_full:
        await _turn_away(switchboard, receive, send, sockets.BUSY)
        return
    try:
        with switchboard.door.passing():
            found = await switchboard.tickets.redeem(shown)
    except StoreGoneError:
        await _turn_away(switchboard, receive, send, sockets.TRY_LATER)
        return
    if found is None or board.ended_sessions.has_ended(found[1]):
        await sockets.refuse(receive, send, "bad_ticket")
    elif await sockets.accept(receive, send, PROTOCOL):
        await _serve(
            board,
            Connection(new_connection_id(), found[0], receive, send, switchboard.bounds),
        )


async def _turn_away(switchboard: Switchboard, receive: Receive, send: Send, why: Closing) -> None:
    # Let in for a moment: only so does a browser hear when to come back.
    if await sockets.accept(receive, send, PROTOCOL):
        await sockets.turn_away(send, why, frames.closing(switchboard.door.return_after_ms()))


async def _serve(board: Board, connection: Connection) -> None:
    try:
        with board.switchboard.door.passing():
            await board.switchboard.join(connection)
        while (text := await connection.inbound()) is not None:
            if connection.admits(text):
                await _heard(board, connection, text)
    except asyncio.CancelledError:
        # The close of a client that does not answer ends here; any other end goes on.
        task = asyncio.current_task()
        if not connection.is_closing or task is None:
            raise
        task.uncancel()
    finally:
        await board.switchboard.part(connection)


async def _heard(board: Board, connection: Connection, text: str) -> None:
    try:
        said = frames.read(text)
    except frames.NotUnderstoodFrameError:
        connection.drop(sockets.NOT_UNDERSTOOD)
        return
    if not isinstance(said, frames.Typing):
        return
    other_id = connection.other_side(said.conversation_id)
    if other_id is None:
        other_id = await messages.other_side(
            board.database.reading(), said.conversation_id, connection.user_id
        )
    if other_id is not None and connection.may_type(said.conversation_id, other_id):
        frame = frames.typing(said.conversation_id, connection.user_id)
        board.switchboard.announcer.tell([(other_id, frame)])


router.routes.append(WebSocketRoute("/ws", _Socket()))
