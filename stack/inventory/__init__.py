"""What the project holds, as facts an audit can compare: looked up in its files, never run.

Every fact is always there by name; what a project lacks has the value None (or counts zero),
so that a blueprint that asks for a fact nobody looks for can be told so.
"""

from pathlib import Path

from capacity.audit.facts import Fact
from stack.inventory import app, edge, environment, nginx, paper, servers, services, watching


def gather(home: Path) -> dict[str, Fact]:
    """Every fact about the checkout `home`, by dotted name.

    Raises `StackError` when it has no compose file, or one that cannot be read.
    """
    compose = services.read(home)
    found: dict[str, Fact] = {}
    for facts in (
        services.facts(compose),
        servers.facts(home, compose),
        nginx.facts(home),
        app.facts(home, compose),
        environment.facts(home),
        edge.facts(home),
        watching.facts(home),
        paper.facts(home),
    ):
        found.update(facts)
    return found
