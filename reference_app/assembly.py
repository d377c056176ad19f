"""Puts the app together: routes, middleware, and what a worker holds while it serves."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import structlog
from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from reference_app import docs_page, document, errors, health, logs, rate_groups
from reference_app.admin import endpoints as admin
from reference_app.admin import report_endpoints as reports
from reference_app.advertising import endpoints as advertising
from reference_app.advertising.desk import AdDesk
from reference_app.alerts import endpoints as alerts
from reference_app.alerts.watching import watch
from reference_app.analytics import endpoints as analytics
from reference_app.analytics.activity import Activity, keeping
from reference_app.api_keys import endpoints as api_keys
from reference_app.api_keys.keyring import KeyRing
from reference_app.applications import endpoints as applications
from reference_app.auth import endpoints as auth
from reference_app.auth.google import Google
from reference_app.auth.recovery import ResetDesk
from reference_app.companies import endpoints as companies
from reference_app.companies import team
from reference_app.database import Database
from reference_app.feed import endpoints as feed
from reference_app.feed.popularity import promotion
from reference_app.jobs import catalogue_endpoints as catalogue
from reference_app.jobs import endpoints as jobs
from reference_app.jobs.discovery import trending
from reference_app.jobs.expiry import expiry
from reference_app.jobs.placement import upkeep
from reference_app.kit import sections
from reference_app.kit.cache import CHANNEL, Cache
from reference_app.kit.callers import Callers
from reference_app.kit.chores import Chore, do_regularly
from reference_app.kit.ended_sessions import CHANNEL as SESSIONS_CHANNEL
from reference_app.kit.ended_sessions import EndedSessions
from reference_app.kit.flags import CHANNEL as FLAGS_CHANNEL
from reference_app.kit.flags import Flags
from reference_app.kit.mail import Mail, Server
from reference_app.kit.metrics import RequestCounters, Ticker
from reference_app.kit.middleware import Observe
from reference_app.kit.passwords import Passwords
from reference_app.kit.pubsub import Listener
from reference_app.kit.rate_limit import ApiLimit, LetterLimit, LoginLimit
from reference_app.kit.storage import Bucket, Storage, prepare
from reference_app.kit.store import Store
from reference_app.kit.tally import Tally
from reference_app.kit.telemetry import Telemetry
from reference_app.kit.wal import OwnWrites
from reference_app.messages import endpoints as messages
from reference_app.network import endpoints as network
from reference_app.notifications import endpoints as notifications
from reference_app.rate_groups import RateGroup
from reference_app.realtime import endpoints as realtime
from reference_app.realtime.connection import Bounds
from reference_app.realtime.switchboard import Switchboard
from reference_app.reviews import endpoints as reviews
from reference_app.serving import Board
from reference_app.settings import Settings
from reference_app.subscriptions import endpoints as subscriptions
from reference_app.subscriptions.billing import Billing
from reference_app.subscriptions.known_tiers import KnownTiers
from reference_app.uploads import endpoints as uploads
from reference_app.uploads.sweeping import sweeping
from reference_app.users import endpoints as users
from reference_app.views import endpoints as views
from reference_app.views.service import writing_job_views, writing_profile_views
from reference_app.warming import warm

_log = structlog.get_logger()

_END_AGAIN_S = 0.5
_LETTERS_TO_ACCOUNT = 3
_LETTERS_FROM_ADDRESS = 20


class BoardApp(FastAPI):
    """The app, with its own words in the OpenAPI document."""

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document."""
        if self.openapi_schema is None:
            self.openapi_schema = document.reworded(super().openapi())
        return self.openapi_schema


def create_app(settings: Settings) -> FastAPI:
    """The app; it connects to nothing before a worker starts its lifespan."""
    telemetry = Telemetry(settings, _version())
    logs.configure(settings.log_level, telemetry.report)
    prepare(_bucket(settings))
    requests = RequestCounters()
    groups = rate_groups.load()
    app = BoardApp(
        title="HireMeBahamas",
        version=_version(),
        summary="Find work and workers in the Bahamas.",
        description=document.ABOUT,
        openapi_tags=document.TAGS,
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lambda app: _serving(app, settings, requests, groups, telemetry),
        telemetry=telemetry.config,
    )
    # One flat list, the most used first: an included router is matched twice.
    for domain in (
        jobs,
        feed,
        companies,
        users,
        advertising,
        applications,
        messages,
        notifications,
        network,
        reviews,
        uploads,
        realtime,
        auth,
        api_keys,
        subscriptions,
        catalogue,
        alerts,
        views,
        reports,
        analytics,
        admin,
        health,
        docs_page,
    ):
        app.router.routes.extend(domain.router.routes)
    document.name_operations(app.router.routes)
    rate_groups.guard(app.router.routes, groups)
    by_section = sections.install(app.router)
    errors.install(app)
    app.add_middleware(
        Observe,
        pod=settings.pod_name,
        slots=settings.request_slots,
        secret=settings.secret_key.get_secret_value(),
        timeout_s=settings.request_timeout_seconds,
        body_bytes=settings.max_body_bytes,
        callers=Callers(settings.trusted_networks),
        limit=lambda: app.state.board.api_limit,
        apart=rate_groups.apart(app.router.routes, groups),
        ended=lambda: app.state.board.ended_sessions,
        seen=lambda: app.state.board.activity.seen,
        keys=lambda: app.state.board.keys.owner,
        requests=requests,
        route_of=by_section.route_of,
        cors=_cors(settings.cors_origins) if settings.cors_origins else None,
    )
    return app


def _cors(origins: Sequence[str]) -> Callable[[ASGIApp], ASGIApp]:
    return lambda app: CORSMiddleware(
        app,
        allow_origins=origins,
        allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
        allow_headers=["authorization", "content-type"],
        expose_headers=["retry-after", "x-request-id"],
    )


@asynccontextmanager
async def _serving(
    app: FastAPI,
    settings: Settings,
    requests: RequestCounters,
    groups: Sequence[RateGroup],
    telemetry: Telemetry,
) -> AsyncGenerator[dict[str, Any]]:
    redis_url = settings.redis_url.get_secret_value()
    secret = settings.secret_key.get_secret_value()
    store = Store(
        redis_url,
        connections=settings.worker_redis_connections - 4,  # one for each who listens
        timeout_s=settings.redis_timeout_seconds,
    )
    cache = Cache(store, settings.cache_l1_bytes)
    switchboard = Switchboard(
        redis_url,
        store,
        bounds=Bounds(settings.realtime_queue_frames, settings.realtime_frame_bytes),
        ping_s=settings.realtime_ping_seconds,
        ticket_s=settings.realtime_ticket_seconds,
        sockets_per_user=settings.realtime_sockets_per_user,
        handshakes=settings.realtime_handshakes,
    )
    own_writes = OwnWrites(store, settings.own_writes_seconds)
    signed_in_s = settings.access_token_minutes * 60
    ended_sessions = EndedSessions(store, signed_in_s)
    database = Database(settings, own_writes, cache, switchboard.announcer.tell, ended_sessions.end)
    tiers = KnownTiers(cache, database, signed_in_s)
    mail = _mail(settings)
    board = Board(
        settings=settings,
        database=database,
        store=store,
        cache=cache,
        api_limit=ApiLimit(
            store, settings.api_rate_per_minute, {group.name: group.share for group in groups}
        ),
        login_limit=LoginLimit(
            store,
            attempts=settings.login_attempts,
            account_attempts=settings.login_account_attempts,
            window_s=settings.login_window_seconds,
        ),
        letter_limit=LetterLimit(
            store, to_account=_LETTERS_TO_ACCOUNT, from_address=_LETTERS_FROM_ADDRESS
        ),
        ended_sessions=ended_sessions,
        passwords=Passwords(settings.bcrypt_rounds, most=settings.slots_for_one_thing),
        mail=mail,
        storage=Storage(_bucket(settings), settings.slots_for_one_thing),
        reset_desk=ResetDesk(settings, database, mail),
        google=Google(settings, store),
        billing=Billing(settings, database),
        switchboard=switchboard,
        job_views=Tally("jobs", store, secret),
        profile_views=Tally("profiles", store, secret),
        activity=Activity(store),
        flags=Flags(store, settings.flags),
        tiers=tiers,
        keys=KeyRing(cache, database),
        ads=AdDesk(settings, store, cache, database, tiers),
    )
    listener = Listener(
        redis_url,
        CHANNEL,
        on_message=cache.heard,
        on_up=cache.hears,
        on_down=cache.hears_nothing,
    )
    sessions_listener = Listener(
        redis_url,
        SESSIONS_CHANNEL,
        on_message=ended_sessions.heard,
        on_up=ended_sessions.hears,
        on_down=ended_sessions.hears_nothing,
    )
    flags_listener = Listener(
        redis_url,
        FLAGS_CHANNEL,
        on_message=board.flags.heard,
        on_up=board.flags.heard,
        on_down=lambda: None,
    )
    app.state.board = board
    telemetry.start()
    await database.look_at_primary()
    tasks = [
        asyncio.create_task(work)
        for work in (
            listener.run(),
            sessions_listener.run(),
            ended_sessions.run(),
            flags_listener.run(),
            board.flags.run(),
            board.activity.run(),
            store.deliver_delayed(),
            board.api_limit.run(),
            database.watch_primary(),
            board.ads.tally.run(),
            board.keys.run(),
            database.watch_replicas(),
            mail.run(),
            board.reset_desk.run(),
            *switchboard.works(),
            board.job_views.run(),
            board.profile_views.run(),
            # Each is ended on its own: of several gathered, one may outlive the others' end.
            *(do_regularly(store, chore) for chore in _chores(board)),
            Ticker(requests, database.pool_use).run(),
        )
    ]
    for task in tasks:
        task.add_done_callback(_report)
    try:
        if settings.warm_start:
            await warm(app, database)
        # For the server's own signal: it ends the lifespan only after the last socket.
        yield {"leave": switchboard.leave}
    finally:
        switchboard.leave()
        await _end(tasks)
        await mail.close()
        await board.google.close()
        await board.job_views.close()
        await board.profile_views.close()
        await board.ads.tally.share()
        board.passwords.close()
        board.billing.close()
        board.storage.close()
        await cache.close()
        await database.close()
        await store.close()
        await telemetry.stop()


def _mail(settings: Settings) -> Mail:
    server = None
    if settings.mail_backend == "smtp" and settings.smtp_host is not None:
        password = settings.smtp_password
        server = Server(
            settings.smtp_host,
            settings.smtp_port,
            settings.smtp_user,
            None if password is None else password.get_secret_value(),
            starttls=settings.smtp_starttls,
        )
    development = settings.environment == "development"
    return Mail(sender=settings.mail_from, server=server, shows_text=development)


def _bucket(settings: Settings) -> Bucket | None:
    endpoint = settings.s3_endpoint_url
    key_id, secret = settings.s3_access_key_id, settings.s3_secret_access_key
    if endpoint is None or key_id is None or secret is None:
        return None
    return Bucket(
        name=settings.s3_bucket,
        endpoint_url=endpoint,
        public_url=settings.s3_public_url or endpoint,
        region=settings.s3_region,
        access_key_id=key_id.get_secret_value(),
        secret_access_key=secret.get_secret_value(),
        timeout_s=settings.s3_timeout_seconds,
    )


def _chores(board: Board) -> list[Chore]:
    database = board.database
    return [
        promotion(database),
        expiry(database),
        upkeep(database),
        trending(database),
        writing_job_views(database, board.job_views),
        writing_profile_views(database, board.profile_views),
        watch(database, board.mail),
        sweeping(database, board.storage),
        team.forgetting(database),
        keeping(database, board.store),
        *board.ads.chores(),
    ]


async def _end(tasks: Iterable[asyncio.Task[None]]) -> None:
    # Asked again until it is so: before Python 3.12 a task that is just being answered by
    # Redis (`asyncio.wait_for`) can lose its cancellation.
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=_END_AGAIN_S)


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception() is not None:
        _log.error("background work ended", exc_info=task.exception())


def _version() -> str:
    try:
        return version("hmb")
    except PackageNotFoundError:
        return "0"
