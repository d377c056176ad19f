"""Reference pages made from the sources, so that they cannot say anything else.

A page of `docs/reference` holds a line `<!-- made: commands -->` where the made part goes.
"""

import re
from collections.abc import Callable, Mapping

from docs.reference_pages import commands, files, names, prometheus

MADE: Mapping[str, Callable[[], str]] = {
    "commands": commands.page,
    "exit-codes": commands.exit_codes,
    "files": files.page,
    "metrics": prometheus.metrics,
    "alerts": prometheus.alerts,
    "rules": prometheus.rules,
    "asked": names.asked,
    "series": names.series,
    "bought": names.bought,
}
_PLACE = re.compile(r"^<!-- made: ([\w-]+) -->$", re.MULTILINE)


def filled(name: str, text: str) -> str:
    """The page's text with every part in its place. Raises `KeyError` for a part nobody makes."""
    if not name.startswith("reference/"):
        return text
    return _PLACE.sub(lambda place: MADE[place[1]](), text)
