"""/ads: what is shown; /campaigns: what one has shown; and what administrators see to."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, status
from starlette.responses import RedirectResponse, Response

from reference_app.admin.acting import Acting
from reference_app.advertising import service
from reference_app.advertising.impressions import LONGEST_TOKEN
from reference_app.advertising.models import CampaignStatus, Placement
from reference_app.advertising.roster import Spot
from reference_app.advertising.schemas import (
    AdShown,
    AdvertisingStatistics,
    CampaignChange,
    CampaignDraft,
    CampaignPage,
    CampaignShown,
    CampaignStatistics,
    OwnCampaign,
    OwnCampaignPage,
    Rejection,
)
from reference_app.catalogue import Category, Island
from reference_app.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    UnauthenticatedError,
    problem_docs,
)
from reference_app.kit.pagination import CursorText, Limit
from reference_app.kit.tokens import Access
from reference_app.serving import Admin, Reading, Viewer, Writing, board_of, observed_of
from reference_app.texts import PathId, json_bytes
from reference_app.users.models import Role

router = APIRouter(prefix="/api/v1", tags=["advertising"])

_ADS = "/ads"
# Each answer is one impression, and each click is counted.
_UNCACHED = {"cache-control": "no-store"}
_LIST = problem_docs(UnauthenticatedError, ForbiddenError, InvalidError)
_STEP = problem_docs(UnauthenticatedError, ForbiddenError, NotFoundError, ConflictError)

Days = Annotated[int, Query(ge=1, le=366, description="How many days to look back, with today.")]


async def _advertiser(access: Viewer) -> Access:
    if access.role not in (Role.EMPLOYER, Role.ADMIN):
        raise ForbiddenError("advertisers_only", "Only employers can advertise.")
    return access


Advertiser = Annotated[Access, Depends(_advertiser)]


@router.get(
    _ADS,
    summary="An advertisement",
    response_model=AdShown,
    responses={204: {"description": "None: none fits, or one's tier has none."}},
)
async def ad(
    request: Request,
    placement: Placement,
    island: Annotated[Island | None, Query(description="What the page is about.")] = None,
    category: Annotated[Category | None, Query(description="What the page is about.")] = None,
) -> Response:
    """For people on Free and who is not signed in. Each answer counts as shown: ask to show it."""
    observed = observed_of(request)
    user_id = None if observed.access is None else observed.access.user_id
    shown, depth = await board_of(request).ads.advertise(Spot(placement, island, category), user_id)
    observed.touched(depth)
    if shown is None:
        return Response(status_code=status.HTTP_204_NO_CONTENT, headers=_UNCACHED)
    body = AdShown(
        campaign_id=shown.campaign_id,
        title=shown.title,
        text=shown.text,
        click_path=f"{router.prefix}{_ADS}/{shown.token}/click",
    )
    return Response(json_bytes(body), media_type="application/json", headers=_UNCACHED)


@router.get(
    "/ads/{token}/click",
    summary="Follow an advertisement",
    status_code=status.HTTP_303_SEE_OTHER,
    response_class=RedirectResponse,
    responses=problem_docs(NotFoundError) | {303: {"description": "To the advertiser."}},
)
async def click(
    request: Request, token: Annotated[str, Path(max_length=LONGEST_TOKEN)]
) -> RedirectResponse:
    """Good for a while (an hour, usually) after it was shown. Counts once, however often."""
    target, depth = await board_of(request).ads.click(token)
    observed_of(request).touched(depth)
    return RedirectResponse(target, status.HTTP_303_SEE_OTHER, headers=_UNCACHED)


@router.post(
    "/campaigns",
    summary="Draft a campaign",
    status_code=status.HTTP_201_CREATED,
    responses=problem_docs(UnauthenticatedError, ForbiddenError, ConflictError),
)
async def add(wanted: CampaignDraft, advertiser: Advertiser, session: Writing) -> CampaignShown:
    """Employers and administrators. It is shown once it was submitted, approved and started."""
    return await service.add(session, advertiser.user_id, wanted)


@router.get("/campaigns/mine", summary="One's own campaigns", responses=_LIST)
async def own(
    advertiser: Advertiser, session: Reading, limit: Limit = 20, cursor: CursorText = None
) -> OwnCampaignPage:
    """In any state, the newest first."""
    return await service.own(session, advertiser.user_id, limit, cursor)


@router.get(
    "/campaigns/{campaign_id}",
    summary="One's own campaign",
    responses=problem_docs(UnauthenticatedError, ForbiddenError, NotFoundError),
)
async def one(campaign_id: PathId, advertiser: Advertiser, session: Reading) -> OwnCampaign:
    """Administrators see everyone's."""
    return await service.one(session, campaign_id, advertiser)


@router.patch(
    "/campaigns/{campaign_id}",
    summary="Change one's own campaign",
    responses=_STEP | problem_docs(InvalidError),
)
async def change(
    campaign_id: PathId, wanted: CampaignChange, advertiser: Advertiser, session: Writing
) -> CampaignShown:
    """A draft, or one that was rejected and so becomes a draft. Fields left out stay."""
    return await service.change(session, campaign_id, advertiser.user_id, wanted)


@router.post("/campaigns/{campaign_id}/submit", summary="Have a campaign approved", responses=_STEP)
async def submit(campaign_id: PathId, advertiser: Advertiser, session: Writing) -> CampaignShown:
    """It cannot be changed any more, unless it is rejected. Twice is once."""
    return await service.bring(session, campaign_id, advertiser.user_id, CampaignStatus.SUBMITTED)


@router.post("/campaigns/{campaign_id}/start", summary="Start a campaign", responses=_STEP)
async def start(campaign_id: PathId, advertiser: Advertiser, session: Writing) -> CampaignShown:
    """One that was approved, or paused. It is shown from `starts_at` on. Twice is once."""
    return await service.bring(session, campaign_id, advertiser.user_id, CampaignStatus.RUNNING)


@router.post("/campaigns/{campaign_id}/pause", summary="Pause a campaign", responses=_STEP)
async def pause(campaign_id: PathId, advertiser: Advertiser, session: Writing) -> CampaignShown:
    """It is not shown until it is started again. Twice is once."""
    return await service.bring(session, campaign_id, advertiser.user_id, CampaignStatus.PAUSED)


@router.post("/campaigns/{campaign_id}/end", summary="End a campaign", responses=_STEP)
async def end(campaign_id: PathId, advertiser: Advertiser, session: Writing) -> CampaignShown:
    """For good. It ends by itself after `ends_at` or with its budget. Twice is once."""
    return await service.bring(session, campaign_id, advertiser.user_id, CampaignStatus.ENDED)


@router.get(
    "/campaigns/{campaign_id}/statistics",
    summary="What one's own campaign came to",
    responses=problem_docs(UnauthenticatedError, ForbiddenError, NotFoundError),
)
async def statistics(
    campaign_id: PathId, advertiser: Advertiser, session: Reading, days: Days = 30
) -> CampaignStatistics:
    """By day. Administrators see everyone's."""
    return await service.statistics(session, campaign_id, advertiser, days)


@router.get("/admin/campaigns", summary="Campaigns to decide on", responses=_LIST)
async def submitted(
    _: Admin, session: Reading, limit: Limit = 20, cursor: CursorText = None
) -> CampaignPage:
    """Administrators only. What was submitted and not decided on, the oldest first."""
    return await service.submitted(session, limit, cursor)


@router.post(
    "/admin/campaigns/{campaign_id}/approve", summary="Approve a campaign", responses=_STEP
)
async def approve(campaign_id: PathId, by: Acting, session: Writing) -> CampaignShown:
    """Administrators only. Its owner can start it now. Twice is once."""
    return await service.approve(session, campaign_id, by)


@router.post("/admin/campaigns/{campaign_id}/reject", summary="Reject a campaign", responses=_STEP)
async def reject(
    campaign_id: PathId, wanted: Rejection, by: Acting, session: Writing
) -> CampaignShown:
    """Administrators only. Also one that runs: neither it nor its clicks lead anywhere then.

    Its owner sees why, and can change it and submit it again. Twice is once.
    """
    return await service.reject(session, campaign_id, by, wanted.reason)


@router.get(
    "/admin/advertising/statistics",
    summary="What advertising came to",
    responses=problem_docs(UnauthenticatedError, ForbiddenError),
)
async def all_statistics(
    request: Request, _: Admin, session: Reading, days: Days = 30
) -> AdvertisingStatistics:
    """Administrators only. Impressions and people are measured, the price is assumed."""
    return await service.all_statistics(
        session, days, board_of(request).settings.ads_assumed_cpm_cents
    )
