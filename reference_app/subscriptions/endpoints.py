"""/subscriptions: tiers, buying, changing, paying; and what Stripe tells."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request
from starlette.responses import Response

from reference_app.errors import (
    ConflictError,
    InvalidError,
    NotFoundError,
    PaymentError,
    UnauthenticatedError,
    UnavailableError,
    problem_docs,
)
from reference_app.kit.pagination import CursorText, Limit
from reference_app.serving import Reading, Viewer, Writing, board_of
from reference_app.subscriptions import checkout, inbox, referrals, service
from reference_app.subscriptions.billing import Billing
from reference_app.subscriptions.schemas import (
    CheckoutRequest,
    OwnReferralCode,
    OwnSubscription,
    PageAddress,
    PaymentPage,
    PlanChoice,
    Received,
    TierList,
)
from reference_app.texts import json_bytes

router = APIRouter(prefix="/api/v1/subscriptions", tags=["subscriptions"])

_TIERS = json_bytes(service.tiers())
_BUYS = problem_docs(UnauthenticatedError, ConflictError, UnavailableError)


async def _billing(request: Request) -> Billing:
    return board_of(request).billing


Desk = Annotated[Billing, Depends(_billing)]


@router.get("/tiers", summary="What there is to subscribe to", response_model=TierList)
async def tiers() -> Response:
    """The same for everyone, and seldom changing: keep it for an hour."""
    return Response(
        _TIERS, media_type="application/json", headers={"cache-control": "public, max-age=3600"}
    )


@router.get("/me", summary="One's own subscription", responses=problem_docs(UnauthenticatedError))
async def own(viewer: Viewer, session: Reading) -> OwnSubscription:
    """The tier one is entitled to, and how much of its limits is used."""
    return await service.own(session, viewer.user_id)


@router.get(
    "/payments",
    summary="One's payments",
    responses=problem_docs(InvalidError, UnauthenticatedError),
)
async def payments(
    viewer: Viewer, session: Reading, limit: Limit = 20, cursor: CursorText = None
) -> PaymentPage:
    """Every invoice that asked for something, the newest first."""
    return await service.payments(session, viewer.user_id, limit, cursor)


@router.post(
    "/referral-code",
    summary="One's referral code",
    responses=problem_docs(UnauthenticatedError),
)
async def referral_code(viewer: Viewer, session: Writing) -> OwnReferralCode:
    """Made when first asked for. Who pays with it brings both a month's credit."""
    return OwnReferralCode(code=await referrals.own_code(session, viewer.user_id))


@router.post(
    "/checkout",
    summary="Buy a subscription",
    responses=_BUYS | problem_docs(InvalidError),
)
async def buy(wanted: CheckoutRequest, viewer: Viewer, billing: Desk) -> PageAddress:
    """Answers the page to pay on. The first subscription begins with a trial."""
    return await checkout.begin(billing, viewer.user_id, wanted)


@router.post("/portal", summary="See to card and invoices", responses=_BUYS)
async def portal(viewer: Viewer, billing: Desk) -> PageAddress:
    """Answers a page of the payment service."""
    return await service.portal(billing, viewer.user_id)


@router.post("/cancel", summary="End one's subscription", responses=_BUYS)
async def cancel(viewer: Viewer, billing: Desk) -> OwnSubscription:
    """It ends with the period paid for. Twice is once."""
    return await service.cancel(billing, viewer.user_id)


@router.post("/reactivate", summary="Do not end it after all", responses=_BUYS)
async def reactivate(viewer: Viewer, billing: Desk) -> OwnSubscription:
    """Until the period's end. Twice is once."""
    return await service.reactivate(billing, viewer.user_id)


@router.post(
    "/change",
    summary="Change to another plan",
    responses=_BUYS | problem_docs(InvalidError, PaymentError),
)
async def change(wanted: PlanChoice, viewer: Viewer, billing: Desk) -> OwnSubscription:
    """To more at once, charging the difference; to less with the next period."""
    return await service.change(billing, viewer.user_id, wanted)


@router.post(
    "/webhook",
    summary="What Stripe tells",
    responses=problem_docs(InvalidError, NotFoundError, UnavailableError),
)
async def webhook(
    request: Request, billing: Desk, stripe_signature: Annotated[str | None, Header()] = None
) -> Received:
    """For Stripe alone: signed events, each dealt with once. Any error has it sent again."""
    event = billing.stripe.event(await request.body(), stripe_signature)
    await inbox.take(billing, event)
    return Received()
