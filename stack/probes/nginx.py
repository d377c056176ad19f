"""nginx, by its stub_status page."""

import re
from collections.abc import Iterator

from capacity.probes import Kind, ProbeError, Reading
from stack.probes.http import Page

_PAGE = re.compile(rb"Active connections: (\d+)\s+server accepts handled requests\s+\d+ \d+ (\d+)")


class NginxProbe:
    """Connections open and requests answered, its own apart."""

    name = "nginx"

    def __init__(self, url: str) -> None:
        self._page = Page(url)
        self._own = 0

    def sample(self) -> Iterator[Reading]:
        """Read the page."""
        content = self._page.fetch()
        self._own += 1
        match = _PAGE.match(content)
        if match is None:
            raise ProbeError("nginx: its status page is not one")
        yield Reading("nginx.connections", int(match[1]) - 1)
        yield Reading("nginx.requests", int(match[2]) - self._own, Kind.COUNTER)

    def close(self) -> None:
        """Close the connection."""
        self._page.close()
