"""What the sockets count, for Prometheus."""

from prometheus_client import Counter, Gauge, Histogram

DELIVERY_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
"""Upper bounds in seconds; the blueprint's limit, 50 ms, is among them."""

_messages = Counter("websocket_messages_total", "Frames over sockets.", ["direction"])
_dropped = Counter(
    "websocket_dropped_total", "Sockets closed or refused by the server.", ["reason"]
)

connections = Gauge("websocket_connections", "Open sockets.", multiprocess_mode="livesum")
frames_in, frames_out = (_messages.labels(direction) for direction in ("in", "out"))
delivery = Histogram(
    "websocket_delivery_seconds",
    "From the commit in one worker to the socket in another.",
    buckets=DELIVERY_BUCKETS,
)
unpublished = Counter(
    "websocket_unpublished_total", "News that Redis did not take when it was new."
)
subscriptions_lost = Counter(
    "websocket_subscriptions_lost_total", "Times a worker could no longer hear news."
)


def dropped(reason: str) -> None:
    """Count a socket that the server closed or refused for `reason`."""
    _dropped.labels(reason).inc()
