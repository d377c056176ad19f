"""What leaves the house besides answers and letters: errors to Sentry, traces to a collector.

Each only where a setting says where to. Unset, its packages (the extra `observability`) are not
imported, and no request does more than without this module.
"""

import asyncio
from collections.abc import Callable

from fastapi.telemetry import TelemetryConfig
from structlog.typing import Processor

from reference_app.settings import Settings, SettingsError

_OFF: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False}


class Telemetry:
    """Of one app. `config` is the framework's, `report` a processor of log lines, if there is one.

    Raises `SettingsError` when a package is missing, or an address is none.
    """

    def __init__(self, settings: Settings, release: str) -> None:
        self.config = _OFF
        self.report: Processor | None = None
        self._starts: list[Callable[[], None]] = []
        self._stops: list[Callable[[], None]] = []
        if settings.sentry_dsn is not None:
            self._send_errors(settings, settings.sentry_dsn.get_secret_value(), release)
        if settings.otel_exporter_otlp_endpoint is not None:
            self._send_traces(settings, settings.otel_exporter_otlp_endpoint, release)

    def start(self) -> None:
        """Begin to send, in a worker: what sends are threads, and none outlives a fork."""
        for start in self._starts:
            start()

    async def stop(self) -> None:
        """Send what is not sent yet; for seconds at most."""
        for stop in self._stops:
            await asyncio.to_thread(stop)

    def _send_errors(self, settings: Settings, dsn: str, release: str) -> None:
        try:
            from sentry_sdk.utils import BadDsn, Dsn

            from reference_app.kit import sentry
        except ImportError:
            raise _missing("SENTRY_DSN") from None
        try:
            Dsn(dsn)
        except BadDsn:
            raise SettingsError("SENTRY_DSN is no address of Sentry's") from None
        self.report = sentry.report
        self._starts.append(
            lambda: sentry.start(
                dsn, environment=settings.environment, release=release, pod=settings.pod_name
            )
        )
        self._stops.append(sentry.stop)

    def _send_traces(self, settings: Settings, endpoint: str, release: str) -> None:
        try:
            from reference_app.kit.tracing import Tracing
        except ImportError:
            raise _missing("OTEL_EXPORTER_OTLP_ENDPOINT") from None
        tracing = Tracing(
            endpoint, share=settings.otel_traces_share, pod=settings.pod_name, release=release
        )
        self.config = tracing.config()
        self._starts.append(tracing.start)
        self._stops.append(tracing.stop)


def _missing(name: str) -> SettingsError:
    return SettingsError(
        f"{name} is set, but what it needs is not installed: pip install 'hmb[observability]'"
    )
