"""The administrator who asks, as the record names them."""

from typing import Annotated

from fastapi import Depends, Request

from reference_app.admin.audit import Actor
from reference_app.serving import Admin, observed_of


async def _acting(request: Request, admin: Admin) -> Actor:
    return Actor(admin.user_id, observed_of(request).request_id)


Acting = Annotated[Actor, Depends(_acting)]
"""Administrators only, and what they do goes on record under this name."""
