"""Locust's own page, to look at while a load runs.

Locust is headless, so that the load ends as every other does, and the page with it. What the
page could do besides showing (start another load, stop, reset) is refused: the record would
no longer be of the load that was asked for.
"""

from flask import request
from locust.env import Environment

ADDRESS = "127.0.0.1"


def show(environment: Environment, port: int) -> None:
    """Serve the page of `environment` at `port` of this machine alone."""
    app = environment.create_web_ui(host=ADDRESS, port=port).app
    if app is None:
        raise RuntimeError("Locust made no page")

    @app.before_request
    def _only_look() -> tuple[str, int] | None:
        if request.method in ("GET", "HEAD"):
            return None
        return "this load is hmb's: the page shows it and changes nothing", 403
