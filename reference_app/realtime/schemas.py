"""Tickets as the API shows them."""

from pydantic import BaseModel, Field


class TicketShown(BaseModel):
    """What opens one socket, once."""

    ticket: str
    expires_in: int = Field(description="Seconds.", examples=[30])
    protocol: str = Field(
        description="Offer it together with the ticket, in this order, as the subprotocols.",
        examples=["hmb"],
    )
