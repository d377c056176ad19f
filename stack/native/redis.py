"""Redis: cache, counters and pub/sub."""

from collections.abc import Sequence

from stack.native.adapter import Adapter, exchange
from stack.rewriting import LOOPBACK
from stack.servers import REDIS

PORT = 6379


class Redis(Adapter):
    """One Redis server."""

    server = REDIS

    def listener_words(self) -> Sequence[str]:
        """Later words win over the configuration file."""
        return ("--bind", LOOPBACK, "--port", str(self.port(PORT)))

    def urls(self) -> dict[str, str]:
        """Its address, without the password."""
        return {"redis": f"redis://{LOOPBACK}:{self.port(PORT)}/0"}

    async def ready(self) -> bool:
        """Whether it lets us in and answers."""
        password = self.environment()["REDIS_PASSWORD"]
        answer = await exchange(self.port(PORT), f"AUTH {password}\r\nPING\r\n".encode(), b"PONG")
        return answer.endswith(b"+PONG")
