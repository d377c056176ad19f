"""The board's own pages as a browser fetches them: the page, then the files it names."""

import re
from collections.abc import Callable
from functools import partial
from typing import Any

from scenarios.journeys.call import BodyError, Call

ROUTE = "/"
FILES = "/assets/*"
_NAMED = re.compile(r'(?:src|href)="(/assets/[^"]+)"')


class Browser:
    """One person's browser: it keeps files whose names say what is in them.

    The page is asked for each time. The script, the style and what else the page names come
    next, those not kept yet; what the script fetches later for one page or another does not.
    """

    def __init__(self, then: Callable[[Callable[[], Call]], None]) -> None:
        self._then = then
        self._kept: set[str] = set()

    def forget(self) -> None:
        """Somebody else's browser, which has kept nothing."""
        self._kept.clear()

    def page(self) -> Call:
        """The page that every address of the front end leads to."""

        def check(_status: int, body: Any) -> None:
            named = list(dict.fromkeys(_NAMED.findall(body or "")))
            if not any(path.endswith(".js") for path in named):
                raise BodyError("a page without a script")
            for path in named:
                if path not in self._kept:
                    self._then(partial(self._file, path))

        return Call("GET", ROUTE, ROUTE, check, is_text=True)

    def _file(self, path: str) -> Call:
        def check(_status: int, body: Any) -> None:
            if not body:
                raise BodyError("a file with nothing in it")
            self._kept.add(path)

        return Call("GET", path, FILES, check, is_text=True)
