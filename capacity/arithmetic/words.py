"""What somebody certified themselves: what their word rests on."""

from capacity.arithmetic.finding import Finding
from capacity.figures import exact, plural


def documents_only(documents: float, programs: float) -> Finding:
    """Whether the change that certifies itself holds anything that can run."""
    return Finding(
        programs > 0,
        programs,
        "programs",
        f"the change that says so holds {plural(documents, 'document')} and "
        f"{plural(programs, 'program')}: nothing in it can run, so nothing was ready",
    )


def refused_since(since: float, server: float) -> Finding:
    """Whether a server of this major version still takes what is refused since another."""
    return Finding(
        server < since,
        server,
        "",
        f"Postgres {exact(server)} does not start with a recovery.conf, as none has since "
        f"{exact(since)}: a replica set up so never ran",
    )
