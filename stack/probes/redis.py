"""Redis, by INFO."""

from collections.abc import Iterator

import redis

from capacity.probes import Kind, ProbeError, Reading
from stack.rewriting import LOOPBACK

_SECONDS = 2.0


class RedisProbe:
    """Commands, clients, memory and key lookups; the probe's own connection apart."""

    name = "redis"

    def __init__(self, port: int, password: str) -> None:
        self._client = redis.Redis(
            host=LOOPBACK,
            port=port,
            password=password,
            socket_timeout=_SECONDS,
            socket_connect_timeout=_SECONDS,
        )

    def sample(self) -> Iterator[Reading]:
        """Ask the server."""
        try:
            info = self._client.info("clients", "memory", "stats")
        except redis.RedisError as error:
            raise ProbeError(f"redis: {error}") from None
        if not isinstance(info, dict):
            raise ProbeError("redis: INFO gave no answer")
        yield Reading("redis.clients", info["connected_clients"] - 1)
        yield Reading("redis.memory", info["used_memory_dataset"])
        yield Reading("redis.commands", info["total_commands_processed"], Kind.COUNTER)
        yield Reading("redis.hits", info["keyspace_hits"], Kind.COUNTER)
        yield Reading("redis.misses", info["keyspace_misses"], Kind.COUNTER)

    def close(self) -> None:
        """Close the connection."""
        self._client.close()
