"""Requests as spans, sent to an OpenTelemetry collector. Imported only where its address is set.

A span has a route, a status and times. Paths and queries stay here: they name people and what
they look for.
"""

from fastapi.telemetry import TelemetryConfig
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Span, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import TraceIdRatioBased
from starlette.types import Scope

_SERVICE = "hiremebahamas-backend"
_UNSAID = ("url.path", "url.query")
_PATIENCE_S = 5
_PROBES = frozenset({"/health", "/ready", "/startup", "/metrics"})


class _Discreet(SpanProcessor):
    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        for name in _UNSAID:
            if name in (span.attributes or {}):
                span.set_attribute(name, "")


class Tracing:
    """One app's spans: `share` of its requests, whatever their senders say of sampling."""

    def __init__(self, endpoint: str, *, share: float, pod: str, release: str) -> None:
        self._endpoint = endpoint
        self._provider = TracerProvider(
            sampler=TraceIdRatioBased(share),
            resource=Resource.create(
                {
                    "service.name": _SERVICE,
                    "service.version": release,
                    "host.name": pod,
                }
            ),
            shutdown_on_exit=False,
        )
        self._provider.add_span_processor(_Discreet())

    def config(self) -> TelemetryConfig:
        """What the framework is to do."""
        return {
            "tracer_provider": self._provider,
            "tracing": True,
            "operation_spans": False,
            "metrics": False,
            "logs": False,
            "auto_configure": False,
            "exclude": _is_uninteresting,
        }

    def start(self) -> None:
        """Begin to send, from this process: a thread would not outlive the fork of a worker."""
        address = f"{self._endpoint.rstrip('/')}/v1/traces"
        exporter = OTLPSpanExporter(endpoint=address, timeout=_PATIENCE_S)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))

    def stop(self) -> None:
        """Send what is not sent yet."""
        self._provider.shutdown()


def _is_uninteresting(scope: Scope) -> bool:
    # A socket's span would end a day later.
    return scope["type"] != "http" or scope["path"] in _PROBES
