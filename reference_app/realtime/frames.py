"""What travels over a socket, one JSON object a frame.

A frame says that something is new and up to which id; what it is, clients
fetch. So a frame may be lost, repeated or late without harm.
"""

from typing import Annotated, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from reference_app.texts import Id

PING = '{"type":"ping"}'
DEGRADED = '{"type":"degraded"}'

END = "!"
"""No frame for clients: it closes all sockets of whoever it is told to, as signed out."""


class NotUnderstoodFrameError(Exception):
    """A client sent something that is no frame."""


class Pong(BaseModel):
    """The answer to a ping."""

    model_config = ConfigDict(extra="forbid")

    type: Literal["pong"]


class Typing(BaseModel):
    """Who sends this is writing in a conversation just now."""

    model_config = ConfigDict(extra="forbid")

    type: Literal["typing"]
    conversation_id: Id


_INBOUND: TypeAdapter[Pong | Typing] = TypeAdapter(
    Annotated[Pong | Typing, Field(discriminator="type")]
)


def read(text: str) -> Pong | Typing:
    """What a client says. Raises `NotUnderstoodFrameError`."""
    try:
        return _INBOUND.validate_json(text)
    except ValidationError as error:
        raise NotUnderstoodFrameError from error


def fetch(within_ms: int) -> str:
    """From now on news is told; fetch what came before, at a random moment of `within_ms`."""
    return _text({"type": "fetch", "within_ms": within_ms})


def messages(conversation_id: int, up_to: int) -> str:
    """A conversation has messages up to id `up_to`."""
    return _text({"type": "messages", "conversation_id": conversation_id, "up_to": up_to})


def has_read(conversation_id: int, user_id: int, up_to: int) -> str:
    """`user_id` has read a conversation up to message `up_to`."""
    return _text(
        {
            "type": "read",
            "conversation_id": conversation_id,
            "user_id": user_id,
            "up_to": up_to,
        }
    )


def typing(conversation_id: int, user_id: int) -> str:
    """`user_id` is writing in a conversation."""
    return _text({"type": "typing", "conversation_id": conversation_id, "user_id": user_id})


def notifications(up_to: int) -> str:
    """There are notifications up to id `up_to`, or some have been read elsewhere."""
    return _text({"type": "notifications", "up_to": up_to})


def end_of(connection_id: str) -> str:
    """No frame for clients either: it closes one socket, which makes room for a newer one."""
    return END + connection_id


def closing(reconnect_after_ms: int) -> str:
    """The worker stops; come back after so long."""
    return _text({"type": "closing", "reconnect_after_ms": reconnect_after_ms})


def _text(frame: dict[str, object]) -> str:
    return orjson.dumps(frame).decode()
