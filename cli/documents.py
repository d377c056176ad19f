"""`hmb documents`: the four documents, made from what the project knows of itself."""

from cli.options import home
from cli.stacking import say


def documents() -> None:
    """Write the four documents in docs/ from data: claims, files, prices, the checklist.

    Nothing is measured: what needs a run says that it is not measured.
    """
    from capacity.store import write_text

    for path, text in made().items():
        write_text(home() / path, text)
        say(f"document: {home() / path}")


def made() -> dict[str, str]:
    """Path below the checkout -> text of each document."""
    from capacity.audit.audit import Looked, audit
    from capacity.audit.blueprint import read_blueprint
    from capacity.checklist.steps import phases
    from reports import checklist, papers
    from stack.inventory import gather

    found = audit(read_blueprint(), Looked([], gather(home()), None))
    return {checklist.DOCUMENT: checklist.document(phases())} | papers.documents(found)
