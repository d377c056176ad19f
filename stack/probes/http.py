"""A kept-open HTTP connection to a server on this machine, for probes."""

from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

from capacity.probes import ProbeError

_SECONDS = 2.0


class Page:
    """One page, fetched again and again."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._url = url
        self._path = parts.path
        self._connection = HTTPConnection(parts.netloc, timeout=_SECONDS)

    def fetch(self) -> bytes:
        """Its present content. Raises `ProbeError` when there is none.

        A server may close an idle connection at any moment: one that had been used
        before gets a second try.
        """
        used = self._connection.sock is not None
        try:
            return self._get()
        except (OSError, HTTPException) as error:
            self._connection.close()
            if not used or isinstance(error, TimeoutError):
                raise ProbeError(f"{self._url}: {error}") from None
        try:
            return self._get()
        except (OSError, HTTPException) as error:
            self._connection.close()
            raise ProbeError(f"{self._url}: {error}") from None

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _get(self) -> bytes:
        self._connection.request("GET", self._path)
        response = self._connection.getresponse()
        content = response.read()
        if response.status != 200:
            raise ProbeError(f"{self._url} answered {response.status}")
        return content
